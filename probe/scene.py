"""What a probe makes in Azure: a resource group of its own with the smallest things in it; and its removal.

Everything is named after the group's random part, so that whoever finds the group by its tag knows the rest:
a second run removes what a killed one left. What Azure keeps: the purge-protected vault, for its 7 days.
"""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any
from urllib.parse import quote

from core import arm_ids, demands, kinds, rights
from core.api_versions import ACCOUNTS, KEYS, RESOURCES, VAULTS
from core.facts import HOURS_HELD, KEY_VAULT_SOURCE
from core.kinds import AccountKind
from probe.conversation import Conversation, Exchange, UnknownError

TAG = "language-cmk-probe"
NEW_KEY = {"kty": demands.KEY_TYPES[0], "key_size": demands.KEY_SIZE}
MOMENTS = (
    *(0, 0, 1, 2, 3, 5, 10, 15, 20, 30, 45, 60, 92, 120, 180),
    *(300, 600, 900, 1200, 1800, 2700, 3600, 5400),
)
"""Seconds after which something that takes time is looked at again. 0 twice: an operation that is over at
once may show as running in the first look."""
ACCOUNT_NAMES = {kinds.LANGUAGE: "Lang-probe-{}", kinds.FOUNDRY: "Aif-probe-{}"}
AN_HOUR = 3600


@dataclass
class Scene:
    """The things of one probe. Each is made when it is first needed, in the group of `suffix`. `most_seconds`
    is how long any question may wait; `lag` how long reads lag, and `bound` whether the account is bound,
    once that is known."""

    talk: Conversation
    subscription: str
    region: str
    tenant: str
    object_id: str
    most_seconds: float = 5400.0
    suffix: str = ""
    lag: float = 0.0
    bound: bool = False

    @property
    def group_id(self) -> str:
        """The ARM id of the group, made or not."""
        return f"/subscriptions/{self.subscription}/resourceGroups/Probe-{self.suffix}"

    @cached_property
    def group(self) -> str:
        """The ARM id of the group, which carries the tag."""
        body = {"location": self.region, "tags": {TAG: self.suffix}}
        self.put(self.group_id, RESOURCES, body).must("the group")
        return self.group_id

    @cached_property
    def vault(self) -> str:
        """A purge-protected vault with access policies: the deployer's alone."""
        id = arm_ids.child(self.group, arm_ids.VAULT, f"kv-probe-{self.suffix}")
        properties = {
            "tenantId": self.tenant,
            "sku": {"family": "A", "name": "standard"},
            "softDeleteRetentionInDays": 7,
            "enablePurgeProtection": True,
            "accessPolicies": [self._policy(self.object_id, "all")],
            # From API version 2026-02-01 on, a vault that does not say it is under Azure RBAC.
            "enableRbacAuthorization": False,
        }
        body = {"location": self.region, "properties": properties}
        self.put(id, VAULTS, body).must("the vault")
        self.until(
            lambda: self.arm("GET", id, VAULTS),
            lambda answer: answer.ok and answer.body["properties"].get("provisioningState") == "Succeeded",
        )
        return id

    @cached_property
    def key(self) -> Exchange:
        """The first version of the key, from the data plane, once the deployer's own access counts."""
        path = "/keys/probe/create"
        made = self.until(lambda: self.data("POST", path, NEW_KEY), lambda answer: answer.status != 403)
        return made[0].must("the key")

    @cached_property
    def account_put(self) -> Exchange:
        """The create of the Language account, on Microsoft's keys, seen to its end."""
        return self._account(kinds.LANGUAGE)

    @cached_property
    def foundry_put(self) -> Exchange:
        """The same of an account of kind AIServices."""
        return self._account(kinds.FOUNDRY)

    def _account(self, kind: AccountKind) -> Exchange:
        return self.carried_out(self.put(self.id_of(kind), ACCOUNTS, self.account_body(kind)))

    def id_of(self, kind: AccountKind) -> str:
        """The ARM id of the account of a kind, made or not."""
        return arm_ids.child(self.group, arm_ids.ACCOUNT, ACCOUNT_NAMES[kind].format(self.suffix))

    @property
    def account_id(self) -> str:
        """The ARM id of the Language account."""
        return self.id_of(kinds.LANGUAGE)

    def account_body(self, kind: AccountKind = kinds.LANGUAGE) -> dict[str, Any]:
        """A whole account, as a PUT sends it."""
        return {
            "location": self.region,
            "kind": kind.name,
            "sku": {"name": kind.tiers[0]},
            "identity": {"type": "SystemAssigned"},
            "properties": {"customSubDomainName": arm_ids.name_of(self.id_of(kind))},
        }

    def account(self, id: str = "") -> dict[str, Any]:
        """What a GET shows of the Language account, or another one, once reads show it as it is."""
        _ = self.account_put
        self.talk.sleep(self.lag)
        shown: dict[str, Any] = self.arm("GET", id or self.account_id, ACCOUNTS).body
        return shown

    def principal(self, account_id: str = "") -> str:
        """The object id of the own identity of the account, or of another one that is made."""
        identity = self.account(account_id).get("identity") or {}
        if not identity.get("principalId"):
            raise UnknownError("the account has no identity of its own")
        return str(identity["principalId"])

    def encryption(self, key: Exchange | None = None) -> dict[str, Any]:
        """What binds the account to the key, by its first version or by that of `key`."""
        version = str((key or self.key).body["key"]["kid"]).rpartition("/")[2]
        bound = {"keyName": "probe", "keyVersion": version, "keyVaultUri": self.vault_uri}
        return {"properties": {"encryption": {"keySource": KEY_VAULT_SOURCE, "keyVaultProperties": bound}}}

    def policies(self, *object_ids: str, uses_rbac: bool = False) -> Exchange:
        """Sets the access policies, the deployer's, and use of the key for the others; and whether the vault
        is under Azure RBAC, where none of them counts."""
        entries = [
            self._policy(self.object_id, "all"),
            *(self._policy(id, *rights.NEEDED) for id in object_ids),
        ]
        properties = {"accessPolicies": entries, "enableRbacAuthorization": uses_rbac}
        return self.arm("PATCH", self.vault, VAULTS, {"properties": properties})

    def _policy(self, object_id: str, *keys: str) -> dict[str, Any]:
        return {"tenantId": self.tenant, "objectId": object_id, "permissions": {"keys": list(keys)}}

    def arm(self, method: str, path: str, api_version: str, body: Any = None) -> Exchange:
        return self.talk.send(method, f"{path}?api-version={api_version}", body)

    def put(self, path: str, api_version: str, body: Any) -> Exchange:
        return self.arm("PUT", path, api_version, body)

    def patch(self, path: str, api_version: str, body: Any) -> Exchange:
        return self.arm("PATCH", path, api_version, body)

    def data(self, method: str, path: str, body: Any = None) -> Exchange:
        """A request to the vault's data plane."""
        return self.talk.send(method, f"{self.vault_uri}{path}?api-version={KEYS}", body)

    @property
    def vault_uri(self) -> str:
        return f"https://{arm_ids.name_of(self.vault).lower()}.{self.talk.cloud.vault_suffix}"

    def until(
        self,
        look: Callable[[], Exchange],
        seen: Callable[[Exchange], bool],
        *,
        since: float | None = None,
        seconds: float = math.inf,
    ) -> tuple[Exchange, float]:
        """Looks at moments until something is seen, for so many seconds at most: what was seen, and at which
        second. Raises UnknownError when the time is over."""
        most = min(seconds, self.most_seconds)
        began = self.talk.now() if since is None else since
        for moment in MOMENTS:
            if moment > most:
                break
            behind = self.talk.now() - began - moment
            if behind > 0 and moment > 0 and behind > max(1.0, moment * 0.05):
                continue
            self.talk.sleep(max(0.0, -behind))
            exchange = look()
            if seen(exchange):
                return exchange, float(moment)
        raise UnknownError(f"not within {most:g} seconds")

    def ended(self, accepted: Exchange) -> Exchange | None:
        """The end of a write's operation; None where it has none."""
        url = accepted.headers.get("azure-asyncoperation") or accepted.headers.get("location")
        return self.until(lambda: self.talk.send("GET", url), _is_over)[0] if url else None

    def carried_out(self, sent: Exchange) -> Exchange:
        """Waits for a write. Raises UnknownError where it is refused or fails."""
        if ended := self.ended(sent.must("a write")):
            ended.must("a write")
        return sent


def leftovers(talk: Conversation, subscription: str) -> list[str]:
    """The random parts of the groups that carry a probe's tag. Raises UnknownError."""
    word = quote(f"tagName eq '{TAG}'")
    listed = talk.send(
        "GET", f"/subscriptions/{subscription}/resourcegroups?$filter={word}&api-version={RESOURCES}"
    )
    rows = listed.must("the list of groups").body["value"]
    return [str(row["tags"][TAG]) for row in rows if TAG in (row.get("tags") or {})]


def remove(made: Scene) -> Iterator[str]:
    """Removes the group that a probe made, also one that was killed; says each thing that stays."""
    scene, group, name = replace(made, most_seconds=AN_HOUR), made.group_id, arm_ids.name_of(made.group_id)
    gone = scene.arm("DELETE", group, RESOURCES)
    if gone.status == 404:
        return
    if not gone.ok:
        yield f"the group {name}: {': '.join(gone.error)}"
        return
    try:
        scene.until(lambda: scene.arm("GET", group, RESOURCES), lambda answer: answer.status == 404)
    except UnknownError:
        yield f"the group {name}, whose deletion Azure has begun"
    yield f"the purge-protected vault of {name}, soft-deleted, until Azure purges it after 7 days"
    yield f"the accounts of {name}, soft-deleted, until Azure purges them after {HOURS_HELD} hours"


def _is_over(answer: Exchange) -> bool:
    if answer.state:
        return answer.state.lower() in ("succeeded", "failed", "canceled")
    return answer.status != 202
