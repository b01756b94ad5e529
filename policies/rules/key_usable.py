"""A key is enabled, not expired, already valid, and may wrap and unwrap."""

from datetime import UTC, datetime

from core import demands
from core.resource_types import Kind
from policies import sources
from policies.encryption import covers
from policies.rule import (
    Findings,
    NotYetKnown,
    Options,
    Subject,
    Undecided,
    UsedResourceRule,
    Violation,
    expect,
)
from policies.view import UNKNOWN, as_flag, as_instant, as_word, type_of_unknown

_NEEDED = {name.lower(): name for name in demands.KEY_OPERATIONS}


def judge(key: Subject, options: Options) -> Findings:
    """Absent means enabled, without dates, and with every operation.

    A key of our components has the attributes that a refresh has found, of its newest version: the program
    states none, and an update that binds another version must not be refused for them.
    """
    found = bool(key.around) and covers(key.ignore_changes, "properties", "attributes")
    for finding in _attributes(key, options.now()):
        if found and isinstance(finding, Violation):
            yield Undecided(f"whether the bound version can be used; of the newest one, {finding.found}")
        else:
            yield finding
    yield from _operations(key)


def _attributes(key: Subject, now: float) -> Findings:
    stated = key.view.prop("attributes", "enabled")
    yield from expect(
        "properties.attributes.enabled",
        stated,
        stated is None or as_flag(stated) is True,
        required="properties.attributes.enabled true, or not stated",
        fix="enable the key",
    )
    yield from _dates(key, now)


def expiry_of(key: Subject) -> int | type_of_unknown | None:
    """When a key expires, in seconds since 1970. ARM's own name, `exp`, is none of azure-native's."""
    return as_instant(key.view.prop("attributes", "expires"))


def _dates(key: Subject, now: float) -> Findings:
    expires, starts = expiry_of(key), as_instant(key.view.prop("attributes", "notBefore"))
    if expires is UNKNOWN:
        yield NotYetKnown("properties.attributes.expires is not known yet")
    elif expires is not None and expires <= now:
        yield Violation(
            found=f"properties.attributes.expires is {_day(expires)}, which has passed",
            required="a key that has not expired",
            fix="create a new version that expires later, bind the account to it, and only then disable "
            "this one",
        )
    if starts is UNKNOWN:
        yield NotYetKnown("properties.attributes.notBefore is not known yet")
    elif starts is not None and starts > now:
        yield Violation(
            found=f"properties.attributes.notBefore is {_day(starts)}, which is still to come",
            required="a key that is valid already",
            fix="leave notBefore out, or wait until then before the account is bound",
        )


def _operations(key: Subject) -> Findings:
    if key.view.prop("keyOps") is None:
        return
    stated = key.view.items("keyOps")
    operations = [as_word(item) for item in stated] if stated is not UNKNOWN else [UNKNOWN]
    missing = [name for word, name in _NEEDED.items() if word not in operations]
    if missing and UNKNOWN in operations:
        yield NotYetKnown("properties.keyOps is not known yet")
    elif missing:
        yield Violation(
            found=f"properties.keyOps does not hold {' and '.join(missing)}",
            required="properties.keyOps with wrapKey and unwrapKey, or not stated",
            fix="add wrapKey and unwrapKey to keyOps",
        )


def _day(seconds: int) -> str:
    try:
        return datetime.fromtimestamp(seconds, tz=UTC).date().isoformat()
    except (OverflowError, ValueError, OSError):
        return f"{seconds} s after 1970"


RULE = UsedResourceRule(
    why="a key that is disabled, expired or not yet valid takes access to the data away",
    source=sources.SERVICE_DOCUMENT,
    severity="critical",
    kinds=(Kind.KEY,),
    judge=judge,
)
