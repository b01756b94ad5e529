"""What a write of an account says of its encryption, so that no write takes a bound account off its key.

azure-native PUTs the inputs that a program declares and nothing else (pulumi-azure-native,
provider/pkg/provider/crud/crud.go), and a PUT without `encryption` must be assumed to put the account back on
Microsoft-managed keys (never observed). The key is not among the declared inputs: the binding sets it by a
PATCH after the account. So:

- A run that may write the account declares the encryption that the account has at that time, or, where a
  read shows none, the one that the state's binding has: a read may lag behind (assumed).
- A run that has nothing to write ignores the property: in the state it may be missing or of an older key
  version, and the account is to stay unchanged. If the program's own transforms change the account after
  that, the engine writes the account, so this module adds the key to the inputs.
- Immediately before each write, the inputs that the engine is about to send are compared with the account. A
  write that would take the key away fails, whatever changed the inputs on their way: a transformation, an
  `ignore_changes` of the caller, a saved plan, a read that did not find the account.

A component that is used as a package does not see the transforms of the program that uses it. There only the
comparison immediately before the write protects the key.

Owns: these three. Does not own: what an account must be (account.py), the binding (binding.py).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any
from weakref import WeakKeyDictionary

import pulumi
from pulumi.output import Unknown
from pulumi.runtime.proto import resource_pb2
from pulumi.runtime.rpc import is_rpc_secret, unwrap_rpc_secret, wrap_rpc_secret
from pulumi.runtime.settings import get_monitor, get_root_resource
from pulumi.runtime.sync_await import _sync_await

from components.guards.invokes import InvokeError, State, invoke, is_absent, stack_state
from components.hooks import engine_has, read_in_hook
from components.kept_properties import KEPT, SearchKeyError, with_kept
from core import adapters, arm_ids
from core.facts import LIVE_ENCRYPTION, Encryption
from core.key_uris import KeyUri
from core.resource_types import ACCOUNT, BINDING

ENCRYPTION = "properties.encryption"
IGNORED = ("properties.restore", *KEPT)
"""What a run with nothing to write leaves as the state has it, besides the encryption. `restore` is how an
account came back, and no property that it has later."""

Found = Mapping[str, Any] | None
_GET_CLIENT_CONFIG = "azure-native:authorization:getClientConfig"
_GET_ACCOUNT = "azure-native:cognitiveservices:getAccount"
# By the monitor of the engine's run, then by the account's logical name.
_unwritten: WeakKeyDictionary[Any, dict[str, tuple[str, AccountBefore, Mapping[str, Any]]]] = (
    WeakKeyDictionary()
)
_KNOWN_LATER = "known after the update"
_OF_ITS_OWN = (
    f'; the account needs ignore_changes=["{ENCRYPTION}"], so that an update repeats what is recorded'
)


@dataclass(frozen=True)
class BoundKey:
    """The key version that an account is bound to, and the identity that uses it."""

    encryption: Encryption

    @property
    def declared(self) -> dict[str, Any]:
        """The encryption as a program declares it."""
        found = self.encryption
        key = {
            "key_name": found.key_name,
            "key_version": found.key_version,
            "key_vault_uri": found.key_vault_uri,
            "identity_client_id": found.identity_client_id,
        }
        return {
            "key_source": found.key_source,
            "key_vault_properties": {name: value for name, value in key.items() if value},
        }

    @property
    def uri(self) -> str:
        """https://VAULT/keys/KEY/VERSION."""
        found = self.encryption
        return KeyUri.of(found.key_vault_uri, found.key_name, found.key_version).text

    def is_same(self, other: BoundKey | None) -> bool:
        """Whether both are the same version and identity, however they are spelt."""
        return other is not None and _folded(self) == _folded(other)


def bound_key(account: Found) -> BoundKey | None:
    """The key in an account's outputs or inputs; None without an account or a customer-managed key."""
    encryption = adapters.encryption(((account or {}).get("properties") or {}).get("encryption"))
    return BoundKey(encryption) if encryption.is_customer_managed and encryption.key_name else None


@dataclass(frozen=True)
class AccountBefore:
    """An account before a run: its outputs in the stack's state, its outputs now, and of its bindings in the
    state the key and the digests of the declared inputs with which they were last written."""

    recorded: Found = None
    live: Found = None
    recorded_key: BoundKey | None = None
    digests: frozenset[str] = frozenset()

    @property
    def bound_key(self) -> BoundKey | None:
        """The key that the account is bound to now; where a read shows none, or one without its version, the
        one that the state's binding has."""
        live = bound_key(self.live)
        return live if live and live.encryption.key_version else self.recorded_key or live

    @property
    def state_lacks_key(self) -> bool:
        """Whether an update that sends the encryption of the state would take the account off its key."""
        return self.bound_key is not None and not self.bound_key.is_same(bound_key(self.recorded))

    def may_be_written(
        self, declared: Mapping[str, Any], digest: str | None, *, except_for: Sequence[str] = ()
    ) -> bool:
        """Whether this run may write the account. When in doubt it may: the write then says what is so
        anyway.

        `declared` are the inputs by their names on the wire; `except_for` are paths whose changes are
        ignored.
        """
        if self.recorded is None or digest is None:
            return True
        # Another version of azure-native: Check adds its API version to the inputs.
        version = (self.live or {}).get("azureApiVersion")
        if version and version != self.recorded.get("azureApiVersion"):
            return True
        if self.digests and digest not in self.digests:
            return True
        return not _is_recorded(declared, self.recorded, except_for)


def recorded_account(state: State, name: str) -> AccountBefore:
    """What a state has of the account of a name, which is unique in the world."""
    accounts = (
        outputs
        for (type, _), outputs in state.items()
        if type == ACCOUNT and str(outputs.get("name")).lower() == name.lower()
    )
    bindings = [
        outputs
        for (type, _), outputs in state.items()
        if type == BINDING and arm_ids.name_of(str(outputs.get("accountId"))).lower() == name.lower()
    ]
    key = next((key for key in map(_recorded_key, bindings) if key), None)
    return AccountBefore(
        next(accounts, None),
        recorded_key=key,
        digests=frozenset(str(one["accountDigest"]) for one in bindings if one.get("accountDigest")),
    )


def changed_after_all(
    name: str,
    sent: Mapping[str, Any],
    ignored: Sequence[str],
    before: AccountBefore,
    encryption: Mapping[str, Any],
) -> tuple[dict[str, Any], list[str]] | None:
    """For an account that this run did not mean to write: the inputs, as the engine sends them, and the
    ignored paths to write it with, if the program's transforms have changed its inputs to `sent`. None if
    they have not. The SDK (pulumi 3.259) hands over an input that contains a secret as one secret."""
    declared = {
        word: unwrap_rpc_secret(value)
        for word, value in sent.items()
        if word not in ("accountName", "resourceGroupName")
    }
    recorded = before.recorded or {}
    tags = [found.get("tags") or {} for found in (declared, recorded)]
    if _is_recorded(declared, recorded, ignored) and ("tags" in ignored or tags[0] == tags[1]):
        return None
    try:
        properties = with_kept(declared.get("properties") or {}, before.live, name)
    except SearchKeyError:
        return None  # its message is about other changes; the hook refuses the write
    left = [*ignored]
    for path in {ENCRYPTION, *IGNORED} & {*ignored}:
        left.remove(path)  # once: the program may ignore it, too
    properties["encryption"] = encryption
    kept = wrap_rpc_secret(properties) if is_rpc_secret(sent.get("properties")) else properties
    return {**sent, "properties": kept}, [*left, LIVE_ENCRYPTION]


def write_if_transformed(
    logical_name: str, name: str, before: AccountBefore, encryption: Mapping[str, Any]
) -> None:
    """Adds the key to the inputs of an account that this run does not mean to write, if the program's
    transforms change the account, because the engine then writes it.

    The engine calls the program's transforms after those of resources and components, in the order of their
    registration. So the transform that this function registers gets the inputs that the engine is about to
    send.
    """
    if get_root_resource() is None or not engine_has(resource_pb2.RESOURCE_MONITOR_FEATURE_TRANSFORMS):
        # A process without a root resource is the host of a package. The engine is assumed to hold one lock
        # while it calls transforms and while it registers one: a host of several components would deadlock.
        return
    unwritten = _unwritten.setdefault(get_monitor(), {})
    first, unwritten[logical_name] = not unwritten, (name, before, encryption)

    def transform(args: pulumi.ResourceTransformArgs) -> pulumi.ResourceTransformResult | None:
        if args.type_ != ACCOUNT or args.name not in unwritten:
            return None
        name, before, encryption = unwritten[args.name]
        changed = changed_after_all(name, args.props, args.opts.ignore_changes or [], before, encryption)
        if changed is None:
            return None
        props, args.opts.ignore_changes = changed
        return pulumi.ResourceTransformResult(props, args.opts)

    if first:
        pulumi.runtime.register_resource_transform(transform)


async def account_before(
    name: str, resource_group_name: str | None, opts: pulumi.InvokeOptions
) -> AccountBefore:
    """An account before this run. It is read in the group that the state has it in, else in the one given."""
    before = recorded_account(await stack_state(), name)
    id = (before.recorded or {}).get("id")
    live = await read_account(name, arm_ids.group_of(id) if id else resource_group_name, opts)
    return replace(before, live=live)


async def read_account(
    name: str, resource_group_name: str | None, opts: pulumi.InvokeOptions | None
) -> Found:
    """An account's outputs; None if there is none, or if its group is not known yet."""
    if not resource_group_name:
        return None
    place = {"accountName": name, "resourceGroupName": resource_group_name}
    try:
        return await invoke(_GET_ACCOUNT, opts, **place)
    except InvokeError as error:
        if is_absent(str(error)):
            return None
        raise


class KeyLostError(pulumi.RunError):
    """A write of an account would take it off the key that it is bound to. Nothing was written."""


def loss(
    name: str, sent: Mapping[str, Any], before: AccountBefore, *, is_update: bool, same_key: bool
) -> str | None:
    """What a write with the inputs `sent` would take from the account that `before` was read immediately
    before it; None if nothing.

    An update finds its account; else a read is wrong, and nobody knows which key the account has. With
    `same_key` the write has to name the version that the account is bound to: the binding alone moves it to
    another one.
    """
    if before.live is None:
        return _not_found(name) if is_update else None
    bound, declared = before.bound_key, bound_key(sent)
    if bound is None or (declared is not None and not same_key) or bound.is_same(declared):
        return None
    if not is_update and before.recorded is not None:
        return (
            f"account {name!r} is bound to {bound.uri}, and this update would make it anew under its own "
            "name. Nothing was written. Leave out --replace or --target-replace, if it was given; otherwise "
            "a read did not find the account: run the update again"
        )
    if declared is None:
        what = "without a key"
        why = (
            "The state does not have that key yet, and ignore_changes, or a transform of a program that uses "
            "the component as a package, changes the account where the component cannot see it"
        )
    else:
        what = f"with the key {declared.uri}"
        why = "Another update may have bound the account meanwhile, or ignore_changes keeps an older key here"
    return (
        f"account {name!r} is bound to {bound.uri}, and this update would write it {what}. Nothing was "
        f"written. {why}. Run `pulumi refresh`, which records the key, and then the update again"
    )


def _not_found(name: str) -> str:
    return (
        f"account {name!r} is in the state, and Azure does not find it. Nothing was written. If it exists, "
        "run the update again; if it was deleted, run `pulumi refresh`, which removes it from the state"
    )


def _identity_unrecorded(name: str) -> str:
    return (
        f"account {name!r} has an identity that the state does not have: it was turned off and on again "
        "outside Pulumi. Azure refuses to write the account until the identity has access to the key. "
        "Nothing was written. Run `pulumi refresh`, which records the identity, and then the update again"
    )


def key_guard(
    name: str,
    opts: pulumi.InvokeOptions | None = None,
    *,
    before: AccountBefore | None = None,
    same_key: bool = True,
    frozen: bool = False,
) -> pulumi.ResourceHookBinding:
    """Hooks that fail a create or update of the account `name` that would take its key away, immediately
    before it is written, and in a preview. The components' own accounts have them. For one that a program
    makes with azure-native itself, give them as `pulumi.ResourceOptions(hooks=key_guard("lang-claims"))`.

    `opts` say through which provider the account is read. `before` is the account as it was found before the
    run, if that was looked for. With `same_key` the binding alone moves the account to another key. `frozen`:
    this run is not to write the account, because its identity has no access to the key yet, and refuses to
    where the state lacks the identity.
    """
    if not engine_has(resource_pb2.RESOURCE_MONITOR_FEATURE_RESOURCE_HOOKS):
        return pulumi.ResourceHookBinding()
    if before is None:
        # Nothing has used the provider yet. The engine makes a default provider at its first use, which takes
        # one of the `--parallel` operations. If hooks held all of these, the first use would wait for ever.
        _sync_await(invoke(_GET_CLIENT_CONFIG, opts))

    async def refuse_loss(about: pulumi.ResourceHookArgs) -> None:
        sent = await _plain(about.new_inputs or {})
        group = sent.get("resourceGroupName")
        read = partial(read_account, name, None if group == _KNOWN_LATER else group)
        live = await read_in_hook(read, _GET_ACCOUNT, opts)
        now = replace(before or AccountBefore(), live=live)
        is_update = about.old_outputs is not None
        problem = loss(name, sent, now, is_update=is_update, same_key=same_key)
        if frozen and is_update and not _has_identity(await _plain(about.old_outputs)):
            problem = problem or _identity_unrecorded(name)
        if problem:
            # The components' own accounts are found before, and have that.
            raise KeyLostError(problem if before else f"{problem}{_OF_ITS_OWN}")

    options = pulumi.ResourceHookOptions(on_dry_run=True)
    hook = pulumi.ResourceHook(f"{name} keeps its key", refuse_loss, options)
    return pulumi.ResourceHookBinding(before_create=[hook], before_update=[hook])


async def _plain(value: Any) -> Any:
    """A hook's inputs without the SDK's wrappings of secrets and of what is not known yet."""
    if isinstance(value, pulumi.Output):
        return await _plain(await value.future())
    if isinstance(value, Unknown):
        return _KNOWN_LATER
    if isinstance(value, Mapping):
        return {name: await _plain(one) for name, one in value.items()}
    return [await _plain(one) for one in value] if isinstance(value, list) else value


def _has_identity(account: Mapping[str, Any]) -> bool:
    return (account.get("identity") or {}).get("type") not in (None, "None")


def _recorded_key(binding: Mapping[str, Any]) -> BoundKey | None:
    """The key that a binding's outputs have."""
    return bound_key(
        {"properties": {"encryption": {"keySource": binding.get("keySource"), "keyVaultProperties": binding}}}
    )


def _folded(key: BoundKey) -> tuple[str, str]:
    return key.uri.lower(), key.encryption.identity_client_id.lower()


def _is_recorded(
    declared: Mapping[str, Any], recorded: Mapping[str, Any], except_for: Sequence[str], path: str = ""
) -> bool:
    """Whether all that is declared is recorded as it is declared. More may be, such as a tag that a
    transformation in the program adds."""
    for name, value in declared.items():
        here, there = f"{path}{name}", recorded.get(name)
        if here in except_for:
            continue
        if isinstance(value, Mapping):
            nested = there if isinstance(there, Mapping) else {}
            if not _is_recorded(value, nested, except_for, f"{here}."):
                return False
        elif not _is_same(value, there):
            return False
    return True


def _is_same(declared: Any, recorded: Any) -> bool:
    if isinstance(declared, list):
        # A list of identities comes back as a map.
        there = [*(recorded or ())]
        return len(declared) == len(there) and all(
            _is_recorded(one, other, ()) if isinstance(one, Mapping) else _is_same(one, other)
            for one, other in zip(declared, there, strict=True)
        )
    if isinstance(declared, str) and isinstance(recorded, str):
        return declared.replace(" ", "").lower() == recorded.replace(" ", "").lower()
    return (declared or None) == (recorded or None)
