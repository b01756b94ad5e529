"""Removals outside Pulumi that an update would make worse: refused before it writes. Changes: told.

Owns: the missing resources that a bound account's data depends on, the effect on the data, and the way back.
Does not refuse a loss that an update repairs itself (a binding). Pure. Does not own: removed access
(access.py), the calls to Azure (provider/service_look.py).
"""

from collections.abc import Iterable, Iterator

from core import adapters, arm_ids, audit_log, commands, facts, regions
from core import resource_types as types
from core.facts import HOURS_HELD
from core.service.account import differs
from core.service.key_place import KeyPlace
from core.service.problem import Problem
from core.service.recorded import SYSTEM, USER
from core.service.state import Live, ServiceState, is_in_subscription

_WATCHED = ("tags", "sku", "publicNetworkAccess", "networkAcls", "disableLocalAuth")
_BY_REFRESH = {
    types.ROLE_ASSIGNMENT: "roles of callers",
    types.PRIVATE_ENDPOINT: "private endpoints",
    types.PRIVATE_ZONE_GROUP: "private endpoints",
    types.PROJECT: "projects",
    types.DEPLOYMENT: "deployments",
    types.WORKSPACE: "workspace",
}
"""The parts of a service that no look before an update reads, by their names in its settings."""
_FORGET = "run `pulumi refresh`, which removes it from the state"


def changed(service: ServiceState) -> Iterator[str]:
    """Changes outside Pulumi since the state was written, which no diff shows without a refresh."""
    live = {types.ACCOUNT: ("account", service.live.account), types.VAULT: ("vault", service.live.vault)}
    for type, (noun, found) in live.items():
        recorded = service.before.part(type, noun)
        was, now = ({**one, **(one.get("properties") or {})} for one in (recorded, found or recorded))
        names = [one for one in _WATCHED if one in was and differs(was[one], now.get(one), path=one)]
        if names:
            yield (
                f"{noun} {recorded['name']!r} is not as the state has it, as after a change outside Pulumi: "
                f"{', '.join(names)}. A preview with --refresh shows how; an update that writes it undoes it"
            )


def unaudited(service: ServiceState) -> Iterator[str]:
    """The vault's diagnostic setting, if the stack has one that no longer delivers the uses of keys."""
    setting, live = service.before.part(types.DIAGNOSTIC_SETTING, "vault-audit"), service.live.audit
    if live is None:
        what = "was deleted outside Pulumi"
    elif live and not adapters.diagnostic_setting(live).records_use:
        what = f"was changed outside Pulumi and no longer delivers {audit_log.CATEGORY}"
    else:
        return
    yield (
        f"the diagnostic setting {setting['name']!r} of vault {service.desired.vault.name!r} {what}: no use "
        "of its keys is logged, and this run does not change that. `pulumi up --refresh` logs them again"
    )


def not_read(services: Iterable[ServiceState]) -> str:
    """What the services have that only a refresh reads, in words; "" for nothing."""
    found = set()
    for service in services:
        before = service.before
        found |= {_BY_REFRESH.get(type) for type, name in before.resources if name != f"{before.name}-access"}
    words = [word for word in dict.fromkeys(_BY_REFRESH.values()) if word in found]
    return f"read by a refresh alone: {', '.join(words)}" if words else ""


def gone(service: ServiceState) -> Iterator[Problem]:
    """The missing resources of a service: its account and, if that is bound, those that it needs. A vault
    that holds no key of the account does not count."""
    before, live, account = service.before, service.live, service.before.account
    # A login to another subscription is refused for that (data_loss.py).
    if account is None or "account" in live.unread or not is_in_subscription(account, service.login):
        return
    if live.account is None and _was_made(account):
        yield _account(account, live)
    if live.account is None or live.unread or not before.is_bound:
        return
    lost = f"; Azure then {service.data_deleted}" if service.data_deleted else ""
    if before.key_identity == SYSTEM and adapters.account(live.account).principal_id is None:
        yield _identity(account, lost)
    if before.key_identity == USER and before.identity_id and live.identity is None:
        # Nobody has observed that the service opens the data by another identity than the deleted one.
        yield Problem(
            "identity",
            f"the user-assigned identity {before.identity_id} was deleted outside Pulumi, which cannot be "
            f"undone, and the data is out of reach, though the key is there{lost}. For another identity, "
            f"{_FORGET}; the next `pulumi up` makes one of the same name, gives it access to the key, and "
            "binds the account by it",
        )
    if service.place.vault_id and before.bound_to in (None, service.place.names):
        yield from _key(service.place, live, regions.normalised(account.location), lost)


def _was_made(account: facts.Account) -> bool:
    """Whether Azure ever answered for it. `operate recover` records a resource that a killed update was
    creating, by its inputs alone, and the refresh drops it if it was never made."""
    return bool(account.provisioning_state or account.principal_id)


def _account(account: facts.Account, live: Live) -> Problem:
    gone = (
        f"account {account.name!r} no longer exists at {account.id}: it was deleted or moved outside Pulumi, "
        "and a new one in its place would have none of its data. If it was moved, move it back. "
    )
    if not live.is_held:
        return Problem(
            "accountName",
            f"{gone}Azure lists no deleted account of its name, so it cannot be recovered: it was purged, or "
            f"its {HOURS_HELD} hours are over. If it was deleted just now, run the same command again in two "
            f"minutes. If it is lost, {_FORGET}; the next `pulumi up` makes an empty one",
        )
    return Problem(
        "accountName",
        f"{gone}If it was deleted less than {HOURS_HELD} hours ago, bring it back with its data: `az "
        f"cognitiveservices account recover --name {account.name} --resource-group "
        f"{arm_ids.group_of(account.id)} --location {regions.normalised(account.location)}"
        f"{commands.in_subscription(account.id)}`, and then run "
        "`pulumi up --refresh`, because the roles of its callers went with it. If its resource group or its "
        f"key's vault is gone, too, or it is lost, {_FORGET}; the next preview says how all that Azure still "
        "holds comes back, or makes an empty one",
    )


def _identity(account: facts.Account, lost: str) -> Problem:
    group, meaning = arm_ids.group_of(account.id), lost or ", though nothing is lost"
    return Problem(
        "identity",
        f"the system-assigned identity of account {account.name!r} was turned off outside Pulumi, and its "
        f"data is out of reach{meaning}; no update can write the account without one. Turn it on with `az "
        f"cognitiveservices account identity assign --name {account.name} --resource-group {group}"
        f"{commands.in_subscription(account.id)}`; this "
        "creates a new identity without access to the key, and the next preview says how to grant it",
    )


def _key(place: KeyPlace, live: Live, location: str, lost: str) -> Iterator[Problem]:
    name, noun = arm_ids.name_of(place.vault_id), place.noun
    if live.vault is None:
        subscription = commands.in_subscription(place.vault_id)
        path, recover = "vault", f"az keyvault recover --name {name}{subscription}"
        if place.in_managed_hsm:
            path = "key.id"
            recover = f"az keyvault recover --hsm-name {name} --location {location}{subscription}"
        yield Problem(
            path,
            f"{noun} {name!r} was deleted outside Pulumi, and the data under its key is out of reach until "
            f"it is back with its keys{lost}. To bring it back: `{recover}`",
        )
    elif live.key is None:
        yield Problem(
            "key",
            f"{noun} {name!r} no longer has the key {place.key_name!r}, and the data under it is out of "
            f"reach{lost}; a new key of that name would not open it. Bring it back with "
            f"`az keyvault key recover {place.cli_options}` or, if the {noun} itself was created again, with "
            "`az keyvault key restore` from a backup",
        )
