"""What somebody took away at a vault stays away, whatever an update writes of the vault.

azure-native PUTs a vault with the network that a program declares and with the access policies that its own
read has just shown (pulumi-azure-native, provider/pkg/provider/crud/crud.go). A read may lag (assumed), and
such a write would undo a revocation. An answer to a write is not late (assumed), so the update asks for the
vault by an empty PATCH (azure-cmk, getWrittenVault):

- Immediately before it writes a vault, it waits until reads show the access policies that this answer has,
  and refuses a write that gives back what is gone: the way through the firewall, the permission model, or the
  access of the identity that uses the key.
- Immediately afterwards it asks again, and fails if an identity has more than before.
- Before it writes the grant of an account that has its access already, it makes sure that this is so.

Each run gives a resource the same hooks, also those that have nothing to guard yet: the engine records their
names, and writes the whole state once for each resource whose hooks are others than before.

Owns: these hooks, and their judgement. Does not own: what a preview refuses
(core/service/access.py). What Azure could still do is in docs/runbooks/drift.md.
"""

from collections.abc import Iterator, Mapping
from typing import Any

import pulumi
from pulumi.runtime.proto import resource_pb2

from components.azure_failures import unrecorded
from components.cmk_resource import cmk_invoke_options
from components.sdk.hooks import engine_has, plain, read_in_hook, serve_hooks
from components.sdk.invokes import invoke
from components.sdk.private import wait_for
from core import adapters, commands, demands, facts, rights
from core.facts import Vault
from core.refusals import OPENING
from core.rights import Access
from core.service.recorded import Answer

GET_WRITTEN_VAULT = "azure-cmk:index:getWrittenVault"
_KEPT = "Somebody may have done that on purpose, so this update does not undo it"
_LATER = (
    "reads of Azure may not show it yet: run the same command again in two minutes, which then says how to "
    "keep it so, or how to undo it"
)


class GivenBackError(pulumi.RunError):
    """A write would give back what somebody took away, or has done so."""


def vault_guard(
    resource: str,
    name: str,
    *,
    user: str = "",
    live: Answer = None,
    may_leave_roles: bool = True,
    may_enter_roles: bool = True,
) -> pulumi.ResourceHookBinding:
    """Hooks that fail an update of the vault `name` that would give back what was taken away there, before it
    is written, and one that has done so, after it. `resource` is its name in the program: every hook of a run
    needs a name of its own, and neither name is unique by itself.

    `user` is the object id of the identity that uses a key of the vault by an access policy, "" if none does.
    `live` is the vault as it was read before the run, by which a preview is judged; if it was not read, the
    state tells, as the last refresh left it. `may_leave_roles`: the settings may take the vault from Azure
    RBAC to access policies; `may_enter_roles`: the other way round.
    """
    if not engine_has(resource_pb2.RESOURCE_MONITOR_FEATURE_RESOURCE_HOOKS):
        return pulumi.ResourceHookBinding()
    written: dict[str, Vault | None] = {}

    async def refuse(about: pulumi.ResourceHookArgs) -> None:
        recorded, sent = await plain(about.old_inputs or {}), await plain(about.new_inputs or {})
        now: Vault | None
        if pulumi.runtime.is_dry_run():
            now, reads_are_late = adapters.vault(live or await plain(about.old_outputs or {})), False
        else:
            now, reads_are_late = await _written_vault(about.id, awaits_reads=True)
            written[about.id] = now
        if now is None:
            return
        problem = reopening(
            now, recorded, sent, may_leave_roles=may_leave_roles, may_enter_roles=may_enter_roles
        )
        problem = problem or lost_access(now, user)
        if problem is None and reads_are_late:
            problem = (
                f"reads of vault {name!r} show other access policies than Azure has now, and azure-native "
                "would write what they show. The vault was not written. Run the same command again in two "
                "minutes"
            )
        if problem:
            raise GivenBackError(problem)

    async def tell(about: pulumi.ResourceHookArgs) -> None:
        now, _ = await _written_vault(about.id)
        if taking := [*gained(written.get(about.id), now)]:
            raise GivenBackError(
                f"vault {name!r}: while it was written, access that somebody had taken away may have come "
                f"back. If nobody else gave it, take it away again: {'; '.join(taking)}"
            )

    options = pulumi.ResourceHookOptions(on_dry_run=True)
    before = pulumi.ResourceHook(f"{resource} ({name}) stays closed", refuse, options)
    after = pulumi.ResourceHook(f"{resource} ({name}) has stayed closed", tell)
    return pulumi.ResourceHookBinding(before_update=[before], after_update=[after])


def lone_vault_guard(resource: str, name: str) -> pulumi.ResourceHookBinding | None:
    """The guard of a vault that a program makes without a service. Whether the settings or somebody else put
    it under Azure RBAC is not recorded, so that no update takes it to access policies. An update asks
    azure-cmk something first, because the engine cannot make a provider while hooks wait. Raises InvokeError.
    """
    if not engine_has(resource_pb2.RESOURCE_MONITOR_FEATURE_RESOURCE_HOOKS):
        return None
    serve_hooks()
    if not pulumi.runtime.is_dry_run():
        wait_for(invoke("azure-cmk:index:getClientConfig", cmk_invoke_options()))
    return vault_guard(resource, name, may_leave_roles=False)


def role_guard(name: str, assignment_id: str) -> pulumi.ResourceHookBinding:
    """Hooks that fail the creation of a role assignment that was read to exist and that the state lacks:
    azure-native would refuse it, or give back what somebody took away while reads were late. `assignment_id`
    is "" where that is not so."""
    if not engine_has(resource_pb2.RESOURCE_MONITOR_FEATURE_RESOURCE_HOOKS):
        return pulumi.ResourceHookBinding()

    def refuse(about: pulumi.ResourceHookArgs) -> None:
        if assignment_id:
            raise GivenBackError(unrecorded(name, assignment_id, about.type, pulumi.get_stack()))

    return pulumi.ResourceHookBinding(before_create=[pulumi.ResourceHook(f"{name} stays taken away", refuse)])


def grant_guard(name: str, vault_id: str, user: str) -> pulumi.ResourceHookBinding:
    """Hooks that fail a write of the access policy of `user`, who was read to have all the access that the
    service needs, if that is not so: reads may be late. `user` is "" where nobody was."""
    if not engine_has(resource_pb2.RESOURCE_MONITOR_FEATURE_RESOURCE_HOOKS):
        return pulumi.ResourceHookBinding()

    async def refuse(_: pulumi.ResourceHookArgs) -> None:
        if not user:
            return
        now, _late = await _written_vault(vault_id)
        if now and (problem := lost_access(now, user)):
            raise GivenBackError(problem)

    hook = pulumi.ResourceHook(f"{name} stays taken away", refuse)
    return pulumi.ResourceHookBinding(before_create=[hook], before_update=[hook])


async def _written_vault(id: str, *, awaits_reads: bool = False) -> tuple[Vault | None, bool]:
    """The vault as Azure answers a write, and whether reads are late all the same. Raises InvokeError."""

    async def read(through: pulumi.InvokeOptions) -> Mapping[str, Any]:
        return await invoke(GET_WRITTEN_VAULT, through, vaultId=id, awaitsReads=awaits_reads)

    found = await read_in_hook(read, GET_WRITTEN_VAULT, cmk_invoke_options())
    if not found.get("vault"):
        return None, False
    return adapters.vault(found["vault"]), bool(found.get("readsAreLate"))


def reopening(
    vault: Vault,
    recorded: Mapping[str, Any],
    sent: Mapping[str, Any],
    *,
    may_leave_roles: bool,
    may_enter_roles: bool = True,
) -> str | None:
    """Why a write with the inputs `sent` would open a vault that somebody closed; None if it does not.
    `recorded` are the inputs of its last update, or what a refresh put there."""
    asked, before = adapters.vault(sent), adapters.vault(recorded)
    name = facts.vault_name(vault)
    change = f"az keyvault update --name {name}{commands.in_subscription(vault.id)}"
    opens = f"vault {name!r} was closed outside Pulumi, and this update would open it again"
    closed = demands.keeps_service_out(vault)
    if closed and not demands.trusted_services(asked.network):
        return (
            f"{opens}: {closed.text}. {_KEPT}: to keep it removed, set access: revoked of the services whose "
            f"keys it holds and run `pulumi up`; to restore it, run `{closed.az(vault_id=vault.id)}`"
        )
    if asked.network.is_open is True and before.network.is_open is True and not vault.network.is_open:
        return (
            f"{opens}: {vault.network.described}. {_KEPT}: to keep it closed, set network.access: closed; to "
            f"open it, run `{change} {OPENING}`"
        )
    if vault.uses_rbac and not asked.uses_rbac and not (before.uses_rbac and may_leave_roles):
        is_so = "is under Azure RBAC" if before.uses_rbac else "was changed to Azure RBAC outside Pulumi"
        return (
            f"vault {name!r} {is_so}, and its access policies would count again after this update. {_KEPT}: "
            f"to keep it so, set accessModel: rbac; to undo it, run `{commands.by_policies(vault.id)}`"
        )
    if asked.uses_rbac and not vault.uses_rbac and (before.uses_rbac or not may_enter_roles):
        return (
            f"vault {name!r} was changed to access policies outside Pulumi, and its role assignments would "
            f"count again after this update. {_KEPT}: to keep it so, set accessModel: accessPolicy; to undo "
            f"it, run `{commands.by_roles(vault.id)}`"
        )
    return None


def lost_access(vault: Vault, user: str) -> str | None:
    """Why an identity can no longer use the keys of a vault by access policies; None if it can, or for no
    identity."""
    access = rights.by_policies(vault, user)
    if not user or access.level is Access.FULL:
        return None
    return (
        f"identity {user} can no longer use the keys of vault {facts.vault_name(vault)!r}: it lacks "
        f"{' and '.join(access.missing)}. {_KEPT}; {_LATER}"
    )


def gained(before: Vault | None, now: Vault | None) -> Iterator[str]:
    """The command of az that takes it away again, for each identity that has more in a vault than before."""
    vault = now or Vault()
    had = rights.policies(before or Vault())
    for who, permissions in rights.policies(vault).items():
        former = had.get(who, frozenset())
        if permissions <= former:
            continue
        object_id, application = who
        named = f"--name {facts.vault_name(vault)} --object-id {object_id}"
        named += f" --application-id {application}" if application else ""
        if not former:
            yield f"`az keyvault delete-policy {named}{commands.in_subscription(vault.id)}`"
            continue
        kept = (_option(group, former) for group in facts.GROUPS)
        yield f"`az keyvault set-policy {named} {' '.join(kept)}{commands.in_subscription(vault.id)}`"


def _option(group: str, permissions: frozenset[str]) -> str:
    """The option of az that leaves an identity these permissions of a group, such as `keys/get`."""
    words = sorted(one.partition("/")[2] for one in permissions if one.startswith(f"{group}/"))
    noun = group.removesuffix("s") if group != "storage" else group
    return " ".join([f"--{noun}-permissions", *words])
