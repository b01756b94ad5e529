"""What the provider finds before it binds, and what it says to do: done with az, the next update binds.

The account, vault and key are somebody else's, as a program has them that composes the binding alone; or the
key is in a managed HSM, where its administrator does what is said."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import pulumi
import pytest

from components.azure_cmk import CustomerManagedKey, KeyVersion
from localazure import seed
from localazure.authorization import assign_role
from localazure.directory import create_principal
from tests.components.guards.first_deployments import IN_SHARED, SHARED, group
from tests.operate.adopt.field import WRAPS, Field, principal
from tests.operate.evidence.door_azure import _DoorClient
from tests.support.az import azure, carry_out, newest_version
from tests.support.engine import Engine, UpdateError
from tests.support.front import SUBSCRIPTION
from tests.support.in_process import Wire
from tests.support.local_deployment import Deployment
from tests.support.managed_hsm import make_hsm
from tests.support.printed import printed

GROUP = f"{SUBSCRIPTION}/resourceGroups/rg-hub"
VAULT = f"{GROUP}/providers/Microsoft.KeyVault/vaults/kv-hub"
KEY = f"{VAULT}/keys/cmk"
ACCOUNT = f"{GROUP}/providers/Microsoft.CognitiveServices/accounts/lang-hub"
KEY_URL = "https://kv-hub.vault.azure.net/keys/cmk"
CLOSED = {"defaultAction": "Deny", "bypass": "None"}


def bind(name: str, key_id: str = KEY, pin: str | None = None) -> None:
    """Binds the account to a key's version with the provider's own resources."""
    version = KeyVersion(f"{name}-key-version", key_id=key_id, pin=pin)
    vault_id = key_id.rpartition("/keys/")[0]
    uri = version.key_uri_with_version
    protected = pulumi.ResourceOptions(protect=True)
    CustomerManagedKey(
        f"{name}-binding", protected, account_id=ACCOUNT, key_uri_with_version=uri, vault_id=vault_id
    )


@dataclass
class Hub:
    """Somebody else's account, vault and key, and a program that binds the one to the other."""

    vault: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    key: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    account: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    granted: bool = True
    pin: str | None = None
    key_id: str = KEY
    kind: str = "TextAnalytics"

    def __post_init__(self) -> None:
        self.wire = Wire()
        self.door, self.engine = self.wire.door, Engine(self.wire)
        field = Field(_DoorClient(self.door))
        field.group(GROUP)
        account = field.account(GROUP, "lang-hub", kind=self.kind, **self.account)
        given = [self.policy(seed.DEPLOYER.object_id, "get", "list", "update", "rotate")]
        if self.granted:
            given.append(self.policy(principal(account), *WRAPS))
        field.vault(GROUP, "kv-hub", **{"accessPolicies": given, **self.vault})
        field.key(VAULT, "cmk", **{"keyOps": ["wrapKey", "unwrapKey"], **self.key})
        self.door.cloud.clock.advance(3600)

    @staticmethod
    def policy(object_id: str, *permissions: str) -> dict[str, Any]:
        return {"tenantId": seed.TENANT_ID, "objectId": object_id, "permissions": {"keys": [*permissions]}}

    def arm(self, method: str, id: str, body: Any = None, api: str = "2026-02-01") -> Any:
        return azure(self.door, method, id, body, api=api)

    def data(self, method: str, path: str, body: Any = None) -> None:
        azure(self.door, method, f"{KEY_URL}{path}", body, api="7.4", data=True)

    def program(self) -> None:
        bind("hub", self.key_id, self.pin)

    def up(self) -> str:
        try:
            self.engine.up(self.program, refresh=False)
        except UpdateError as error:
            return str(error)
        return ""

    @property
    def source(self) -> str:
        """What the account's data is encrypted with."""
        encryption = self.arm("GET", ACCOUNT, api="2025-06-01").body["properties"].get("encryption") or {}
        return str(encryption.get("keySource", ""))


def disabled(hub: Hub) -> None:
    hub.data("PATCH", f"/{newest_version(hub.door, KEY_URL)}", {"attributes": {"enabled": False}})


def expired(hub: Hub) -> None:
    """And there is no newer one."""
    version = newest_version(hub.door, KEY_URL)
    hub.data("PATCH", f"/{version}", {"attributes": {"exp": 1_700_000_000}})


def key_deleted(hub: Hub) -> None:
    hub.data("DELETE", "")


def bound_and_disabled(hub: Hub) -> None:
    """And there is another version that could be bound."""
    assert hub.up() == ""
    disabled(hub)
    hub.data("POST", "/rotate")


def nothing(_: Hub) -> None:
    """All is wrong from the beginning."""


CASES: Mapping[str, tuple[Callable[[], Hub], Callable[[Hub], None]]] = {
    "no purge protection": (lambda: Hub(vault={"enablePurgeProtection": None}), nothing),
    "no soft delete": (
        lambda: Hub(vault={"enablePurgeProtection": None, "enableSoftDelete": False}),
        nothing,
    ),
    "trusted services kept out": (lambda: Hub(vault={"networkAcls": CLOSED}), nothing),
    "no access policy": (lambda: Hub(granted=False), nothing),
    "no role": (lambda: Hub(vault={"enableRbacAuthorization": True}), nothing),
    "a key that does not wrap": (lambda: Hub(key={"keyOps": ["sign"]}), nothing),
    "a pin that is no version": (lambda: Hub(pin="0" * 32), nothing),
    "an account that reaches nothing": (
        lambda: Hub(account={"restrictOutboundNetworkAccess": True}),
        nothing,
    ),
    "a version that is disabled": (Hub, disabled),
    "a version that has expired": (Hub, expired),
    "a key that was deleted": (Hub, key_deleted),
    "a bound version that is disabled": (Hub, bound_and_disabled),
}
MOST_UPDATES = 4


def carried_out(hub: Hub, text: str) -> None:
    """What a finding says, its first way where it has several."""
    if found := re.search(r"add (\S+) to allowedFqdnList", text):
        body = {"properties": {"restrictOutboundNetworkAccess": True, "allowedFqdnList": [found[1]]}}
        hub.arm("PATCH", ACCOUNT, body, "2025-06-01")
    elif "key list-versions" in text and "which `pin` names" in text:
        hub.pin = newest_version(hub.door, KEY_URL)
    else:
        first = "; ".join(printed(text.partition("; or")[0]))
        assert carry_out(hub.door, first), f"no command in back quotes that does anything: {text}"
    hub.door.cloud.clock.advance(3600)


@pytest.mark.parametrize("case", CASES)
def test_what_is_found_leads_to_the_binding(case: str) -> None:
    """Each command as it is printed, until the account is bound."""
    make, spoil = CASES[case]
    hub = make()
    spoil(hub)
    texts: list[str] = []
    for _ in range(MOST_UPDATES):
        if not (text := hub.up()):
            break
        texts.append(text)
        carried_out(hub, text)
    assert texts, "nothing was found"
    assert hub.up() == "", texts
    assert hub.source == "Microsoft.KeyVault"


def test_a_key_that_needs_a_role_of_this_update_to_be_read_is_not_taken_for_absent() -> None:
    """Azure may ask for a role on the vault's data before it shows a key; the update gives it to the
    deployer, who has none yet."""
    deployment = Deployment(Hub(vault={"enableRbacAuthorization": True}).wire)
    cloud = deployment.door.cloud
    cloud.behave(arm_keys_need_data_role=True)
    deployment.principal = create_principal(
        cloud, tenant_id=seed.TENANT_ID, name="pipeline", managed_identity=False
    )
    for role in ("Contributor", "Role Based Access Control Administrator"):
        assign_role(cloud, deployment.principal.object_id, role, SUBSCRIPTION)
    args = {**SHARED, "access_model": "rbac", "key": {"id": KEY}}
    group("rg-shared")(deployment)
    with pytest.raises(pulumi.RunError, match=r"set vault\.keyOperators"):
        deployment.up({"claims": args})
    deployment.up({"claims": {**args, "vault": {"key_operators": ["deployer"]}}})
    account = f"{IN_SHARED}/providers/Microsoft.CognitiveServices/accounts/lang-claims"
    bound = deployment.arm("GET", account, api="2025-06-01").body["properties"]["encryption"]
    assert bound["keySource"] == "Microsoft.KeyVault"


HSM = f"{GROUP}/providers/Microsoft.KeyVault/managedHSMs/hsm-hub"


def test_a_missing_role_is_given_by_the_command_that_is_printed() -> None:
    """The account, HSM and key are somebody else's; the binding follows the grant."""
    hub = Hub()
    make_hsm(hub.door, HSM)

    hub.key_id = f"{HSM}/keys/cmk"
    text = hub.up()
    assert "az keyvault role assignment create" in text
    assert carry_out(hub.door, text) == 1
    assert hub.up() == ""
    assert hub.source == "Microsoft.KeyVault"
