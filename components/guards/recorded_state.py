"""What the stack's state holds of a service before this run changes anything, and what of it is no longer so.

Owns: how the state is understood, and which of its facts Azure's answer replaces. Pure. Does not own: the
calls that read both (preflight.py), nor what may not change (data_loss.py).
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from components.arguments.names import PlacedName
from components.invokes import State
from core import adapters, arm_ids, facts, key_uris
from core import resource_types as types

SYSTEM, USER = "system", "user"
_BELOW = (types.ROLE_ASSIGNMENT, types.PROJECT, types.DEPLOYMENT, types.DIAGNOSTIC_SETTING)
_PLACES = {types.PRIVATE_ENDPOINT: "subnet", types.NETWORK_LINK: "virtualNetwork"}
"""The output that says where a resource is which is another one elsewhere."""


@dataclass(frozen=True)
class RecordedService:
    """One service in the state. `resources` are its resources by type token and logical name. They include
    resources of another service if these refer to no account and the other service's name begins with this
    one's and a hyphen. `below_account` are the resources that are deleted with its account, `projects` the
    names of its Foundry projects.

    `key_identity` is whose identity uses the customer-managed key, "system" or "user"; None on
    Microsoft-managed keys. `grantee_id` is the object id of that identity, as the grant in the state names
    it, or else as the identity itself does. `bound_to` are the names of vault and key that the account is
    bound to, lower case; `key_id` is the ARM id of that key, `version` the one that was last chosen to be
    bound, by the `generation` and `pin` asked for, and `made_key_id` that of a key that this stack made.
    `policy_vault` is the name of the vault with the access policy that the state holds, `assignment_id` the
    ARM id of the role assignment that it holds, `revoked_assignment_id` of the one that an update took away;
    `group_name`, `workspace_id` and `identity_id` are those of a resource group, a workspace and a
    user-assigned identity that this stack made. `revoked`: an update took the access away, as it was
    declared, and none has restored it since. `access_validated`: the access was waited for before the account
    was made. `mentioned_ids` are the ids, lower case, that its resources refer to. `placed` are its private
    endpoints and network links, by logical name.
    """

    account: facts.Account | None = None
    key_identity: str | None = None
    vault: facts.Vault | None = None
    resources: frozenset[tuple[str, str]] = frozenset()
    grantee_id: str | None = None
    grant_recorded: bool = False
    bound_to: tuple[str, str] | None = None
    key_id: str | None = None
    version: str | None = None
    generation: int = 0
    pin: str | None = None
    made_key_id: str | None = None
    revoked: bool = False
    access_validated: bool = False
    policy_vault: str | None = None
    assignment_id: str | None = None
    revoked_assignment_id: str | None = None
    group_name: str | None = None
    workspace_id: str | None = None
    identity_id: str | None = None
    mentioned_ids: frozenset[str] = frozenset()
    below_account: frozenset[tuple[str, str]] = frozenset()
    projects: tuple[str, ...] = ()
    placed: Mapping[str, PlacedName] = field(default_factory=dict)

    @property
    def account_names(self) -> frozenset[str]:
        """The names, lower case, of the accounts that its resources are of or refer to: two while one that
        takes the place of another is half made."""
        return frozenset(_accounts_in(self.mentioned_ids))

    @property
    def key_user_id(self) -> str | None:
        """The object id of the identity by which the account uses its key now; `grantee_id` is another one
        where somebody has made that identity anew."""
        return self.account.key_user if self.account else None

    @property
    def is_bound(self) -> bool:
        """Whether the account is under a customer-managed key: access to the key is access to its data."""
        return self.account is not None and self.key_identity is not None


def recorded_service(name: str, state: State, former_names: Sequence[str] = ()) -> RecordedService:
    """What a state holds of the service `name`, also by the names that it had before."""
    for old in former_names:
        state = {**_renamed(state, old, name), **state}
    account, vault = state.get((types.ACCOUNT, f"{name}-account")), state.get((types.VAULT, f"{name}-vault"))
    binding = state.get((types.BINDING, f"{name}-binding"))
    recorded = adapters.account(account) if account and account.get("id") else None
    mentioned = _mentioned(name, state, recorded.id.lower() if recorded else "")
    granted_to = _granted_to(name, state)
    version = state.get((types.KEY_VERSION, f"{name}-key-version"), {})
    return RecordedService(
        recorded,
        _key_identity(recorded, is_bound=_is_bound(binding, recorded)) if recorded else None,
        adapters.vault(vault) if vault and vault.get("id") else None,
        frozenset(mentioned),
        below_account=frozenset(
            key for key, ids in mentioned.items() if key[0] in _BELOW and _accounts_in(ids)
        ),
        projects=tuple(str(state[key].get("name")) for key in mentioned if key[0] == types.PROJECT),
        grantee_id=granted_to or _identity_id(name, state, recorded),
        grant_recorded=granted_to is not None,
        bound_to=_bound_to(binding, recorded),
        key_id=version.get("keyId"),
        version=version.get("version"),
        generation=int(version.get("generation") or 0),
        pin=version.get("pin"),
        made_key_id=state.get((types.KEY, f"{name}-key"), {}).get("id"),
        revoked=(types.KEY_ACCESS_REVOCATION, f"{name}-revocation") in state,
        access_validated=(types.KEY_ACCESS_VALIDATION, f"{name}-key-access") in state,
        policy_vault=state.get((types.ACCESS_POLICY, f"{name}-access"), {}).get("vaultName"),
        assignment_id=state.get((types.ROLE_ASSIGNMENT, f"{name}-access"), {}).get("id")
        or state.get((types.HSM_ROLE_ASSIGNMENT, f"{name}-access"), {}).get("assignmentId"),
        revoked_assignment_id=state.get((types.KEY_ACCESS_REVOCATION, f"{name}-revocation"), {}).get(
            "assignmentId"
        ),
        group_name=state.get((types.RESOURCE_GROUP, f"{name}-group"), {}).get("name"),
        workspace_id=state.get((types.WORKSPACE, f"{name}-workspace"), {}).get("id"),
        identity_id=state.get((types.USER_ASSIGNED_IDENTITY, f"{name}-identity"), {}).get("id"),
        mentioned_ids=frozenset(id for ids in _of_nobody_else(name, mentioned, state) for id in ids),
        placed={
            key[1]: PlacedName(
                state[key]["name"],
                (state[key].get(place) or {}).get("id") or "",
                frozenset(_addresses_of(state[key])),
                state[key].get("customNetworkInterfaceName") or "",
            )
            for key in mentioned
            if (place := _PLACES.get(key[0])) and state[key].get("name")
        },
    )


def _mentioned(name: str, state: State, account_id: str) -> dict[tuple[str, str], frozenset[str]]:
    """By type token and logical name: the ids that each resource refers to, of the resources whose name
    begins with the service's. Leaves out resources that refer to another service's account:
    `claims-project-account` is no project of `claims`."""
    accounts = {str(found.get("id")).lower() for (kind, _), found in state.items() if kind == types.ACCOUNT}
    others = {arm_ids.name_of(id) for id in accounts - {account_id, "none"}}
    found = {
        key: frozenset(_ids_in(outputs)) for key, outputs in state.items() if key[1].startswith(f"{name}-")
    }
    return {key: ids for key, ids in found.items() if not _accounts_in(ids) & others}


def _of_nobody_else(
    name: str, mentioned: Mapping[tuple[str, str], frozenset[str]], state: State
) -> Iterator[frozenset[str]]:
    """The ids of each resource that refers to an account, or whose name begins with no other service's."""
    longer = tuple(f"{one}-" for kind, one in state if kind == types.SERVICE and one.startswith(f"{name}-"))
    for (_, logical), ids in mentioned.items():
        if _accounts_in(ids) or not logical.startswith(longer):
            yield ids


def _accounts_in(ids: Iterable[str]) -> set[str]:
    """The names, lower case, of the accounts that the ids name, or whose child resources they name."""
    return {name for id in ids if (name := arm_ids.segments(id).get("accounts"))}


def as_it_is(before: RecordedService, live: Mapping[str, Any] | None) -> RecordedService:
    """The same with the account as Azure has it: another run, or a person, may have bound or unbound it since
    the state was written, and `operate recover` records no identity. `live` is None where there is no
    account, or none that may be read."""
    if before.account is None or live is None:
        return before
    account = replace(adapters.account(live), id=before.account.id, name=before.account.name)
    key_identity = _key_identity(account, is_bound=False)
    return replace(
        before,
        account=account,
        key_identity=key_identity,
        bound_to=_bound_to(None, account),
        grantee_id=before.grantee_id or account.key_user,
    )


def recorded_names(state: State) -> frozenset[str]:
    """The names of the services that a state holds an account of."""
    services = {name for kind, name in state if kind == types.SERVICE}
    accounts = {name for (kind, name), found in state.items() if kind == types.ACCOUNT and found.get("id")}
    return frozenset(name for name in services if f"{name}-account" in accounts)


def _addresses_of(endpoint: Mapping[str, Any]) -> Iterator[str]:
    for config in endpoint.get("customDnsConfigs") or ():
        yield from config.get("ipAddresses") or ()


def _ids_in(value: Any) -> Iterator[str]:
    """The ARM ids in a resource's outputs, lower case."""
    if isinstance(value, str) and value.lower().startswith("/subscriptions/"):
        yield value.lower()
    if isinstance(value, Mapping | list):
        for inner in value.values() if isinstance(value, Mapping) else value:
            yield from _ids_in(inner)


def _renamed(state: State, old: str, new: str) -> State:
    """The resources of a service of another name, by the names that they get."""
    return {
        (type, f"{new}{logical.removeprefix(old)}"): outputs
        for (type, logical), outputs in state.items()
        if logical == old or logical.startswith(f"{old}-")
    }


def _is_bound(binding: Mapping[str, Any] | None, account: facts.Account | None) -> bool:
    """Whether a binding is this account's: a replacement that was interrupted leaves the old one's behind."""
    if binding is None:
        return False
    bound_id = binding.get("accountId")
    return account is None or bound_id is None or arm_ids.same(str(bound_id), account.id)


def _granted_to(name: str, state: State) -> str | None:
    policy = state.get((types.ACCESS_POLICY, f"{name}-access"), {}).get("policy") or {}
    assigned = ((type, f"{name}-access") for type in (types.ROLE_ASSIGNMENT, types.HSM_ROLE_ASSIGNMENT))
    assignment = next((state[key] for key in assigned if key in state), {})
    return policy.get("objectId") or assignment.get("principalId")


def _bound_to(binding: Mapping[str, Any] | None, account: facts.Account | None) -> tuple[str, str] | None:
    encryption = account.encryption if account else facts.Encryption()
    uri = (binding or {}).get("keyVaultUri") or encryption.key_vault_uri
    key = (binding or {}).get("keyName") or encryption.key_name
    vault = key_uris.place(uri) if uri else None
    return (vault, key.lower()) if vault and key else None


def _identity_id(name: str, state: State, account: facts.Account | None) -> str | None:
    identity = state.get((types.USER_ASSIGNED_IDENTITY, f"{name}-identity"), {}).get("principalId")
    return identity or (account.principal_id if account else None)


def _key_identity(account: facts.Account, *, is_bound: bool) -> str | None:
    encryption = account.encryption
    if encryption.is_customer_managed and encryption.identity_client_id:
        return USER
    return SYSTEM if is_bound or encryption.is_customer_managed else None
