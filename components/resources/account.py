"""The AI services account, as it is declared; account_write.py keeps its key through each write."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pulumi

from components.azure_native import AzureResource, read_back, value_at
from components.component import ChildOptions, may_be_transformed
from components.declared import Declaration
from components.resources.account_write import key_guard, unwritten
from components.resources.kept_properties import (
    KEPT,
    SEARCH_LINK,
    SET_BY_AZURE,
    missing_search_key,
    with_kept,
)
from core import adapters, arm_ids
from core import resource_types as types
from core.facts import LIVE_ENCRYPTION, MICROSOFT_KEY_SOURCE
from core.service.account import ENCRYPTION, AccountBefore, bound_key, differs


@dataclass(frozen=True)
class MadeAccount:
    """An account that was made. `principal_id` is the object id of its own identity, if it has one. If the
    account is only asked about, `resource` is None, and everything but `id` and `name` is unknown.
    `judged_id` is the object id that a bound account had when it was judged whether access was removed."""

    id: pulumi.Input[str]
    name: pulumi.Input[str]
    resource: Any
    endpoint: pulumi.Output[str]
    principal_id: pulumi.Output[str | None]
    judged_id: str | None = None

    @property
    def key_uri_with_version(self) -> pulumi.Output[str | None]:
        """The key and version in the account itself; none on Microsoft-managed keys."""
        uri: pulumi.Output[str | None] = self.resource.properties.apply(_key_uri_with_version)
        return uri

    @property
    def grantee_id(self) -> pulumi.Output[str]:
        """The object id of the account's own identity, to which access is granted."""
        return self.principal_id.apply(lambda found: _grantee(found, self.judged_id))


def make_account(
    account: Declaration,
    options: ChildOptions,
    *,
    after: Sequence[pulumi.Resource] = (),
    kept: Sequence[str] = (),
    frozen: str = "",
    unbinds: bool = False,
    before: AccountBefore,
    subscription_id: str,
    on_error: Sequence[pulumi.ErrorHook] = (),
) -> MadeAccount:
    """Makes the account.

    `after` are the resources that must exist before the account and outlive it: its vault, and with an inline
    key the grant. Changes of the properties `kept` are ignored. `frozen` says why an existing account is not
    written, and when it is, "" if it may be: while its identity may not use the key, the service is assumed
    to refuse every PUT, because a PUT states the key again; what is left unwritten is told. `unbinds` puts an
    account whose inputs stated a key on Microsoft-managed keys. `before` is what preflight() read of the
    account; a new one is made in the subscription `subscription_id`.
    """
    name, declared = str(account.azure_name), {**account.arguments}
    properties = declared["properties"] = {**declared["properties"]}
    inline = unbinds or "encryption" in properties
    opts = options(depends_on=list(after))
    may_change = may_be_transformed(opts.parent)
    if frozen:
        if names := unwritten(declared, before.live, kept):
            pulumi.log.warn(f"this update does not write {', '.join(names)} of account {name!r}, {frozen}")
        ignored = [*kept, *_paths_left(properties, inline=inline)]
        if not inline and before.has_identity_unrecorded:
            ignored.append("identity")
    else:
        properties, ignored = _to_write(name, declared, before, kept, may_change=may_change)
        declared["properties"] = properties
    if unbinds:
        # Explicit, because nobody has observed what a PUT without encryption does.
        properties["encryption"] = {"keySource": MICROSOFT_KEY_SOURCE}
    elif not inline:
        key = None
        if not frozen:
            key = before.key_to_declare(None if may_change else declared, ignored)
        if key:
            properties["encryption"] = key.declared
            ignored.append(LIVE_ENCRYPTION)
        else:
            ignored.append(ENCRYPTION)
    opts.ignore_changes = ignored
    # No account is deleted with its data before another one in its place is made.
    opts.delete_before_replace = False
    given = opts.hooks or pulumi.ResourceHookBinding()
    opts.hooks = key_guard(
        account.name, name, subscription_id, before=before, same_key=not inline, unbinds=unbinds
    )
    opts.hooks.before_update = [*(given.before_update or ()), *(opts.hooks.before_update or ())]
    opts.hooks.on_error = [*(on_error or given.on_error or ())]
    resource = AzureResource(account.token, account.name, declared, opts)
    if not frozen and before.recorded:
        _tell_what_was_never_written(resource, name, unwritten(declared, before.recorded, ignored), before)
    return _made(resource, before, opts.parent)


def _tell_what_was_never_written(
    resource: AzureResource, name: str, missing: Sequence[str], before: AccountBefore
) -> None:
    """Warns of the arguments `missing` in the state's outputs, if the run writes nothing of the account. A
    program is not told whether the run is limited to targets.

    If Azure accepts a write and then fails it, the state has its inputs, and a refresh, to which the outputs
    show no difference, keeps them as if the write had succeeded (azure-native v3.29, provider.go, Read).
    """
    etag = (before.recorded or {}).get("etag")
    if not etag or not missing:
        return

    def warn(etag_after: str | None) -> None:
        if etag_after == etag:
            pulumi.log.warn(
                f"account {name!r} has other values of {', '.join(missing)} than the program, and this run "
                "does not write them. If it has --target or --exclude, a `pulumi up` without them does. Else "
                "Azure accepted an earlier write and then failed it, and a refresh took it for done: change "
                "something else of the account, such as a tag, and run `pulumi up`, which writes all of it"
            )

    resource.etag.apply(warn)


def _paths_left(properties: Mapping[str, Any], *, inline: bool) -> Iterator[str]:
    """The paths of an account that is not written: a later update writes all of this."""
    yield from ("sku", "tags", "properties.restore", *KEPT)
    yield from (f"properties.{name}" for name in properties if name != "encryption")
    if inline:
        yield "properties.encryption.keyVaultProperties"


def _to_write(
    name: str,
    declared: Mapping[str, Any],
    before: AccountBefore,
    kept: Sequence[str],
    *,
    may_change: bool,
) -> tuple[dict[str, Any], list[str]]:
    """The properties that a write of an account sends, without its key, and the paths that it ignores.
    `may_change`: a transform may change what is declared."""
    ignored = [*kept]
    properties = with_kept(declared["properties"], before.live, declared["kind"])
    if missing_search_key(name, {"properties": properties}, before.live):
        # The link stays as it is recorded, and the hook refuses a write without the search key.
        ignored.append(SEARCH_LINK)
    if may_change:
        return properties, ignored
    recorded = _as_recorded(properties, before)
    stated = {**declared, "properties": recorded}
    if differs(stated, before.recorded or {}, [*ignored, ENCRYPTION]):
        return properties, ignored
    return recorded, ignored


def _as_recorded(properties: Mapping[str, Any], before: AccountBefore) -> dict[str, Any]:
    """The properties with what Azure sets by itself as the state has it: that alone is no reason to write."""
    recorded = (before.recorded or {}).get("properties") or {}
    declared = {name: value for name, value in properties.items() if name not in SET_BY_AZURE}
    return {**declared, **{name: recorded[name] for name in SET_BY_AZURE if recorded.get(name)}}


def _made(account: AzureResource, before: AccountBefore, parent: pulumi.Resource | None) -> MadeAccount:
    found = before.live
    if found and pulumi.runtime.is_dry_run():  # a preview changes nothing of what was just read
        live = pulumi.Output.all(account.id, account.name).apply(lambda _: found)
    else:
        live = read_back(account, types.GET_ACCOUNT, parent, accountName=account.name)
    endpoint, principal_id = (
        value_at(live, "properties", "endpoint"),
        value_at(live, "identity", "principalId"),
    )
    judged_id = adapters.account(found or {}).principal_id if before.bound_key else None
    return MadeAccount(account.id, account.name, account, endpoint, principal_id, judged_id)


def _key_uri_with_version(properties: Mapping[str, Any] | None) -> str | None:
    bound = bound_key({"properties": properties})
    if bound is None or not bound.encryption.key_version:
        return None
    return bound.uri


def _grantee(principal_id: str | None, judged_id: str | None) -> str:
    """The object id. Raises ValueError where an account has no system-assigned identity, or another one than
    was judged: a late read had hidden that somebody turned it off."""
    if principal_id is None:
        raise ValueError(
            "the account has no system-assigned identity, so it cannot be granted a key; run the same "
            "command again, which says how to turn it on"
        )
    if judged_id is not None and not arm_ids.same(principal_id, judged_id):
        raise ValueError(
            f"the account's system-assigned identity is {principal_id} now, and was {judged_id} when this "
            "update began, so somebody has turned it off and on. Nothing was granted to it; run the same "
            "command again in two minutes, which says how to do that"
        )
    return principal_id
