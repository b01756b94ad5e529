"""The resource `AccessPolicy`: what one identity may do in a vault that has access policies.

Owns one entry of the vault's list, whole. It has the inputs and the id of azure-native's AccessPolicy, whose
states it takes over: azure-native asks Key Vault by an API version that Azure refuses from 27 February 2027
(core/api_versions.py), and has it in no other (pulumi-azure-native, custom_keyvault_accesspolicy.go,
2026-11-28). As there, an entry that exists is not taken over: somebody else made it, and may delete it. With
`takesOver` it is, if it equals the declared one: an update that was killed or a recovered vault has left it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from core import arm_ids, resource_types
from core.arm_ids import ArmId
from provider.azure import unless_absent
from provider.checks import Failure, check
from provider.errors import ErrorContext
from provider.failure import RefusedOperationError
from provider.resource import REPLACES, Call, Change, Difference, Resource
from provider.wire import UNKNOWN, Properties, ResourceState, Value

Entry = Mapping[str, Any]
SEPARATOR = "/accessPolicy/"
_PLACE = ("subscriptionId", "resourceGroupName", "vaultName")


class AccessPolicyHandler(Resource):
    """The id is `VAULT_ID/accessPolicy/OBJECT_ID`; Azure itself has none."""

    token = resource_types.ACCESS_POLICY
    # As azure-native's: without a refresh, access that somebody took away is not given back by an update, and
    # what somebody else gave besides is not taken away.
    refreshes = False
    # A state of azure-native's has no subscription.
    surroundings: ClassVar = ("subscriptionId",)
    compared: ClassVar = _PLACE
    of_creation: ClassVar = ("takesOver",)

    def keeps_unread(self, id: str) -> bool:
        return True

    def context(self, id: str, properties: Properties) -> ErrorContext:
        id = id or _id(properties)
        if not id:
            return ErrorContext(by_deployer=True)
        return ErrorContext(vault_id=_vault(id).text, vault_name=_vault(id).name, by_deployer=True)

    def check(self, news: Properties) -> list[Failure]:
        forms = {"policy": _whole_entry, "vaultName": lambda _: _id(news) and _vault(_id(news))}
        return check(news, self.token, forms)

    def diff(self, olds: Properties, old_inputs: Properties, news: Properties) -> dict[str, Difference]:
        found = super().diff(olds, old_inputs, news)
        before, after = (_folded(one.values.get("policy")) for one in (old_inputs, news))
        if before != after:
            is_same = before.get("objectId") == after.get("objectId")
            found["policy"] = Difference("UPDATE" if is_same else REPLACES)
        return found

    async def create(self, call: Call, inputs: Properties) -> ResourceState:
        """Raises RefusedOperationError for an entry that exists, in azure-native's words, which
        `components.azure_failures` explains. An entry that is taken over is written all the same, because a
        read may show one that is gone."""
        id, policy = _id(inputs), inputs.values["policy"]
        found = await _found(call, id)
        is_own = inputs.values.get("takesOver") is True and _folded(found) == _folded(policy)
        if found is not None and not is_own:
            raise RefusedOperationError(f'cannot create already existing resource "{id}"')
        await call.azure.write_policy(_vault(id), "replace", policy)
        return ResourceState(id, inputs.values)

    async def look(self, call: Call, id: str, inputs: Properties, olds: Properties) -> ResourceState:
        found = await _found(call, id)
        if found is None:
            return ResourceState("")
        vault, declared = _vault(id), inputs.values.get("policy")
        names = dict(zip(_PLACE, (vault.subscription_id, vault.group, vault.name), strict=True))
        policy = declared
        if _folded(declared) != _folded(found):
            policy = found
        stated = {name: inputs.values[name] for name in (*_PLACE, *self.of_creation) if name in inputs.values}
        live = {**names, **stated, "policy": policy}
        return ResourceState(id, live, live)

    async def update(self, call: Call, change: Change) -> ResourceState:
        await call.azure.write_policy(_vault(change.id), "replace", change.news.values["policy"])
        return ResourceState(change.id, change.news.values)

    async def delete(self, call: Call, id: str, olds: Properties) -> None:
        """Removes the permissions that the state has. Permissions that somebody added since the last read
        stay."""
        await unless_absent(call.azure.write_policy(_vault(id), "remove", olds.values["policy"]))


async def _found(call: Call, id: str) -> Entry | None:
    """The entry of the identity itself, not of an application that acts for it; None without a vault."""
    vault = await call.azure.vault(_vault(id))
    if vault is None or (found := vault.policy_of(id.partition(SEPARATOR)[2])) is None:
        return None
    return found.body


def _whole_entry(policy: Value) -> None:
    """Raises MalformedError for an entry without an identity, and for one of an application that acts for
    somebody."""
    stated = policy if isinstance(policy, Mapping) else {}
    for name in ("objectId", "tenantId"):
        if stated.get(name) != UNKNOWN and not arm_ids.is_guid(str(stated.get(name))):
            raise arm_ids.MalformedError(f"policy.{name} is {stated.get(name)!r}; expected a GUID")
    if stated.get("applicationId"):
        raise arm_ids.MalformedError(
            "policy.applicationId: an entry of an application that acts for an identity is not supported"
        )


def _vault(id: str) -> ArmId:
    return arm_ids.vault_id(id.partition(SEPARATOR)[0])


def _id(properties: Properties) -> str:
    """The id of the declared entry; "" while a part of it is not known."""
    policy = properties.values.get("policy")
    parts = [properties.text(name) for name in _PLACE]
    parts.append(Properties(policy).text("objectId") if isinstance(policy, Mapping) else None)
    if not all(parts):
        return ""
    subscription, group, vault, object_id = map(str, parts)
    scope = arm_ids.group_id(subscription, group)
    return f"{arm_ids.child(scope, arm_ids.VAULT, vault)}{SEPARATOR}{object_id}"


def _folded(policy: Value) -> dict[str, Value]:
    """An entry without the differences that mean nothing: casing, and the order of permissions."""
    if not isinstance(policy, Mapping):
        return {"": policy}
    stated = {name: str(value).lower() for name, value in policy.items() if name != "permissions" and value}
    given = policy.get("permissions") or {}
    if not isinstance(given, Mapping):
        return {**stated, "permissions": given}
    words = {group: sorted(str(one).lower() for one in listed) for group, listed in given.items() if listed}
    return {**stated, "permissions": words}
