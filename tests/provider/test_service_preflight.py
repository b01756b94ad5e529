"""The answer to the one question of a program: who may ask it, what could not be read, and when an answer of
Azure is believed."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from core.arm_ids import MalformedError
from core.facts import KEY_VAULT_SOURCE, Deleted, RoleAssignment
from core.roles import HSM_CRYPTO_SERVICE_ENCRYPTION_USER
from core.service.access import RevokedAccess
from core.service.desired import DesiredKey, DesiredService, DesiredVault
from core.service.question import PreflightAnswer, PreflightQuestion, Request, answer_of, question_of
from core.service.state import READ_PARTS, Deployer
from provider import service_look
from provider.failure import ServiceError
from tests.provider.fake_azure import (
    ACCOUNT_ID,
    HSM_ID,
    HSM_KEY,
    KEY_ID,
    PRINCIPAL,
    SUBSCRIPTION,
    TENANT,
    V1,
    V2,
    VAULT_ID,
    VAULT_URI,
    a_version,
    key_uri,
)
from tests.provider.rig import Engine, refused

LOGIN = Deployer(TENANT, SUBSCRIPTION, "deployer")
ARGUMENTS = {"account": "accountName", "vault": "vault.name", "resourceGroup": "resourceGroupName"}
NEW = DesiredService(
    account_name="language",
    kind="TextAnalytics",
    location="westeurope",
    resource_group_name="language",
    vault=DesiredVault(name="language-vault"),
    key=DesiredKey(name="language-key"),
    arguments=ARGUMENTS,
)
URN = "urn:pulumi:t::p::language-cmk:index:EncryptedAIServicesAccount"


def bound_account(version: str = V1) -> dict[str, Any]:
    """The account as Resource Manager has it, under a version of the key."""
    key = {"keyVaultUri": VAULT_URI, "keyName": "language-key", "keyVersion": version}
    encryption = {"keySource": KEY_VAULT_SOURCE, "keyVaultProperties": key}
    identity = {"type": "SystemAssigned", "principalId": PRINCIPAL}
    properties = {"provisioningState": "Succeeded", "encryption": encryption}
    return {"id": ACCOUNT_ID, "name": "language", "identity": identity, "properties": properties}


def recorded(**binding: Any) -> dict[str, Any]:
    """A stack with the account and its binding, whose vault and key are elsewhere."""
    outputs = {
        f"{URN}::one": {"accountId": ACCOUNT_ID, "kind": "TextAnalytics"},
        f"{URN}$azure-native:cognitiveservices:Account::one-account": bound_account(),
        f"{URN}$azure-cmk:index:CustomerManagedKey::one-binding": {"accountId": ACCOUNT_ID, **binding},
    }
    return {urn: {"outputs": one} for urn, one in outputs.items()}


def open_vault() -> dict[str, Any]:
    """The vault, which lets the account's identity in."""
    entry = {
        "objectId": PRINCIPAL,
        "tenantId": TENANT,
        "permissions": {"keys": ["get", "wrapKey", "unwrapKey"]},
    }
    return {"id": VAULT_ID, "properties": {"accessPolicies": [entry]}}


def a_key(version: str, *, enabled: bool = True) -> dict[str, Any]:
    """The key, whose current version this is."""
    attributes = {"enabled": enabled}
    return {"id": KEY_ID, "properties": {"keyUriWithVersion": key_uri(version), "attributes": attributes}}


async def asked(pulumi: Engine, question: PreflightQuestion) -> PreflightAnswer:
    answer, failures = await pulumi.invoke("azure-cmk:index:preflight", {"question": question.text})
    assert not failures
    return answer_of(answer["answer"])


ELSEWHERE = DesiredService(
    account_name="language",
    kind="TextAnalytics",
    location="westeurope",
    existing_resource_group_name="language",
    vault=DesiredVault(id=VAULT_ID),
    key=DesiredKey(id=KEY_ID),
    arguments=ARGUMENTS,
)


def of_recorded(**changes: Any) -> PreflightQuestion:
    return PreflightQuestion({"one": Request(ELSEWHERE)}, recorded(**changes), LOGIN)


def test_question_and_answer_are_the_same_after_the_way() -> None:
    """Each field comes back in its own type: nested records, lists, sets and None."""
    question = PreflightQuestion({"one": Request(ELSEWHERE, ("old",))}, recorded(), LOGIN, is_preview=True)
    assert question_of(question.text) == question


@pytest.mark.parametrize(
    ("native", "words"),
    [
        (Deployer(TENANT, SUBSCRIPTION, "other"), "objectId other and deployer"),
        (Deployer("other", SUBSCRIPTION, "deployer"), "tenantId other and"),
        (Deployer(TENANT.upper(), SUBSCRIPTION, "DEPLOYER"), ""),
        (Deployer("", SUBSCRIPTION, ""), ""),
    ],
)
async def test_two_logins_are_refused(pulumi: Engine, native: Deployer, words: str) -> None:
    """What is made and what is bound must be of one principal, as far as the tokens say who it is; nothing of
    another one's is read."""
    question = PreflightQuestion({"one": Request(NEW)}, {}, native)
    if not words:
        assert (await asked(pulumi, question)).failed == ""
        return
    call = pulumi.invoke("azure-cmk:index:preflight", {"question": question.text})
    await refused(call, f"logged in as different principals: {words}")
    assert pulumi.azure.calls == ["principal"]


async def test_what_holds_a_name_is_a_problem(pulumi: Engine) -> None:
    """Of all that is soft-deleted in the subscription, which is listed once for all services."""
    place = f"{ACCOUNT_ID.rpartition('/')[0]}/language"
    pulumi.azure.deleted["accounts"] = [Deleted("id", "LANGUAGE", "westeurope", "d", "p", place)]
    pulumi.azure.deleted["vaults"] = [Deleted("id", "other", "westeurope", "d", "p", VAULT_ID)]
    services = {"one": Request(NEW), "two": Request(NEW)}
    answer = await asked(pulumi, PreflightQuestion(services, {}, LOGIN))
    for name in services:
        assert [problem.path for problem in answer.services[name].problems] == ["accountName"]
    assert [name for name in pulumi.azure.calls if name.startswith("deleted")] == [
        "deleted_vaults",
        "deleted_accounts",
    ]


async def test_a_list_that_may_not_be_read_is_told_and_no_answer_fails(
    pulumi: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A missing right is an answer; a service that is down is none."""
    answers = [ServiceError(403, "AuthorizationFailed", "no Microsoft.Test/kind/read")]

    async def deleted_accounts(subscription: str) -> list[Deleted]:
        raise answers[-1]

    monkeypatch.setattr(pulumi.azure, "deleted_accounts", deleted_accounts)
    question = PreflightQuestion({"one": Request(NEW)}, {}, LOGIN)
    told = await asked(pulumi, question)
    assert told.failed == ""
    assert "holds a name, because" in told.unchecked[0]
    assert "Microsoft.Test/kind/read" in told.unchecked[0]
    answers.append(ServiceError(503, "ServiceUnavailable", "down"))
    assert "503 ServiceUnavailable: down" in (await asked(pulumi, question)).failed


async def test_an_absent_account_is_believed_when_azure_says_so_twice(pulumi: Engine) -> None:
    """A front end that is behind is no drift; one that stays so is."""
    pulumi.azure.answers |= {VAULT_ID: open_vault(), KEY_ID: a_key(V1)}
    problems = (await asked(pulumi, of_recorded())).services["one"].problems
    assert [problem.path for problem in problems if "no longer exists" in problem.text] == ["accountName"]
    assert pulumi.clock.slept == [2.0]


async def test_a_list_of_deleted_accounts_that_lags_is_asked_again(
    pulumi: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody is told that an account cannot be recovered because the list was late about its deletion."""
    pulumi.azure.answers |= {VAULT_ID: open_vault(), KEY_ID: a_key(V1)}
    lists = [[], [Deleted("id", "language", "westeurope")]]

    async def deleted_accounts(subscription: str) -> list[Deleted]:
        return lists.pop(0) if len(lists) > 1 else lists[0]

    monkeypatch.setattr(pulumi.azure, "deleted_accounts", deleted_accounts)
    problems = (await asked(pulumi, of_recorded())).services["one"].problems
    (gone,) = [problem.text for problem in problems if problem.path == "accountName"]
    assert "az cognitiveservices account recover --name language" in gone


async def test_what_azure_answers_about_one_service_hides_no_other(
    pulumi: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither a failure, nor an id in the state that is none: the other may be about to lose access."""
    vault_id = f"{VAULT_ID}-2"
    other = replace(ELSEWHERE, vault=DesiredVault(id=vault_id), key=DesiredKey(id=f"{vault_id}/keys/k"))
    pulumi.azure.answers |= {ACCOUNT_ID: bound_account(), VAULT_ID: open_vault(), KEY_ID: a_key(V1)}
    ask = pulumi.azure.ask
    for failure in (ServiceError(401, "Unauthorized", "no"), MalformedError("found 'x', no id")):

        async def failing(method: str, path: str, *more: Any, failure: Exception = failure) -> Any:
            if path.startswith(vault_id):
                raise failure
            return await ask(method, path, *more)

        monkeypatch.setattr(pulumi.azure, "ask", failing)
        question = PreflightQuestion({"one": Request(ELSEWHERE), "two": Request(other)}, recorded(), LOGIN)
        answer = await asked(pulumi, question)
        assert [*answer.services] == ["one", "two"]
        assert answer.services["two"].problems == ()
        assert str(failure) in answer.failed or "Unauthorized" in answer.failed


async def test_an_id_in_the_state_that_is_none_hides_no_other(pulumi: Engine) -> None:
    """Of its own service nothing is known then; the other one is judged, and loses what it is to lose."""
    pulumi.azure.answers |= {ACCOUNT_ID: bound_account(), VAULT_ID: open_vault(), KEY_ID: a_key(V1)}
    stack = recorded()
    for name in [*stack]:
        stack[name.replace("::one", "::two")] = stack[name]
    stack[f"{URN}$azure-cmk:index:KeyVersion::two-key-version"] = {"outputs": {"keyId": "no id"}}
    both = {"two": Request(REVOKED), "one": Request(REVOKED)}
    answer = await asked(pulumi, PreflightQuestion(both, stack, LOGIN))
    assert [*answer.services] == ["one"]
    assert answer.services["one"].revokes == RevokedAccess(KEY_ID, PRINCIPAL)
    assert "no id" in answer.failed


AUDIT = f"{VAULT_ID}/providers/Microsoft.Insights/diagnosticSettings/audit"
REVOKED = replace(ELSEWHERE, access="revoked", keeps_logs=True)


@pytest.mark.parametrize("unanswered", [AUDIT, KEY_ID, VAULT_ID, ACCOUNT_ID])
async def test_a_question_without_an_answer_holds_up_no_revocation(
    pulumi: Engine, monkeypatch: pytest.MonkeyPatch, unanswered: str
) -> None:
    """The rest of the update fails. What was not read is no problem of its own."""
    pulumi.azure.answers |= {ACCOUNT_ID: bound_account(), VAULT_ID: open_vault(), KEY_ID: a_key(V1)}
    ask = pulumi.azure.ask

    async def failing(method: str, path: str, *more: Any) -> Any:
        if path.startswith(unanswered) and not path.removeprefix(unanswered).startswith("/"):
            raise ServiceError(400, "BadRequest", "this question is not answered")
        return await ask(method, path, *more)

    monkeypatch.setattr(pulumi.azure, "ask", failing)
    stack = recorded()
    stack[f"{URN}$azure-native:monitor:DiagnosticSetting::one-vault-audit"] = {"outputs": {"id": AUDIT}}
    answer = await asked(pulumi, PreflightQuestion({"one": Request(REVOKED)}, stack, LOGIN))
    assert "this question is not answered" in answer.failed
    found = answer.services["one"]
    assert found.revokes == RevokedAccess(KEY_ID, PRINCIPAL)
    assert found.problems == ()


@pytest.mark.parametrize(
    ("version", "way"),
    [
        (V1, f"set-attributes --id https://kv-other.vault.azure.net/keys/second/{V1} --enabled false`"),
        ("", "versions disabled, which `az keyvault key list-versions --vault-name kv-other --name second`"),
    ],
)
async def test_a_key_of_which_nobody_knows_is_not_revoked_by_another_one(
    pulumi: Engine, version: str, way: str
) -> None:
    """Somebody has bound the account elsewhere. To take away the access to the former key would leave the
    data readable, and the preview would say that it is not."""
    account = bound_account()
    key = account["properties"]["encryption"]["keyVaultProperties"]
    key |= {"keyVaultUri": "https://kv-other.vault.azure.net", "keyName": "second", "keyVersion": version}
    pulumi.azure.answers |= {ACCOUNT_ID: account, VAULT_ID: open_vault(), KEY_ID: a_key(V1)}
    question = PreflightQuestion({"one": Request(REVOKED)}, recorded(), LOGIN)
    found = (await asked(pulumi, question)).services["one"]
    assert found.revokes is None
    assert "REMOVED" not in (found.effect.text if found.effect else "")
    (problem,) = (one for one in found.problems if one.path == "access")
    assert way in problem.text


@pytest.mark.parametrize("vault_is", ["readable", "gone", "hsm gone"])
async def test_an_account_leaves_a_key_that_its_identity_can_use(
    pulumi: Engine, monkeypatch: pytest.MonkeyPatch, vault_is: str
) -> None:
    """Whether the deployer may read that key is not asked; a vault or managed HSM that is gone is no way."""
    other = f"{VAULT_ID}-2"
    former = HSM_KEY if vault_is == "hsm gone" else KEY_ID
    account = bound_account()
    if vault_is == "hsm gone":
        key = account["properties"]["encryption"]["keyVaultProperties"]
        key["keyVaultUri"] = "https://language-vault.managedhsm.azure.net"
    pulumi.azure.answers |= {ACCOUNT_ID: account, other: {**open_vault(), "id": other}}
    if vault_is == "readable":
        pulumi.azure.answers[VAULT_ID] = open_vault()
    ask = pulumi.azure.ask

    async def failing(method: str, path: str, *more: Any) -> Any:
        assert path != former, "the key that is left was asked for"
        return await ask(method, path, *more)

    monkeypatch.setattr(pulumi.azure, "ask", failing)
    stack = recorded()
    stack[f"{URN}$azure-cmk:index:KeyVersion::one-key-version"] = {"outputs": {"keyId": former}}
    moves = replace(ELSEWHERE, vault=DesiredVault(id=other), key=DesiredKey(id=f"{other}/keys/k"))
    found = await asked(pulumi, PreflightQuestion({"one": Request(moves)}, stack, LOGIN))
    assert found.services["one"].live.can_leave_key is (vault_is == "readable")


async def test_what_was_not_checked_is_told_once(pulumi: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    """However often it was asked: each answer has another correlation id."""
    pulumi.azure.answers |= {ACCOUNT_ID: bound_account(), KEY_ID: a_key(V1)}
    ask, asks = pulumi.azure.ask, []

    async def failing(method: str, path: str, *more: Any) -> Any:
        if path == AUDIT:
            asks.append(path)
            raise ServiceError(403, "AuthorizationFailed", "no", correlation_id=f"id-{len(asks)}")
        return await ask(method, path, *more)

    monkeypatch.setattr(pulumi.azure, "ask", failing)
    stack = recorded()
    stack[f"{URN}$azure-native:monitor:DiagnosticSetting::one-vault-audit"] = {"outputs": {"id": AUDIT}}
    granted = replace(ELSEWHERE, keeps_logs=True)
    answer = await asked(pulumi, PreflightQuestion({"one": Request(granted)}, stack, LOGIN))
    assert len(asks) > 1
    (unchecked,) = answer.unchecked
    assert f"id-{len(asks)}" in unchecked


def test_each_part_that_is_read_can_be_named_as_not_read() -> None:
    """An empty answer, as Pulumi's mocks give it, names them all, so that nothing counts as absent."""
    assert {*service_look._WHAT} == {*READ_PARTS}


async def test_the_version_in_use_is_read_where_it_is_not_the_current_one(pulumi: Engine) -> None:
    """A version that wraps nothing makes every write of the account fail, so that it is said before."""
    pulumi.azure.answers |= {ACCOUNT_ID: bound_account(V2), VAULT_ID: open_vault(), KEY_ID: a_key(V1)}
    pulumi.azure.versions = [a_version(V2, enabled=False), a_version(V1)]
    found = (await asked(pulumi, of_recorded())).services["one"]
    assert "disabled" in found.live.unusable
    pulumi.azure.versions = [a_version(V2), a_version(V1)]
    assert (await asked(pulumi, of_recorded())).services["one"].live.unusable == ""


async def test_a_key_in_a_managed_hsm_is_read_there(pulumi: Engine) -> None:
    """The HSM by Resource Manager, the newest version of the key and the role at it on the data plane."""
    pulumi.azure.answers[HSM_ID] = {"id": HSM_ID, "properties": {}}
    pulumi.azure.roles = [RoleAssignment(HSM_KEY, PRINCIPAL, HSM_CRYPTO_SERVICE_ENCRYPTION_USER.id)]
    in_hsm = replace(NEW, key=DesiredKey(id=HSM_KEY))
    state = recorded()
    grant = f"{URN}$azure-cmk:index:ManagedHsmRoleAssignment::one-access"
    state[grant] = {"outputs": {"principalId": PRINCIPAL, "assignmentId": f"{HSM_KEY}/role"}}
    live = (
        (await asked(pulumi, PreflightQuestion({"one": Request(in_hsm)}, state, LOGIN))).services["one"].live
    )
    assert (live.vault or {})["id"] == HSM_ID
    assert (live.key or {})["properties"]["keyUriWithVersion"] == key_uri(V1)
    assert live.assignment is not None


@pytest.mark.parametrize("text", ["", "[]", "7", '{"services": 1}', '{"other": 1}'])
async def test_a_text_that_is_no_question_is_refused(pulumi: Engine, text: str) -> None:
    """As from another version of the components."""
    call = pulumi.invoke("azure-cmk:index:preflight", {"question": text or "{"})
    await refused(call, "found a text that is no question of this version's components")
