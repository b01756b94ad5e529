"""A vault cannot be reached from anywhere."""

from core.resource_types import Kind
from policies import network, sources
from policies.rule import UsedResourceRule

RULE = UsedResourceRule(
    why="a stolen token is of no use from networks that the vault does not admit",
    source=sources.FIELD,
    severity="medium",
    level="advisory",
    same_as="azure-policy:55615ac9-af46-4a59-874e-391cc3dfb490 "
    "azure-policy:405c5871-3e91-4644-8a63-58e19d68ff5b cis-azure-6.0:8.3.7 psrule:AZR-000355 "
    "checkov:CKV_AZURE_109 checkov:CKV_AZURE_189 trivy:AZU-0013 cnspec:keyvault-public-access-disabled",
    settings=network.SETTINGS,
    regulated={"enforcementLevel": "mandatory", "publicAccess": "disabled"},
    kinds=(Kind.VAULT,),
    judge=network.judge,
)
