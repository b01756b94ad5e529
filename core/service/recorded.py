"""A service in the stack's state before this run changes anything, corrected by what Azure answers.

Owns: how the state is understood, and which of its facts Azure's answer replaces. Pure. Does not own: the
calls that read both (components/preflight/run.py, provider/service_look.py), nor what may not change
(data_loss.py).
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from core import adapters, arm_ids, facts, key_uris
from core import resource_types as types
from core.resource_types import current, parse_urn
from core.service.desired import DEPLOYER
from core.service.outputs import ServiceOutputs, service_outputs

SYSTEM, USER = "system", "user"
"""Whose identity uses a key: the account's own, or a user-assigned one."""
Answer = Mapping[str, Any] | None
"""A resource as Azure describes it; None if it does not exist."""
Parts = Mapping[tuple[str, str], Mapping[str, Any]]
"""The outputs of services and of their parts, by type token and logical name."""


@dataclass(frozen=True)
class State:
    """A stack's state before a run: its services with their parts, and the outputs of its accounts and
    bindings, whoever declares them, each after its type."""

    services: Parts
    resources: Sequence[tuple[str, Mapping[str, Any]]]


@dataclass(frozen=True)
class RecordedService:
    """One service in the state.

    `resources` are the outputs of its resources by type token and logical name, also of services whose names
    begin with this name and a hyphen. `account` is the account as Azure has it, if that is known, and
    `binding` its binding, until Azure's answer shows its key. `principal_id` is the recorded object id of the
    account's identity. `siblings` are the beginnings of names that may be such another service's.
    Only an update that ends well writes `outputs`: their kind and access model are those that it declared,
    whatever Azure has made of them since.
    """

    name: str = ""
    resources: Parts = field(default_factory=dict)
    account: facts.Account | None = None
    binding: Mapping[str, Any] | None = None
    principal_id: str | None = None
    siblings: tuple[str, ...] = ()
    outputs: ServiceOutputs = field(default_factory=ServiceOutputs)

    def part(self, type: str, part: str) -> Mapping[str, Any]:
        """The outputs of its resource `NAME-PART` of a type; empty if the state has none."""
        return self.resources.get((type, f"{self.name}-{part}"), {})

    def has(self, type: str, part: str) -> bool:
        """Whether the state has its resource `NAME-PART` of a type."""
        return (type, f"{self.name}-{part}") in self.resources

    @cached_property
    def own_parts(self) -> Parts:
        """Its resources without those that may be another service's."""
        return {key: one for key, one in self.resources.items() if not key[1].startswith(self.siblings)}

    @property
    def operators(self) -> dict[str, str]:
        """The logical names of the key operators' access, by object id in lower case."""
        found: dict[str, str] = {}
        for (_, name), outputs in self.resources.items():
            object_id = (outputs.get("policy") or {}).get("objectId") or outputs.get("principalId")
            operator = name.removeprefix(f"{self.name}-operator-").removesuffix("-access")
            # Anything else is of a service whose name begins so, as `claims-operator-x` does.
            if object_id and (operator == DEPLOYER or arm_ids.is_guid(operator)):
                found[object_id.lower()] = name
        return found

    @cached_property
    def mentioned_ids(self) -> frozenset[str]:
        """The ids, lower case, that its own resources refer to."""
        return frozenset(id for one in self.own_parts.values() for id in _ids_in(one))

    @property
    def key_identity(self) -> str | None:
        """Whose identity uses the customer-managed key; None on Microsoft-managed keys."""
        if self.account is None:
            return None
        encryption = self.account.encryption
        if encryption.is_customer_managed and encryption.identity_client_id:
            return USER
        return SYSTEM if self.binding is not None or encryption.is_customer_managed else None

    @property
    def is_bound(self) -> bool:
        """Whether the account is under a customer-managed key: access to the key is access to its data."""
        return self.key_identity is not None

    @property
    def bound_to(self) -> tuple[str, str] | None:
        """The names of the vault and the key that the account is bound to, lower case."""
        encryption = self.account.encryption if self.account else facts.Encryption()
        binding = self.binding or {}
        uri = binding.get("keyVaultUri") or encryption.key_vault_uri
        key = binding.get("keyName") or encryption.key_name
        vault = key_uris.place(uri) if uri else None
        return (vault, key.lower()) if vault and key else None

    @property
    def key_user_id(self) -> str | None:
        """The object id of the identity by which the account uses its key now; `grantee_id` is another one if
        somebody has made that identity anew."""
        return self.account.key_user if self.account else None

    @property
    def grantee_id(self) -> str | None:
        """The object id of the identity that uses the key, from the grant in the state, or else from the
        identity itself."""
        identity = self.part(types.USER_ASSIGNED_IDENTITY, "identity").get("principalId")
        return self._granted_to or identity or self.principal_id or self.key_user_id

    @property
    def has_new_identity(self) -> bool:
        """Whether the identity by which the account uses its key is its own, and another than the one that
        was given access: somebody has turned that one off."""
        former = self._granted_to or self.principal_id
        is_known = self.key_identity == SYSTEM and former is not None and self.key_user_id is not None
        return is_known and not arm_ids.same(str(former), str(self.key_user_id))

    @property
    def grant_recorded(self) -> bool:
        """Whether the state has the account's grant."""
        return self._granted_to is not None

    @property
    def _granted_to(self) -> str | None:
        policy = self.part(types.ACCESS_POLICY, "access").get("policy") or {}
        role = self.part(types.ROLE_ASSIGNMENT, "access") or self.part(types.HSM_ROLE_ASSIGNMENT, "access")
        return policy.get("objectId") or role.get("principalId")

    @property
    def assignment_id(self) -> str | None:
        """The ARM id of the role assignment that the state has."""
        role = self.part(types.ROLE_ASSIGNMENT, "access").get("id")
        return role or self.part(types.HSM_ROLE_ASSIGNMENT, "access").get("assignmentId")

    @property
    def revoked(self) -> bool:
        """Whether an update took the access away as declared, and no later one has restored it."""
        return self.has(types.KEY_ACCESS_REVOCATION, "revocation")

    @cached_property
    def vault(self) -> facts.Vault | None:
        """The vault that this stack made."""
        vault = self.part(types.VAULT, "vault")
        return adapters.vault(vault) if vault.get("id") else None

    @property
    def key_id(self) -> str | None:
        """The ARM id of the key whose version was chosen last."""
        return self.part(types.KEY_VERSION, "key-version").get("keyId")

    @property
    def made_key_id(self) -> str | None:
        """The ARM id of the key that this stack made."""
        return self.part(types.KEY, "key").get("id")

    @property
    def group_name(self) -> str | None:
        """The name of the resource group that this stack made."""
        return self.part(types.RESOURCE_GROUP, "group").get("name")

    @property
    def identity_id(self) -> str | None:
        """The ARM id of the user-assigned identity that this stack made."""
        return self.part(types.USER_ASSIGNED_IDENTITY, "identity").get("id")

    @property
    def projects(self) -> tuple[str, ...]:
        """The names of its account's Foundry projects."""
        own = self.account.name.lower() if self.account else ""
        found = self._of_type(types.PROJECT)
        # Azure answers ACCOUNT/PROJECT as the name of a project.
        ids = [str(one.get("id") or one.get("name")) for one in found]
        return tuple(arm_ids.name_of(id) for id in ids if arm_ids.segments(id).get("accounts", own) == own)

    @property
    def models_of_others(self) -> tuple[str, ...]:
        """The names of the deployments of models that Azure OpenAI does not have."""
        models = {
            str(one.get("name")): ((one.get("properties") or {}).get("model") or {}).get("format")
            for one in self._of_type(types.DEPLOYMENT)
        }
        return tuple(name for name, format in models.items() if format not in (None, "OpenAI"))

    def _of_type(self, type: str) -> list[Mapping[str, Any]]:
        return [one for (found, _), one in self.resources.items() if found == type]


def recorded_service(name: str, state: State, former_names: Sequence[str] = ()) -> RecordedService:
    """The service `name` in a state, also under its former names."""
    parts = state.services
    for old in former_names:
        parts = {**_renamed(parts, old, name), **parts}
    recorded = parts.get((types.ACCOUNT, f"{name}-account"), {})
    account = adapters.account(recorded) if recorded.get("id") else None
    binding = _binding_of(account, parts.get((types.BINDING, f"{name}-binding")))
    services = [one for type, one in parts if type == types.SERVICE]
    own = {key: parts[key] for key in parts if key[1].startswith(f"{name}-") and key[0] != types.SERVICE}
    outputs = service_outputs(parts.get((types.SERVICE, name), {}))
    return RecordedService(
        name,
        own,
        _by_own_identity(account, own) if account else None,
        binding,
        account.principal_id if account else None,
        tuple(f"{one}-" for one in services if one.startswith(f"{name}-")),
        outputs,
    )


def as_it_is(before: RecordedService, live: Mapping[str, Any] | None) -> RecordedService:
    """The service with its account as Azure has it: another run, or a person, may have bound or unbound it
    since the state was written, and `operate recover` records no identity. `live` is None if there is no
    account, or the login may not read it."""
    if before.account is None or live is None:
        return before
    account = replace(adapters.account(live), id=before.account.id, name=before.account.name)
    return replace(before, account=_by_own_identity(account, before.resources), binding=None)


def recorded_names(state: State) -> frozenset[str]:
    """The names of the services that a state holds an account of."""
    parts = state.services
    services = {logical for type, logical in parts if type == types.SERVICE}
    return frozenset(
        service for service in services if parts.get((types.ACCOUNT, f"{service}-account"), {}).get("id")
    )


def _by_own_identity(account: facts.Account, parts: Parts) -> facts.Account:
    """The account, without the client id that uses its key if that can only be its own: if no user-assigned
    identity has that id, neither the account's nor a recorded one that somebody has detached. Before the
    binding writes, it asks Azure which identity it is."""
    used = account.encryption.identity_client_id
    recorded = (
        one.get("clientId") for (type, _), one in parts.items() if type == types.USER_ASSIGNED_IDENTITY
    )
    if not account.may_show_own_client or used.lower() in (str(one).lower() for one in recorded):
        return account
    return account.without_own_client(used)


def _binding_of(account: facts.Account | None, binding: Mapping[str, Any] | None) -> Mapping[str, Any] | None:
    """The binding, if it is the account's: an interrupted replacement leaves the old account's behind."""
    bound_id = (binding or {}).get("accountId")
    return binding if account is None or bound_id is None or arm_ids.same(str(bound_id), account.id) else None


def _ids_in(value: Any) -> Iterator[str]:
    """The ARM ids in a resource's outputs, lower case."""
    if isinstance(value, str) and value.lower().startswith("/subscriptions/"):
        yield value.lower()
    if isinstance(value, Mapping | list):
        for inner in value.values() if isinstance(value, Mapping) else value:
            yield from _ids_in(inner)


def _renamed(parts: Parts, old: str, new: str) -> Parts:
    """The resources of a renamed service, by their new names."""
    return {
        (type, f"{new}{logical.removeprefix(old)}"): outputs
        for (type, logical), outputs in parts.items()
        if logical == old or logical.startswith(f"{old}-")
    }


def of_services(answer: Mapping[str, Any]) -> dict[str, Any]:
    """What `state_of` needs of the engine's answer: services and their parts, accounts and bindings."""
    kept = {}
    for text, resource in answer.items():
        urn = parse_urn(text)
        if urn.is_of_service or current(urn.type) in (types.ACCOUNT, types.BINDING):
            kept[text] = resource
    return kept


def state_of(answer: Mapping[str, Any]) -> State:
    """A state from the engine's answer, which is by URN; a former type counts as its successor."""
    services: dict[tuple[str, str], Mapping[str, Any]] = {}
    resources: list[tuple[str, Mapping[str, Any]]] = []
    for text, resource in answer.items():
        urn, outputs = parse_urn(text), resource["outputs"] or {}
        type = current(urn.type)
        resources.append((type, outputs))
        if urn.is_of_service:
            services[type, urn.name] = outputs
    return State(services, resources)
