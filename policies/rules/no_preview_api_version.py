"""Nothing is deployed through a preview of an Azure API."""

from policies import sources
from policies.rule import Findings, Options, ResourceRule, Subject, Violation


def judge(subject: Subject, _: Options) -> Findings:
    """Only versions that the program chose: azure-native's own default for a type may be a preview."""
    version = subject.api_version
    if version is not None and any(word in version.lower() for word in ("preview", "alpha", "beta")):
        yield Violation(
            found=f'the API version is "{version}" ({subject.token})',
            required="an API version that is generally available",
            fix="use the unpinned type, or a version without -preview",
        )


RULE = ResourceRule(
    why="a preview may change or end, and is outside the service's terms",
    source=sources.FIELD,
    severity="low",
    level="advisory",
    same_as="pulumi-compliance-policies:disallowPreviewResource",
    kinds=None,
    judge=judge,
)
