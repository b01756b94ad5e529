"""A key is rotated automatically, by its rotation policy."""

from core.resource_types import Kind
from policies import sources
from policies.rule import Findings, NotYetKnown, Options, Subject, UsedResourceRule, Violation
from policies.view import UNKNOWN, View


def judge(key: Subject, _: Options) -> Findings:
    """Any action of type rotate, as PSRule and Prowler; a policy that only notifies does not count."""
    actions = key.view.views("rotationPolicy", "lifetimeActions")
    if actions is UNKNOWN:
        yield NotYetKnown("properties.rotationPolicy is not known yet")
        return
    types = [_type(action) for action in actions]
    if "rotate" in types:
        return
    if UNKNOWN in types:
        yield NotYetKnown("the actions of properties.rotationPolicy are not known yet")
    else:
        yield Violation(
            found="properties.rotationPolicy has no lifetime action of type rotate",
            required="a lifetime action of type rotate",
            fix="state rotationPolicy when the key is made (Azure ignores it on an existing key), "
            "and bind the account again after each rotation",
            setting="give the key a rotation policy with az keyvault key rotation-policy update; "
            "key.rotatesAfterDays counts only when a key is made",
        )


def _type(action: View) -> object:
    return UNKNOWN if action.is_unknown else action.word("action", "type")


RULE = UsedResourceRule(
    why="a rotation that somebody has to remember is forgotten",
    source=sources.FIELD,
    severity="medium",
    level="advisory",
    same_as="azure-policy:d8cf8476-a2ec-4916-896e-992351803c44 cis-azure-6.0:8.3.9 psrule:AZR-000123 "
    "kics:ca1ffce5 prowler:keyvault_key_rotation_enabled cnspec:keyvault-key-auto-rotation",
    kinds=(Kind.KEY,),
    judge=judge,
)
