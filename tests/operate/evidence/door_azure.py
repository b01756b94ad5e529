"""The local Azure in this process, asked as the live cloud is; every question can be refused."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

from localazure import seed
from localazure.directory import Principal
from operate.azure import Json, LiveAzure, UnansweredError
from operate.evidence.collect import collect
from operate.evidence.findings import findings
from operate.evidence.model import Facts
from tests.localazure.driver import GROUP, VAULT, Case
from tests.localazure.page import scene as page_scene
from tests.operate.adopt import field
from tests.support.front import ARM, Door, token

WORKSPACE = f"{GROUP}/providers/Microsoft.OperationalInsights/workspaces/log"
ACCOUNTS = f"{GROUP}/providers/Microsoft.CognitiveServices/accounts"
_LOGS, _VAULT = "https://api.loganalytics.io", "https://vault.azure.net"
_GRAPH = "https://graph.microsoft.com"
_HSM = "https://managedhsm.azure.net"


SUBSCRIPTION, OTHER_SUBSCRIPTION = (subscription.id for subscription in seed.SUBSCRIPTIONS[:2])


class DoorAzure(LiveAzure):
    """Asks a front door; questions with a text of `refused` are refused, and
    those with a text of `odd` answered with what nobody expects."""

    def __init__(self, door: Door, *refused: str, odd: str = "", caller: Principal = seed.DEPLOYER) -> None:
        self.door = door
        self._refused, self._odd, self._caller = refused, odd, caller
        self.questions: list[str] = []

    def get(self, path: str, api_version: str) -> Json:
        found: Json = self._answer("GET", f"{path}?api-version={api_version}")
        return found

    def list(self, path: str, api_version: str, wanted: str = "") -> Sequence[Json]:
        return self._pages(f"{path}?api-version={api_version}" + (wanted and f"&$filter={quote(wanted)}"))

    def query(
        self, customer_id: str, text: str, since: datetime, until: datetime
    ) -> Sequence[Mapping[str, Any]]:
        body = {"query": text, "timespan": f"{since.isoformat()}/{until.isoformat()}"}
        url = f"{_LOGS}/v1/workspaces/{customer_id}/query"
        table = self._answer("QUERY", url, body, audience=_LOGS)["tables"][0]
        names = [column["name"] for column in table["columns"]]
        return [dict(zip(names, row, strict=True)) for row in table["rows"]]

    def members(self, group_id: str) -> tuple[str, ...]:
        url = f"{_GRAPH}/v1.0/groups/{group_id}/transitiveMembers?$select=id"
        return tuple(sorted(one["id"] for one in self._pages(url, _GRAPH)))

    def get_in_vault(self, uri: str, path: str) -> Json:
        audience = _HSM if "managedhsm" in uri else _VAULT
        found: Json = self._answer("GET", f"{uri}{path}?api-version=7.4", audience=audience)
        return found

    def sign(self, key_id: str, body: Json) -> Json:
        found: Json = self._answer("POST", f"{key_id}/sign?api-version=7.4", body, audience=_VAULT)
        return found

    def list_in_vault(self, uri: str, path: str) -> Sequence[Json]:
        return self._pages(f"{uri}{path}?api-version=7.4", _HSM if "managedhsm" in uri else _VAULT)

    def _pages(self, link: str, audience: str = "") -> Sequence[Json]:
        found: list[Json] = []
        while link:
            page = self._answer("LIST", link, audience=audience)
            found += page["value"]
            link = str(page.get("nextLink") or "").removeprefix(ARM)
        return found

    def _answer(self, kind: str, url: str, body: Any = None, audience: str = "") -> Any:
        question = f"{kind} {url}"
        self.questions.append(question)
        if any(text in question for text in self._refused):
            raise UnansweredError("403 Forbidden: refused by the test")
        if self._odd and self._odd in question:
            return {"value": [{"name": "odd"}]} if kind == "LIST" else {"name": "odd", "properties": None}
        bearer = token(self._caller, audience or f"{ARM}/")
        reply = self.door.send("POST" if body else "GET", url, body, bearer=bearer)
        if reply.status != 200:
            raise UnansweredError(f"{reply.status} {reply.code}: {reply.message}")
        return reply.body


def read(azure: DoorAzure, *account_ids: str, days: float = 30, now: datetime | None = None) -> Facts:
    """The evidence of accounts, as of now on the cloud's clock."""
    now = now or datetime.fromtimestamp(int(azure.door.cloud.clock.now()) + 1, UTC)
    return collect(azure, "test", account_ids, now=now, days=days)


def unchecked(facts: Facts) -> list[str]:
    """What is said not to have been checked."""
    return [one.text for one in findings(facts) if one.rule == "not-checked"]


def passed_over(door: Door, *account_ids: str) -> Iterator[str]:
    """Each question that is asked about accounts, and whose refusal no finding tells."""
    azure, now = DoorAzure(door), door.cloud.clock.datetime()
    read(azure, *account_ids, now=now)
    assert len({*azure.questions}) > 12
    for question in dict.fromkeys(azure.questions):
        told = unchecked(read(DoorAzure(door, question), *account_ids, now=now))
        if not any("refused by the test" in text for text in told):
            yield question


def scene() -> Case:
    """Accounts `rotated`, `cut-off` and `plain` on one vault, whose audit log goes to a workspace."""
    workspace = {"location": "westeurope", "properties": {"sku": {"name": "PerGB2018"}}}
    logs = [{"category": "AuditEvent", "enabled": True}]
    setting = f"{VAULT}/providers/Microsoft.Insights/diagnosticSettings/audit?api-version=2021-05-01-preview"
    return page_scene.scene(
        {"ask": f"PUT {WORKSPACE}?api-version=2022-10-01", "send": workspace},
        {"ask": f"PUT {setting}", "send": {"properties": {"workspaceId": WORKSPACE, "logs": logs}}},
    )


class _DoorClient:
    """Sends what tests.operate.adopt.field asks of ARM through a door."""

    def __init__(self, door: Door) -> None:
        self._door = door

    def send(self, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        reply = self._door.send(method, path, body)
        return reply.status, reply.body


def scene_across(door: Door, of: str, at: str) -> str:
    """An account of one subscription that is bound to a key at another, or the same; gives its id."""
    made = field.Field(_DoorClient(door))
    account = made.account(made.group(field.group("rg-across", of)), "lang-across")
    vault = made.vault(made.group(field.group("rg-keys", at)), "kv-across")
    made.policy(vault, field.principal(account), field.WRAPS)
    rotate = {"action": {"type": "rotate"}, "trigger": {"timeAfterCreate": "P18M"}}
    policy = {"lifetimeActions": [rotate], "attributes": {"expiryTime": "P2Y"}}
    made.bind(account["id"], made.key(vault, rotationPolicy=policy))
    return str(account["id"])
