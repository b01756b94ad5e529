"""What is told about a service and stops nothing: one function for each note, in one table. Pure."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime

from components.guards import access
from components.guards.situation import Situation
from components.key import kept_rotation
from components.network import CLOSED
from core import adapters, arm_ids, kind_limits, kinds

Note = Callable[[Situation], Iterator[str]]


def ended_logs(situation: Situation) -> Iterator[str]:
    """The workspace that this stack made is not declared any more."""
    audit, workspace_id = situation.inputs.audit, situation.before.workspace_id
    if workspace_id and not (audit.has_workspace and audit.workspace_id is None):
        yield (
            "audit no longer has a workspace made here, which deletes workspace "
            f"{arm_ids.name_of(workspace_id)!r} with its logs. While it and the diagnostic settings are "
            "protected, the engine refuses: first run `pulumi up` with protect: false alone, or run each "
            "`pulumi state unprotect` command that is printed, and then the same command again"
        )


def unknown_key_of_recovered_vault(situation: Situation) -> Iterator[str]:
    """A deleted vault cannot be read."""
    vault, place = situation.deleted.vault, situation.place
    if vault is not None and place.makes_key:
        yield (
            f"not checked: whether vault {vault['name']!r} comes back with key {place.key_name!r}, because a "
            "deleted vault cannot be read; where it does not, this update makes the key"
        )


def purged(situation: Situation) -> Iterator[str]:
    """A soft-deleted account is deleted for good."""
    if account := situation.deleted.purged:
        yield (
            f"softDeleted: purge deletes account {account['name']!r}, which was deleted "
            f"{account['deletionDate']}, and all of its data for good, before the new one is made. Then "
            "remove softDeleted and purgeAccount"
        )


def generation_in_closed_vault(situation: Situation) -> Iterator[str]:
    """A generation is asked for in a vault that no update reaches."""
    inputs = situation.inputs
    is_closed = inputs.makes_vault and inputs.network.access == CLOSED
    if situation.before.account is None and is_closed and inputs.key.generation:
        yield (
            "key.generation is set, but with network.access: closed the vault cannot be reached to rotate "
            "the key. Leave rotation to the vault (key.rotatesAfterDays), or set network.access: private and "
            "run updates on a runner in that network"
        )


def not_rotated(situation: Situation) -> Iterator[str]:
    """Another key, which exists, is to be bound, and the generation is raised beside that."""
    before, place, generation = situation.before, situation.place, situation.inputs.key.generation or 0
    is_another = bool(before.key_id and place.vault_id) and not arm_ids.same(
        before.key_id or "", place.key_id
    )
    if situation.live.key is not None and is_another and generation > before.generation:
        yield (
            f"key.generation goes from {before.generation} to {generation}, but the account also gets "
            f"another key: the newest version of {place.key_name!r} is bound, and none is made. For a new "
            "one, raise key.generation again after this update"
        )


def rotation_stays(situation: Situation) -> Iterator[str]:
    """The days of rotation of a key that exists are not those that are declared."""
    key, inputs, place = situation.live.key, situation.inputs, situation.place
    if key is not None and situation.before.is_bound and inputs.makes_key and not place.makes_key:
        policy = adapters.rotation_policy(key.get("rotationPolicy"))
        if kept := kept_rotation(place.key_id, policy, inputs.key):
            yield kept


def end_of_kind(situation: Situation) -> Iterator[str]:
    """Azure ends the kind of the account, or features of it, within two years."""
    for text, instead in kinds.ends(situation.inputs.kind, datetime.now(UTC).date()):
        yield f"{text}: {instead}"


def upgrade_by_request(situation: Situation) -> Iterator[str]:
    """An account that is under its key changes its kind in place."""
    account, kind = situation.before.account, situation.inputs.kind
    changes = account is not None and account.kind.lower() != kind.lower() and situation.before.is_bound
    if account and changes and kind_limits.kind_change(account.kind, kind) is None:
        yield (
            f"Azure turns an account of kind {account.kind} that is under a customer-managed key into "
            f"{kind} by request only: {kinds.UPGRADE_FORM}"
        )


NOTES: tuple[Note, ...] = (
    ended_logs,
    unknown_key_of_recovered_vault,
    generation_in_closed_vault,
    not_rotated,
    purged,
    access.out_of_reach,
    access.asks_no_more,
    access.not_by_targets,
    access.still_granted,
    access.stale_grant,
    rotation_stays,
    end_of_kind,
    upgrade_by_request,
)


def notes(situation: Situation) -> list[str]:
    """All that is told of a service, in the order of the table."""
    return [text for note in NOTES for text in note(situation)]


def kept_names(situation: Situation) -> Iterator[str]:
    """One text for each resource that an update would only rename by making it anew. Told only for a rule
    that replaces the default: a service that is renamed keeps them, too, and is meant to."""
    inputs, before = situation.inputs, situation.before
    rule = inputs.naming_rule
    if not rule.replaces:
        return
    kept = {
        ("identity", ""): arm_ids.name_of(before.identity_id) if before.identity_id else "",
        ("workspace", ""): arm_ids.name_of(before.workspace_id) if before.workspace_id else "",
    }
    for what in ("account", "vault"):
        placed = before.placed.get(f"{inputs.name}-{what}-endpoint")
        if placed:
            kept["privateEndpoint", what] = placed.name
    for resource, target in inputs.named:
        name = kept.get((resource, target))
        if name and name.lower() != (by_rule := rule.name(resource, target)).lower():
            yield (
                f"{name!r} keeps its name, because another one would replace it; the rule of names gives "
                f"{by_rule!r} to a new {resource}"
            )
