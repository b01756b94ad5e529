"""An account cannot be reached from anywhere."""

from core.resource_types import Kind
from policies import network, sources
from policies.rule import ResourceRule

RULE = ResourceRule(
    why="the account decrypts data for every caller that it admits, so callers should come from known "
    "networks",
    source=sources.FIELD,
    severity="medium",
    level="advisory",
    same_as="azure-policy:037eea7a-bd0a-46c5-9a66-03aea78705d3 "
    "azure-policy:47ba1dd7-28d9-4b07-a8d5-9813bed64e0c psrule:AZR-000280 psrule:AZR-000283 "
    "checkov:CKV_AZURE_134 cnspec:cognitive-services-public-network-access-disabled "
    "cnspec:cognitive-services-network-acl-default-deny cloudsploit:accountPublicAccessDisabled",
    settings=network.SETTINGS,
    regulated={"enforcementLevel": "mandatory", "publicAccess": "disabled"},
    kinds=(Kind.ACCOUNT,),
    judge=network.judge,
)
