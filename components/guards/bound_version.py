"""The version that an account is bound to, where it can no longer be used: it expired, or was disabled.

Azure then refuses every write of the account (assumed, `same_key_again` in docs/assumptions.md), until the
account is bound to another version. An expired one still opens the data, a disabled one does not.

Owns: which changes wait for another version or are refused, and what is said. Pure. Does not own: the calls
to Azure (preflight.py), nor which version is bound next (the provider's key_version.py).
"""

from collections.abc import Iterator, Sequence

from components.arguments.problem import Problem
from components.guards.existing_resources import KeyLocation
from components.guards.recorded_state import RecordedService
from components.service_args import ServiceInputs
from core import arm_ids, facts, key_uris


def bound_version(inputs: ServiceInputs, before: RecordedService) -> str | None:
    """The version that the account is bound to; None where it has none or is not written."""
    if before.account is None or not before.is_bound or inputs.is_revoked:
        return None
    return before.account.encryption.key_version or None


def account_waits(
    inputs: ServiceInputs, before: RecordedService, location: KeyLocation, version: str
) -> bool:
    """Whether an account that is bound to `version` is not written by this update: in two phases the binding
    comes after it, and in one phase it is written only with another version or key."""
    if inputs.binds_in_two_phases:
        return True
    asked = (inputs.key.generation or 0, inputs.key.pin)
    as_before = asked == (before.generation, before.pin) and before.version == version
    return as_before and not leaves_key(inputs, before, location)


def leaves_key(inputs: ServiceInputs, before: RecordedService, location: KeyLocation) -> bool:
    """Whether a bound account is to be under another key than now, or off its key."""
    return before.is_bound and (inputs.unbinds or before.bound_to != location.place)


def rotates(inputs: ServiceInputs, before: RecordedService, location: KeyLocation) -> bool:
    """Whether this update makes another version of the key: not where the account gets another key."""
    return _asks_for_a_version(inputs, before) and not _gets_another_key(before, location)


def not_rotated(inputs: ServiceInputs, before: RecordedService, location: KeyLocation) -> str | None:
    """A warning where another key, which exists, is to be bound, and the generation is raised beside that."""
    if not (_asks_for_a_version(inputs, before) and _gets_another_key(before, location)):
        return None
    return (
        f"key.generation goes from {before.generation} to {inputs.key.generation}, but the account also gets "
        f"another key: the newest version of {location.key_name!r} is bound, and none is made. For a new "
        "one, raise key.generation again after this update"
    )


def _asks_for_a_version(inputs: ServiceInputs, before: RecordedService) -> bool:
    return (inputs.key.generation or 0) > before.generation


def _gets_another_key(before: RecordedService, location: KeyLocation) -> bool:
    """Whether the version of another key was chosen before; capitals make none."""
    return bool(before.key_id and location.vault_id) and not arm_ids.same(
        before.key_id or "", location.key_id
    )


def replacement_problems(
    inputs: ServiceInputs, before: RecordedService, location: KeyLocation, reasons: Sequence[str]
) -> Iterator[Problem]:
    """Why an account cannot replace the one that exists. `reasons` are those against the version that it
    would be bound to."""
    if reasons and before.account is not None:
        fix = f"set key.generation: {before.generation + 1} in the same update, which binds another version"
        if inputs.key.pin:
            fix = "remove key.pin in the same update"
        elif _gets_another_key(before, location):
            options = key_uris.cli_options(
                arm_ids.key_id(location.key_id).parent.name,
                location.key_name,
                in_managed_hsm=location.in_managed_hsm,
            )
            fix = f"run `az keyvault key rotate {options}` for a new version"
        yield Problem(
            inputs.argument_of("account"),
            f"account {inputs.account_name!r} would replace {before.account.name!r}, but cannot be bound to "
            f"its key: {'; '.join(reasons)}; {fix}",
        )


def warning(
    inputs: ServiceInputs,
    before: RecordedService,
    location: KeyLocation,
    version: facts.KeyVersion,
    reasons: Sequence[str],
    *,
    is_followed: bool,
) -> str:
    """Why changes to the account wait, and how it gets a version that can be used. `reasons` are those
    against the one that it has; `is_followed`: there is a newer one that can be used."""
    account = before.account.name if before.account else ""
    if not version.enabled:
        fix = (
            f"run `az keyvault key set-attributes --id {version.uri} --enabled true`; or, where it was "
            "disabled on purpose, set access: revoked"
        )
    elif leaves_key(inputs, before, location):
        fix = "the next update applies them, once the account is off that key"
    elif inputs.key.pin is not None:
        fix = "remove key.pin, or pin a version that can be used"
    elif is_followed or _asks_for_a_version(inputs, before):
        fix = "the next update applies them, once the newest version is bound"
    else:
        fix = f"set key.generation: {before.generation + 1} for a new version"
    return (
        f"{'; '.join(reasons)}, and account {account!r} is bound to it. Azure refuses all writes to the "
        f"account meanwhile, so pending changes to it wait: {fix}"
    )
