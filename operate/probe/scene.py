"""What a probe makes in Azure: a resource group of its own with the smallest things in it; and its removal.

Everything is named after the group's random part, so that whoever finds the group by its tag knows the rest:
a second run removes what a killed one left. What Azure keeps: the purge-protected vault, for its 7 days.
"""

import math
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any
from urllib.parse import quote

from core import arm_ids, demands, kinds, regions, rights
from core.api_versions import ACCOUNTS, IDENTITIES, KEYS, RESOURCES, VAULTS, WORKSPACES
from core.facts import CUSTOMER_MANAGED, HOURS_HELD
from operate.probe.conversation import Conversation, Exchange

TAG = "language-cmk-probe"
NEW_KEY = {"kty": demands.KEY_TYPES[0], "key_size": demands.KEY_SIZE}
MOMENTS = (
    *(0, 0, 1, 2, 3, 5, 10, 15, 20, 30, 45, 60, 92, 120, 180),
    *(300, 600, 900, 1200, 1800, 2700, 3600, 5400),
)
"""Seconds after which something that takes time is looked at again. 0 twice: an operation that is over at
once may show as running in the first look."""
EMPTY = "-empty"
"""The end of the name of a second group, which has nothing in it."""
AN_HOUR = 3600
LISTED_LATE = 60
"""Seconds that a removal waits for a deleted resource to be listed."""


class UnknownError(Exception):
    """A question could not be answered; the message says why."""


@dataclass(frozen=True)
class Waited:
    """What was seen in the end, between `after` and `until` seconds."""

    exchange: Exchange
    after: float
    until: float


@dataclass
class Scene:
    """The things of one probe. Each is made when it is first needed, in the group of `suffix`. `most_seconds`
    is how long any question may wait; `lag` how long reads lag, once that is known; `storage` the id of a
    storage account to link."""

    talk: Conversation
    subscription: str
    region: str
    tenant: str
    object_id: str
    most_seconds: float = 5400.0
    storage: str = ""
    suffix: str = ""
    lag: float = 0.0
    found: dict[str, Any] = field(default_factory=dict)

    @property
    def spelled_region(self) -> str:
        """The region in a spelling that no answer has by chance."""
        return regions.normalised(self.region).upper()

    @property
    def group_id(self) -> str:
        """The ARM id of the group, made or not."""
        return f"/subscriptions/{self.subscription}/resourceGroups/Probe-{self.suffix}"

    @cached_property
    def group(self) -> str:
        """The ARM id of the group, which carries the tag."""
        body = {"location": self.region, "tags": {TAG: self.suffix}}
        return _made(self.put(self.group_id, RESOURCES, body), self.group_id)

    @cached_property
    def vault(self) -> str:
        """A purge-protected vault with access policies: the deployer's alone."""
        return self._vault("", enablePurgeProtection=True)

    @cached_property
    def role_vault(self) -> str:
        """A vault under Azure RBAC, which can be purged."""
        return self._vault("r", enableRbacAuthorization=True)

    @cached_property
    def key(self) -> Exchange:
        """The first version of the key, from the data plane, once the deployer's own access counts."""
        made = self.until(
            lambda: self.data("POST", "/keys/probe/create", NEW_KEY), lambda answer: answer.status != 403
        )
        return made.exchange

    @cached_property
    def account_put(self) -> Exchange:
        """The create of the account, on Microsoft's keys, seen to its end."""
        return self._account(self.account_id, self.account_body())

    @cached_property
    def foundry_put(self) -> Exchange:
        """The same of an account of kind AIServices."""
        body = {
            "location": self.region,
            "kind": kinds.FOUNDRY.name,
            "sku": {"name": kinds.FOUNDRY.tiers[0]},
            "identity": {"type": "SystemAssigned"},
            "properties": {"customSubDomainName": arm_ids.name_of(self.foundry_id)},
        }
        return self._account(self.foundry_id, body)

    def _account(self, id: str, body: Any) -> Exchange:
        made = self.put(id, ACCOUNTS, body)
        if not made.ok:
            raise UnknownError(f"the account was refused: {': '.join(made.error)}")
        self.ended(made)
        return made

    @property
    def account_id(self) -> str:
        return arm_ids.child(self.group, arm_ids.ACCOUNT, _account(self.suffix))

    @property
    def foundry_id(self) -> str:
        return arm_ids.child(self.group, arm_ids.ACCOUNT, _foundry(self.suffix))

    def account_body(self, *, identity: bool = True, encryption: Any = None) -> dict[str, Any]:
        """A whole Language account, as a PUT sends it."""
        properties: dict[str, Any] = {"customSubDomainName": _account(self.suffix)}
        if encryption:
            properties["encryption"] = encryption
        if linked := self.found.get("linked"):
            properties["userOwnedStorage"] = linked
        body = {
            "location": self.spelled_region,
            "kind": kinds.LANGUAGE.name,
            "sku": {"name": "S"},
            "properties": properties,
        }
        return {**body, **({"identity": {"type": "SystemAssigned"}} if identity else {})}

    @cached_property
    def identity(self) -> Exchange:
        """A new user-assigned identity."""
        id = arm_ids.child(self.group, arm_ids.USER_ASSIGNED_IDENTITY, f"id-{self.suffix}")
        return self.put(id, IDENTITIES, {"location": self.region})

    @cached_property
    def workspace(self) -> str:
        """A Log Analytics workspace without data."""
        id = arm_ids.child(self.group, arm_ids.WORKSPACE, f"log-{self.suffix}")
        made = self.put(
            id,
            WORKSPACES,
            {"location": self.region, "properties": {"sku": {"name": "PerGB2018"}}},
        )
        return _made(made, id)

    def get_account(self, id: str = "") -> Exchange:
        """The account, or another one, once reads show it as it is."""
        self.talk.clock.sleep(self.lag)
        return self.arm("GET", id or self.account_id, ACCOUNTS)

    def principal(self, account_id: str = "") -> str:
        """The object id of the own identity of the account, or of another one that is made."""
        _ = self.account_put
        identity = self.get_account(account_id).body.get("identity") or {}
        if not identity.get("principalId"):
            raise UnknownError("the account has no identity of its own")
        return str(identity["principalId"])

    def encryption(self, key: Exchange | None = None, *, slash: bool = False) -> dict[str, Any]:
        """The encryption that binds the account to the key, by its first version or by that of `key`."""
        key = key or self.key
        if not key.ok:
            raise UnknownError(f"the key was refused: {': '.join(key.error)}")
        version = str(key.body["key"]["kid"]).rpartition("/")[2]
        uri = self.vault_uri(self.vault) + ("/" if slash else "")
        return {
            "keySource": CUSTOMER_MANAGED,
            "keyVaultProperties": {"keyName": "probe", "keyVersion": version, "keyVaultUri": uri},
        }

    def policies(self, *object_ids: str, uses_rbac: bool = False) -> Exchange:
        """Sets the access policies, the deployer's, and use of the key for the others; and whether the vault
        is under Azure RBAC, where none of them counts."""
        own = _policy(self.tenant, self.object_id, "all")
        others = [_policy(self.tenant, id, *rights.NEEDED) for id in object_ids]
        properties = {"accessPolicies": [own, *others], "enableRbacAuthorization": uses_rbac}
        return self.arm("PATCH", self.vault, VAULTS, {"properties": properties})

    def arm(self, method: str, path: str, api_version: str, body: Any = None) -> Exchange:
        return self.talk.send(method, f"{path}?api-version={api_version}", body)

    def put(self, path: str, api_version: str, body: Any) -> Exchange:
        return self.arm("PUT", path, api_version, body)

    def data(self, method: str, path: str, body: Any = None) -> Exchange:
        """A request to the vault's data plane."""
        return self.talk.send(method, f"{self.vault_uri(self.vault)}{path}?api-version={KEYS}", body)

    def vault_uri(self, vault: str) -> str:
        return f"https://{vault.rpartition('/')[2].lower()}.{self.talk.cloud.vault_suffix}"

    def until(self, look: Any, seen: Any, *, since: float | None = None, seconds: float = math.inf) -> Waited:
        """Looks at moments until something is seen, for so many seconds at most. Raises UnknownError when the
        time is over."""
        clock, most = self.talk.clock, min(seconds, self.most_seconds)
        began, after = clock.now() if since is None else since, 0.0
        for moment in MOMENTS:
            if moment > most:
                break
            behind = clock.now() - began - moment
            if behind > 0 and moment > 0 and behind > max(1.0, moment * 0.05):
                continue
            clock.sleep(max(0.0, -behind))
            exchange = look()
            if seen(exchange):
                return Waited(exchange, after, float(moment))
            after = float(moment)
        raise UnknownError(f"not within {most:g} seconds")

    def ended(self, accepted: Exchange) -> Waited | None:
        """Polls the operation of a write to its end; None where it has none."""
        url = accepted.headers.get("azure-asyncoperation") or accepted.headers.get("location")
        if not url:
            return None
        return self.until(lambda: self.talk.send("GET", url), _is_over)

    def _vault(self, kind: str, **properties: Any) -> str:
        id = arm_ids.child(self.group, arm_ids.VAULT, _vault(self.suffix, kind))
        fixed = {
            "tenantId": self.tenant,
            "sku": {"family": "A", "name": "standard"},
            "softDeleteRetentionInDays": 7,
            "accessPolicies": [_policy(self.tenant, self.object_id, "all")],
            # From API version 2026-02-01 on, a vault that does not say it is under Azure RBAC.
            "enableRbacAuthorization": False,
        }
        body = {"location": self.spelled_region, "properties": {**fixed, **properties}}
        made = _made(self.put(id, VAULTS, body), id)
        self.until(
            lambda: self.arm("GET", id, VAULTS),
            lambda answer: answer.ok and answer.body["properties"].get("provisioningState") == "Succeeded",
        )
        return made


def leftovers(talk: Conversation, subscription: str) -> list[str]:
    """The random parts of the groups that carry a probe's tag."""
    word = quote(f"tagName eq '{TAG}'")
    link: str | None = f"/subscriptions/{subscription}/resourcegroups?$filter={word}&api-version={RESOURCES}"
    rows: list[Any] = []
    while link:
        listed = talk.send("GET", link)
        page = listed.body if listed.ok else {}
        rows += page.get("value") or ()
        link = page.get("nextLink")
    return [str((row.get("tags") or {})[TAG]) for row in rows if TAG in (row.get("tags") or {})]


def remove(made: Scene) -> Iterator[str]:
    """Removes what a probe made, also one that was killed; says each thing that stays. The group goes last,
    since it is how a next run would find the rest."""
    subscription, suffix, group = made.subscription, made.suffix, made.group_id
    scene, patient = replace(made, most_seconds=LISTED_LATE), replace(made, most_seconds=AN_HOUR)
    scene.arm("DELETE", f"{group}{EMPTY}", RESOURCES)
    known = scene.arm("GET", group, RESOURCES)
    if known.status == 404:
        return
    place = regions.normalised(str((known.ok and known.body.get("location")) or made.region))
    name = arm_ids.name_of(group)
    for one in (_account(suffix), _foundry(suffix)):
        account = arm_ids.child(group, arm_ids.ACCOUNT, one)
        _delete(patient, account, ACCOUNTS)
        deleted = deleted_account(account, place)
        if _shows(scene, deleted, ACCOUNTS):
            gone = scene.arm("DELETE", deleted, ACCOUNTS)
            if not gone.ok:
                yield f"the deleted account {one}, for {HOURS_HELD} hours: {': '.join(gone.error)}"
    _delete(patient, arm_ids.child(group, arm_ids.VAULT, _vault(suffix, "r")), VAULTS)
    vault = _located(subscription, arm_ids.VAULT, f"{place}/deletedVaults/{_vault(suffix, 'r')}")
    if _shows(scene, vault, VAULTS):
        gone = scene.arm("POST", f"{vault}/purge", VAULTS)
        if not gone.ok:
            yield f"the deleted vault {_vault(suffix, 'r')}, for 7 days: {': '.join(gone.error)}"
    workspace = arm_ids.child(group, arm_ids.WORKSPACE, f"log-{suffix}")
    scene.talk.send("DELETE", f"{workspace}?force=true&api-version={WORKSPACES}")
    accepted = scene.arm("DELETE", group, RESOURCES)
    if accepted.status not in (200, 202, 404):
        yield f"the group {name}: {': '.join(accepted.error)}"
        return
    try:
        patient.until(lambda: patient.arm("GET", group, RESOURCES), lambda answer: answer.status == 404)
    except UnknownError:
        yield f"the group {name}, whose deletion Azure has begun"
    yield f"the purge-protected vault {_vault(suffix, '')}, soft-deleted, until Azure purges it after 7 days"


def deleted_account(account_id: str, region: str) -> str:
    """Where an account is once it is deleted."""
    group, name = arm_ids.group_of(account_id), arm_ids.name_of(account_id)
    path = f"{regions.normalised(region)}/resourceGroups/{group}/deletedAccounts/{name}"
    return _located(arm_ids.subscription_of(account_id), arm_ids.ACCOUNT, path)


def _located(subscription: str, type: str, path: str) -> str:
    namespace = type.partition("/")[0]
    return arm_ids.child(f"/subscriptions/{subscription}", f"{namespace}/locations", path)


def _delete(scene: Scene, id: str, api_version: str) -> None:
    # 409: a change of it is under way.
    with suppress(UnknownError):
        scene.until(lambda: scene.arm("DELETE", id, api_version), lambda answer: answer.status != 409)


def _shows(scene: Scene, id: str, api_version: str) -> bool:
    """Whether a deleted resource is there, which may be listed late."""
    try:
        scene.until(lambda: scene.arm("GET", id, api_version), lambda answer: answer.status == 200)
    except UnknownError:
        return False
    return True


def _is_over(answer: Exchange) -> bool:
    status = str((answer.body or {}).get("status", "")) if isinstance(answer.body, dict) else ""
    if status:
        return status.lower() in ("succeeded", "failed", "canceled")
    return answer.status != 202


def _made(answer: Exchange, id: str) -> str:
    if not answer.ok:
        raise UnknownError(f"{id.rpartition('/')[2]} was refused: {': '.join(answer.error)}")
    return id


def _policy(tenant: str, object_id: str, *keys: str) -> dict[str, Any]:
    return {"tenantId": tenant, "objectId": object_id, "permissions": {"keys": list(keys)}}


def _account(suffix: str) -> str:
    return f"Lang-probe-{suffix}"


def _foundry(suffix: str) -> str:
    return f"Aif-probe-{suffix}"


def _vault(suffix: str, kind: str) -> str:
    return f"kv-probe-{suffix}{kind}"
