"""What a program may ask, in an update and in a preview."""

from __future__ import annotations

from typing import Any

import pytest

from core.api_versions import ACCOUNTS, VAULTS
from provider.deployment import checks
from provider.failure import ServiceError
from provider.wire import UNKNOWN
from tests.provider.fake_azure import (
    ACCOUNT_ID,
    KEY_ID,
    SUBSCRIPTION,
    TENANT,
    VAULT_ID,
    FakeAzure,
)
from tests.provider.rig import Engine, engine, refused

PREFLIGHT = "azure-cmk:index:preflight"
LOGIN = "azure-cmk:index:getClientConfig"
CHECK = "azure-cmk:index:checkDeployment"
RESOURCES = "azure-cmk:index:getResources"
WRITTEN = "azure-cmk:index:getWrittenVault"
GROUP = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/language"
BROKEN = ServiceError(503, "ServiceUnavailable", "down")
ACCOUNT = {"id": ACCOUNT_ID}


async def test_what_is_not_known_yet_is_answered_with_unknown(pulumi: Engine) -> None:
    """In a preview a function of an unknown id asks nothing and promises nothing."""
    answer, _ = await pulumi.invoke(WRITTEN, {"vaultId": UNKNOWN})
    assert answer == {"vault": UNKNOWN, "readsAreLate": UNKNOWN}
    assert pulumi.azure.calls == []


NEEDS_ROLE = ServiceError(
    400, "BadRequest", "Caller: name=KeyVault/ManagementPlane;appid=x", inner_code="ForbiddenByRbac"
)


async def test_each_resource_is_answered_by_itself(pulumi: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    """In the order of the question: found, absent, not to be read, and without an answer."""
    answers = {
        (VAULT_ID, VAULTS): {"id": VAULT_ID},
        (KEY_ID, VAULTS): NEEDS_ROLE,
        (f"{VAULT_ID}/keys/other", VAULTS): BROKEN,
        (ACCOUNT["id"], ACCOUNTS): ServiceError(403, "AuthorizationFailed", "no Microsoft.Test/kind/read"),
    }

    async def ask(method: str, id: str, api_version: str) -> Any:
        found = answers.get((id, api_version), ServiceError(404, "ResourceNotFound", id))
        if isinstance(found, ServiceError):
            raise found
        return found

    monkeypatch.setattr(pulumi.azure, "ask", ask)
    ids = [VAULT_ID, f"{VAULT_ID}x", KEY_ID, f"{VAULT_ID}/keys/other", ACCOUNT["id"]]
    asked = [{"id": id} for id in ids]
    answer, failures = await pulumi.invoke(RESOURCES, {"resources": asked})
    assert not failures
    found, absent, needs_role, failed, denied = answer["resources"]
    assert (found, absent) == ({"found": {"id": VAULT_ID}}, {"found": None})
    assert needs_role["lacksDataRole"] is True
    assert "Key Vault Crypto Officer" in needs_role["unread"]
    assert "503 ServiceUnavailable: down" in failed["failed"]
    assert (denied["lacksDataRole"], "Microsoft.Test/kind/read" in denied["unread"]) == (False, True)


@pytest.mark.parametrize(
    ("token", "args", "failing"),
    [
        (LOGIN, {"x": 1}, "x"),
        (PREFLIGHT, {}, "question"),
        (PREFLIGHT, {"question": 1}, "question"),
        (CHECK, {"resources": [{"id": "language"}]}, "resources[0]"),
        (CHECK, {"resources": [ACCOUNT, {**ACCOUNT, "action": "move"}]}, "resources[1]"),
        (CHECK, {"resources": [{**ACCOUNT, "names": "x"}]}, "resources[0]"),
        (CHECK, {"resources": [ACCOUNT], "checks": ["names"]}, "checks"),
        (RESOURCES, {}, "resources"),
        (RESOURCES, {"resources": [{}]}, "resources[0].id"),
        (RESOURCES, {"resources": [{"id": VAULT_ID}, {"id": "kv"}]}, "resources[1].id"),
        (RESOURCES, {"resources": [{"id": f"{VAULT_ID}/secrets/s"}]}, "resources[0].id"),
    ],
)
async def test_bad_arguments_are_named(
    pulumi: Engine, token: str, args: dict[str, Any], failing: str
) -> None:
    """Each argument that cannot be right is named, and Azure is not asked."""
    _, failures = await pulumi.invoke(token, args)
    assert list(failures) == [failing]
    assert pulumi.azure.calls == []


async def test_the_login_is_told() -> None:
    """A program can see by whom this provider acts."""
    pulumi = await engine(FakeAzure(), config={"subscriptionId": SUBSCRIPTION})
    answer, _ = await pulumi.invoke(LOGIN, {})
    assert answer == {
        "objectId": "deployer",
        "tenantId": TENANT,
        "clientId": "client",
        "subscriptionId": SUBSCRIPTION,
        "method": "the Azure CLI",
    }


@pytest.mark.parametrize(
    ("token", "args", "code", "says"),
    [
        (LOGIN, {}, "AADSTS7000215", "^the client secret is wrong"),
        (
            CHECK,
            {"resources": [{"id": GROUP}]},
            "AADSTS700024",
            "^the OIDC token has expired\n  fix: set oidc",
        ),
    ],
)
async def test_fails_with_azures_answer_explained(
    pulumi: Engine, token: str, args: dict[str, Any], code: str, says: str
) -> None:
    """Without a login nothing can be validated: the cause and the way on are said, and no class."""
    pulumi.azure.failures["principal"].append(ServiceError(401, "invalid_client", f"{code}: wrong"))
    await refused(pulumi.invoke(token, args), says)


async def test_check_deployment_tells_what_it_could_not_ask(
    pulumi: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What this login may not read is no finding, and names the question and Azure's reason. A resource whose
    id another resource makes is told as not checked. The others are checked."""
    monkeypatch.setattr(checks, "CHECKS", {checks.NAMES: checks.names})
    pulumi.azure.answers |= {GROUP: {"id": GROUP}, f"{GROUP}/resources": {"value": []}}
    denied = ServiceError(403, "AuthorizationFailed", "may not")
    pulumi.azure.failures[f"GET {GROUP}-2"].append(denied)
    asked = [{"id": GROUP, "setting": "groupName"}, {"id": f"{GROUP}-2"}, {"id": UNKNOWN}]
    answer, _ = await pulumi.invoke(CHECK, {"resources": asked})
    assert [one["fix"].split(";")[0] for one in answer["findings"]] == ["give another groupName"]
    why = {one["what"]: one["why"] for one in answer["unchecked"]}
    assert set(why) == {"whether the names are free", "resources with values that are not known yet"}
    assert "AuthorizationFailed" in why["whether the names are free"]


@pytest.mark.parametrize(
    ("reads", "late", "asked"),
    [
        ([], False, 0),
        ([["get"], ["get"]], False, 2),
        # Of two replicas that answer in turn, one is late for a while.
        ([["get"], ["get", "list"], ["get", "list"], ["get"], ["get"], ["get"]], False, 6),
        ([["list"]] * 500, True, None),
    ],
)
async def test_a_vault_is_asked_for_by_a_write_until_reads_agree(
    pulumi: Engine,
    monkeypatch: pytest.MonkeyPatch,
    reads: list[list[str]],
    late: bool,
    asked: int | None,
) -> None:
    """Two in a row, or none within two minutes."""

    def vault(permissions: list[str]) -> dict[str, Any]:
        entry = {"objectId": "somebody", "permissions": {"keys": permissions}}
        return {"id": VAULT_ID, "properties": {"accessPolicies": [entry]}}

    answers = iter(map(vault, reads))

    async def written_vault(_: Any) -> dict[str, Any]:
        return vault(["get"])

    async def ask(*_: Any) -> dict[str, Any]:
        return next(answers)

    monkeypatch.setattr(pulumi.azure, "written_vault", written_vault)
    monkeypatch.setattr(pulumi.azure, "ask", ask)
    began = pulumi.clock.now()
    answer, _ = await pulumi.invoke(WRITTEN, {"vaultId": VAULT_ID, "awaitsReads": bool(reads)})
    assert answer == {"vault": vault(["get"]), "readsAreLate": late}
    assert asked in (None, len(reads) - len([*answers]))
    assert (pulumi.clock.now() - began >= 120) is late
