"""The cloud's own word on a stack's service: what it recorded and what can be read, never Pulumi's state.

Owns: the claims that hold in every life of a service; and its data, which the tests write and read.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from tests.support import cloud
from tests.support.arm_client import ARM, ask
from tests.support.azure import RunningAzure
from tests.support.stack import Stack

KEY_VAULT, MICROSOFT = "Microsoft.KeyVault", "Microsoft.CognitiveServices"
ACCOUNTS, VAULTS = "2025-06-01", "2026-02-01"
_PROJECTS = "/language/authoring/analyze-conversations/projects"
_DATA = "written-at-the-start"


@dataclass
class Judge:
    """One service by the name of its stack's settings, as `names.py` names its parts."""

    azure: RunningAzure
    stack: Stack
    name: str = "contoso-dev"

    @property
    def group(self) -> str:
        return f"/subscriptions/{self.azure.env['AZURE_SUBSCRIPTION_ID']}/resourceGroups/rg-{self.name}"

    @property
    def account_id(self) -> str:
        return f"{self.group}/providers/Microsoft.CognitiveServices/accounts/lang-{self.name}"

    @property
    def vault_id(self) -> str:
        return f"{self.group}/providers/Microsoft.KeyVault/vaults/kv-{self.name}"

    @property
    def key_name(self) -> str:
        return f"cmk-{self.name}"

    def arm(self, method: str, path: str, api_version: str, body: Any = None) -> Any:
        """A request as the deployer; the decoded answer. Raises RuntimeError where it is refused."""
        return ask(self.azure.env, method, f"https://{ARM}{path}?api-version={api_version}", body)

    def vault(self, method: str, path: str, body: Any = None) -> Any:
        """A request to the vault's data plane as the deployer."""
        url = f"https://kv-{self.name}.vault.azure.net{path}?api-version=7.4"
        return ask(self.azure.env, method, url, body)

    def make_state_key(self) -> str:
        """The key `state` in a vault of its own under Azure RBAC, made as a platform team makes it: before
        any stack. Gives its ARM id."""
        properties = {
            "tenantId": self.azure.env["AZURE_TENANT_ID"],
            "sku": {"family": "A", "name": "standard"},
            "enableRbacAuthorization": True,
            "enablePurgeProtection": True,
        }
        self.arm("PUT", self.group, "2024-03-01", {"location": "westeurope"})
        self.arm("PUT", self.vault_id, VAULTS, {"location": "westeurope", "properties": properties})
        self.vault("POST", "/keys/state/create", {"kty": "RSA", "key_size": 2048})
        return f"{self.vault_id}/keys/state"

    def write_data(self) -> None:
        """Writes a project into the account."""
        project = {"projectName": _DATA, "projectKind": "Conversation", "language": "en"}
        self._language("PATCH", project)

    def reads_data(self) -> bool:
        """Whether the project is read back as it was written; False where the key denies it."""
        try:
            return bool(self._language("GET")["language"] == "en")
        except RuntimeError as error:
            if "CustomerManagedKeyUnavailable" in str(error):
                return False
            raise

    def bring_back(self, *ids: str) -> None:
        """What the az commands do that a refusal prints: group, vault and account come back, or these."""
        tenant = self.azure.env["AZURE_TENANT_ID"]
        vault = {"createMode": "recover", "tenantId": tenant, "sku": {"family": "A", "name": "standard"}}
        how: dict[str, tuple[str, dict[str, Any]]] = {
            self.group: ("2024-03-01", {}),
            self.vault_id: (VAULTS, {"properties": vault}),
            self.account_id: (ACCOUNTS, {"properties": {"restore": True}}),
        }
        for id in ids or how:
            version, body = how[id]
            self.arm("PUT", id, version, {"location": "westeurope", **body})

    def ciphertext(self) -> list[Any]:
        """What is stored of the account's projects."""
        return cloud.documents(self.azure, "account.project")

    def history(self) -> list[dict[str, Any]]:
        return cloud.history(self.azure, self.account_id)

    def versions(self) -> list[str]:
        """The versions of the service's key, oldest first."""
        kept = cloud.documents(self.azure, "vault.key")
        (key,) = [found["body"] for found in kept if found["body"]["name"] == self.key_name]
        return [version["version"] for version in key["versions"]]

    def groups(self) -> list[str]:
        """The resource groups that the subscription tells of."""
        there = self.arm("GET", self.group.rpartition("/")[0], "2024-03-01")["value"]
        return [str(found["name"]) for found in there]

    def principal_id(self) -> str:
        """The object id of the account's own identity."""
        (account,) = cloud.documents(self.azure, "account")
        return str(account["body"]["identity"]["principalId"])

    def grants(self) -> list[str]:
        """Whom the key is granted to: the account's identity, and the deployer."""
        (vault,) = cloud.documents(self.azure, "vault")
        return [entry["objectId"] for entry in vault["body"]["properties"]["accessPolicies"]]

    def bound_version(self) -> str:
        """The version that the account is bound to now; empty on Microsoft's keys."""
        last = self.history()[-1]
        return str(last["keyUri"] or "").rpartition("/")[2]

    def strays(self) -> list[str]:
        """The kinds of which there are more or fewer than one service has."""
        wanted = {"account": 1, "vault": 1, "group": 1, "workspace": 1, "diagnosticSetting": 2}
        there = {kind: len(cloud.documents(self.azure, kind)) for kind in wanted}
        return [
            f"{there[kind]} of {kind}, expected {count}"
            for kind, count in wanted.items()
            if there[kind] != count
        ]

    def verdicts(self, *, versions: int, granted: bool = True) -> list[str]:
        """What is wrong with a service that has converged, in words; empty when nothing is."""
        found = self.strays()
        if len(self.versions()) != versions:
            found.append(f"key versions {self.versions()}, expected {versions}")
        if self.bound_version() != self.versions()[-1]:
            found.append(f"bound to {self.bound_version()!r}, newest is {self.versions()[-1]!r}")
        grants = self.grants()
        if sorted(grants) != sorted(set(grants)) or len(grants) != 1 + granted:
            found.append(f"grants for {grants}, expected {1 + granted}")
        if (self.principal_id() in grants) is not granted:
            found.append(f"grants for {grants}, the account's identity is {self.principal_id()}")
        return found + self.lapses()

    def lapses(self) -> list[str]:
        """The moments after the first binding in which the account was unbound or could not be read."""
        return [
            f"{'unbound' if state['keySource'] != KEY_VAULT else 'unreadable'} after {state['why']}: {state}"
            for state in cloud.since_bound(self.history())
            if state["why"] != "DELETE" and (state["keySource"] != KEY_VAULT or not state["readable"])
        ]

    def refusals(self) -> list[Any]:
        """The uses of the key that the vault refused, from its audit log."""
        events: list[Any] = self.azure.control(f"/audit?vault={self.vault_id}")["value"]
        return [event for event in events if event["result"] != "Success"]

    def _language(self, method: str, body: Any = None) -> Any:
        host = f"lang-{self.name}.cognitiveservices.azure.com"
        url = f"https://{host}{_PROJECTS}/{_DATA}?api-version=2023-04-01"
        try:
            return ask(self.azure.env, method, url, body)
        except RuntimeError as error:
            if "lacks the required data action" not in str(error):
                raise
        cloud.let_deployer_call(self.azure)
        return ask(self.azure.env, method, url, body)
