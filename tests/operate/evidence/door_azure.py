"""The local Azure in this process, asked as the live cloud is; every question can be refused."""

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from typing import Any, TypeVar, cast

from core import clouds
from core.login import Login
from localazure import seed
from localazure.directory import Principal
from operate.azure import Json, LiveAzure, UnansweredError
from operate.evidence.collect import collect
from operate.evidence.findings import findings
from operate.evidence.model import Facts
from tests.localazure.driver import GROUP, VAULT, Case
from tests.localazure.page import scene as page_scene
from tests.operate.adopt import field
from tests.support.front import Door, token
from tests.support.in_process import Wire, in_process_client

T = TypeVar("T")

WORKSPACE = f"{GROUP}/providers/Microsoft.OperationalInsights/workspaces/log"
ACCOUNTS = f"{GROUP}/providers/Microsoft.CognitiveServices/accounts"
SUBSCRIPTION, OTHER_SUBSCRIPTION = (subscription["id"] for subscription in seed.SUBSCRIPTIONS[:2])


class DoorAzure(LiveAzure):
    """Asks a front door with the live cloud's client; questions with a text of `refused` are refused, and
    those with a text of `odd` answered with what nobody expects."""

    def __init__(self, door: Door, *refused: str, odd: str = "", caller: Principal = seed.DEPLOYER) -> None:
        super().__init__(Login())
        self._client = in_process_client(Login(), Wire(door, principal=caller))
        self.door, self._refused, self._odd, self._caller = door, refused, odd, caller
        self.questions: list[str] = []

    def query(self, customer_id: str, text: str, since: datetime, until: datetime) -> Sequence[Json]:
        def rows() -> list[Json]:
            body = {"query": text, "timespan": f"{since.isoformat()}/{until.isoformat()}"}
            url = f"{clouds.PUBLIC.log_analytics}/v1/workspaces/{customer_id}/query"
            bearer = token(self._caller, clouds.PUBLIC.log_analytics)
            reply = self.door.send("POST", url, body, bearer=bearer)
            self._client.note_date({"Date": reply.headers["date"]})
            table = reply.body["tables"][0]
            names = [column["name"] for column in table["columns"]]
            return [dict(zip(names, row, strict=True)) for row in table["rows"]]

        return self._once(f"QUERY {customer_id} {since}/{until}", rows)

    def _once(self, question: str, ask: Callable[[], T]) -> T:
        def asked() -> T:
            if any(text in question for text in self._refused):
                raise UnansweredError("403 Forbidden: refused by the test")
            if self._odd and self._odd in question:
                odd = {"name": "odd", "properties": None}
                return cast("T", [odd] if question.startswith("LIST") else odd)
            return ask()

        self.questions.append(question)
        return super()._once(question, asked)


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


def scene_of(door: Door, kind: str) -> str:
    """An account of a kind under Microsoft's keys; gives its id."""
    made = field.Field(_DoorClient(door))
    id = f"{made.group(field.group('rg-kinds', SUBSCRIPTION))}/providers/Microsoft.CognitiveServices/accounts"
    body = {
        "location": "westeurope",
        "kind": kind,
        "sku": {"name": "S1" if kind == "ComputerVision" else "S0"},
    }
    made.send("PUT", f"{id}/{kind.lower()}", "2025-06-01", body)
    return f"{id}/{kind.lower()}"


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
