"""Nothing is deployed through a preview of an Azure API."""

from core.resource_types import parse_urn
from policies.rule import FIELD, Findings, Options, ResourceRule, RuleFinding, Subject


def judge(subject: Subject, _: Options) -> Findings:
    """Only versions that the program chose: azure-native's own default for a type may be a preview."""
    version = subject.resource.api_version
    if version is not None and any(word in version.lower() for word in ("preview", "alpha", "beta")):
        yield RuleFinding(
            found=f'the API version is "{version}" ({parse_urn(subject.resource.urn).type})',
            required="an API version that is generally available",
            fix="use the unpinned type, or a version without -preview",
        )


RULE = ResourceRule(
    why="a preview may change or end, and is outside the service's terms",
    source=FIELD,
    severity="low",
    level="advisory",
    same_as="pulumi-compliance-policies:disallowPreviewResource",
    kinds=None,
    judge=judge,
)
