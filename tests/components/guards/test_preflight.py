"""What the preflight takes for an absent resource, and what stops the program."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import pulumi
import pytest
from pulumi.runtime import rpc
from pulumi.runtime.mocks import MockCallArgs

from components.azure_failures import missing_data_role
from components.preflight.run import RefusedError, ServiceRequest, preflight
from components.sdk.invokes import InvokeError
from components.service_plan import ServicePlan
from components.testing import SUBSCRIPTION, AbsentError, existing_vault
from core import arm_ids
from core.facts import Deleted
from core.service.account import AccountBefore
from core.service.question import PreflightAnswer, ServiceAnswer
from core.service.state import Deployer
from provider.failure import ServiceError
from tests.components.bound import GRANT, HUB, state
from tests.support.recording import FakeAzure, RecordingMonitor, run, service_inputs

HSM_KEY = HUB.replace("/vaults/kv-hub", "/managedHSMs/hsm-hub/keys/cmk")


class RefusedLoginError(AbsentError):
    """What a provider answers without a login."""

    def details(self) -> str:
        return "Azure does not accept the login"


def test_a_question_that_is_not_answered_is_told_without_a_traceback() -> None:
    """Such as a login that Azure does not accept, which is how many a first run ends."""

    def refusing(args: MockCallArgs) -> None:
        if args.token.endswith(":getClientConfig"):
            raise RefusedLoginError

    wanted = ServiceRequest(service_inputs())
    with pytest.raises(pulumi.RunError, match="Azure does not accept the login"):
        run(lambda: preflight({"one": wanted}), azure=answered(FakeAzure(), refusing))


def test_a_shared_vault_is_asked_about_once() -> None:
    """However many services have their keys in it; what is a service's own is asked for each."""
    azure = FakeAzure()
    services = {
        name: ServiceRequest(service_inputs(name, vault={"id": HUB})) for name in ("one", "two", "three")
    }
    run(lambda: preflight(services), azure=azure)
    read = [arm_ids.parse(id).type for id in azure.read]
    assert (read.count(arm_ids.VAULT), read.count(arm_ids.KEY)) == (1, 3)


def test_all_services_are_one_question() -> None:
    """However many: what the state has, who azure-native is, and then one call of azure-cmk about what exists
    and one about what is yet to be made."""
    calls = []
    for number in (1, 20):
        azure, names = FakeAzure(), [f"s{one}" for one in range(number)]
        azure.state = {urn: one for name in names for urn, one in state(name).items()}
        azure.vault, azure.key = existing_vault(accessPolicies=[GRANT]), {"name": "cmk"}
        services = {name: ServiceRequest(service_inputs(name)) for name in names}
        run(partial(preflight, services), azure=azure)
        calls.append([one.token for one in azure.asked])
    one_service, twenty_services = calls
    assert one_service == twenty_services
    assert one_service == [
        "pulumi:pulumi:readStackResourceOutputs",
        "azure-native:authorization:getClientConfig",
        "azure-cmk:index:preflight",
        "azure-cmk:index:checkDeployment",
    ]


def test_an_output_that_is_not_known_yet_is_none() -> None:
    """As a preview may tell the resources of a service that the same program has declared before."""
    azure, plans = two_services(), dict[str, ServicePlan]()
    (account,) = (urn for urn in azure.state if urn.endswith("::one-account"))
    azure.state[account]["outputs"]["etag"] = rpc.UNKNOWN
    run(
        lambda: plans.update(preflight({"two": ServiceRequest(service_inputs("two"))})),
        azure=azure,
        preview=True,
    )
    assert plans["two"].service.before.is_bound


def test_a_key_that_may_not_be_read_names_the_role() -> None:
    """Azure's 400 for keys through Resource Manager gets its fix; other errors stay as they are."""
    denied = 'Status=400 Code="ForbiddenByRbac" Message="... Caller: name=KeyVault/ManagementPlane;appid=x"'
    assert "'Key Vault Crypto Officer' on the vault" in str(missing_data_role(denied))
    assert missing_data_role("status code 403") is None


def two_services() -> FakeAzure:
    """Two bound services, `one` and `two`, whose vaults let them in."""
    azure = FakeAzure()
    azure.state = {**state("one"), **state("two")}
    azure.vault, azure.key = existing_vault(accessPolicies=[GRANT]), {"name": "cmk"}
    return azure


def answered(azure: FakeAzure, by: Callable[[MockCallArgs], Any]) -> FakeAzure:
    """An Azure some of whose answers are `by` this, which raises or tells what they are."""
    known = azure.call

    def call(args: MockCallArgs) -> Any:
        told = by(args)
        azure.asked += [args] * (told is not None)
        return known(args) if told is None else (told, [])

    azure.call = call  # type: ignore[method-assign]
    return azure


def test_access_is_taken_away_although_another_service_is_refused() -> None:
    """A problem of one service keeps the data of no other one readable, and the refusal says so."""
    monitor = RecordingMonitor(two_services())
    services = {
        "one": ServiceRequest(service_inputs("one", location="northeurope")),
        "two": ServiceRequest(service_inputs("two", access="revoked")),
    }
    with pytest.raises(RefusedError, match=r"(?s)1 problem.*access: revoked of 'two' does not wait"):
        run(lambda: preflight(services), monitor=monitor)
    assert [found.name for found in monitor.of(":KeyAccessRevocation")] == ["two-revocation"]


def test_access_is_taken_away_although_azure_does_not_answer() -> None:
    """A question about one service that fails ends the run, and keeps the data of no other one readable."""
    azure = two_services()
    found = azure.found

    def silent(id: str) -> Any:
        if "/kv-one" in id:
            raise ServiceError(401, "InvalidAuthenticationToken", "Azure does not accept the login")
        return found(id)

    azure.found = silent  # type: ignore[method-assign]
    monitor = RecordingMonitor(azure)
    services = {
        "one": ServiceRequest(service_inputs("one")),
        "two": ServiceRequest(service_inputs("two", access="revoked")),
        "new": ServiceRequest(service_inputs("new")),
    }
    with pytest.raises(pulumi.RunError, match="Azure does not accept the login"):
        run(lambda: preflight(services), monitor=monitor)
    assert [found.name for found in monitor.of(":KeyAccessRevocation")] == ["two-revocation"]


def test_access_is_taken_away_although_new_resources_cannot_be_checked() -> None:
    """The question about them comes last, and its failure ends the run."""

    def silent(args: MockCallArgs) -> Any:
        if args.token.endswith(":checkDeployment"):
            raise RefusedLoginError

    monitor = RecordingMonitor(answered(two_services(), silent))
    services = {
        "two": ServiceRequest(service_inputs("two", access="revoked")),
        "new": ServiceRequest(service_inputs("new")),
    }
    with pytest.raises(pulumi.RunError, match="Azure does not accept the login"):
        run(lambda: preflight(services), monitor=monitor)
    assert [found.name for found in monitor.of(":KeyAccessRevocation")] == ["two-revocation"]


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (
            PreflightAnswer({"one": ServiceAnswer()}).text,
            "azure-cmk answered nothing about two; run the same",
        ),
        ("{}", "versions"),
        ("[1]", "versions"),
        ('{"services": {"one": {"form": "of another version"}}}', "versions"),
    ],
)
def test_an_answer_of_another_version_ends_the_run(answer: str, said: str) -> None:
    """No service is planned by an answer that says nothing of it, or cannot be read."""

    def other(args: MockCallArgs) -> Any:
        return {"answer": answer} if args.token.endswith(":preflight") else None

    services = {name: ServiceRequest(service_inputs(name)) for name in ("one", "two")}
    with pytest.raises(InvokeError, match=said):
        run(lambda: preflight(services), azure=answered(two_services(), other))


def test_access_is_taken_away_at_the_key_in_use() -> None:
    """Whatever vault or key the same update declares: the data is under the one that it is bound to."""
    wanted = ServiceRequest(service_inputs("one", access="revoked", vault={"id": HUB}))
    monitor = RecordingMonitor(two_services())
    with pytest.raises(RefusedError, match=r"vault\.id: takes account 'lang-one' away.*would be deleted"):
        run(lambda: preflight({"one": wanted}), monitor=monitor)
    (revoked,) = monitor.of(":KeyAccessRevocation")
    assert revoked.inputs["keyId"].endswith("/vaults/kv-one/keys/cmk-one")


@pytest.mark.parametrize("late", [arm_ids.ACCOUNT, arm_ids.VAULT, arm_ids.KEY, "grant"])
def test_what_one_read_does_not_find_is_looked_for_twice(late: str) -> None:
    """A front end that is behind is no drift: nobody is told to forget what is there. Nor is a grant of
    seconds ago, which the first read of the vault does not show, an access that was removed."""
    azure, type = two_services(), arm_ids.VAULT if late == "grant" else late
    at_once, found = existing_vault() if late == "grant" else None, azure.found

    def asked() -> int:
        return len([id for id in azure.read if arm_ids.parse(id).type == type])

    def behind(id: str) -> Any:
        return at_once if arm_ids.parse(id).type == type and asked() == 1 else found(id)

    azure.found = behind  # type: ignore[method-assign]
    run(lambda: preflight({"one": ServiceRequest(service_inputs("one"))}), azure=azure)
    assert asked() == 2


def test_the_problem_of_one_service_hides_none_of_another() -> None:
    """What Azure would refuse is told beside what is refused already, of the same service, too; but not of an
    argument that is refused already: a name that is held by a deleted vault is taken, too."""
    azure = FakeAzure()
    groups = {name: f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg-{name}" for name in ("fine", "wrong")}
    held = f"{groups['wrong']}/providers/Microsoft.KeyVault/vaults/kv-wrong"
    azure.deleted = {"vaults": [Deleted("x", "kv-wrong", "westeurope", resource_id=held)]}
    found = [*groups.values(), held]
    azure.report = {
        "findings": [{"id": one, "text": "Azure Policy denies it", "fix": "ask for it"} for one in found]
    }
    wanted = {
        "wrong": ServiceRequest(service_inputs("wrong", access="revoked")),
        "fine": ServiceRequest(service_inputs("fine")),
    }
    with pytest.raises(RefusedError) as refused:
        run(lambda: preflight(wanted), azure=azure)
    told = [(name, problem.path) for name, problem in refused.value.problems]
    assert sorted(told) == [
        ("fine", "resourceGroupName"),
        ("wrong", "access"),
        ("wrong", "resourceGroupName"),
        ("wrong", "vault.name"),
    ]


@pytest.mark.parametrize("said", [{}, {"vault": {"id": HUB}}, {"key": {"id": HSM_KEY}}])
def test_an_empty_answer_is_none(said: dict[str, Any]) -> None:
    """Pulumi's own mocks answer every call with nothing: what they do not tell cannot be read, which is told,
    and the service is planned as for a first time."""
    plans: dict[str, ServicePlan] = {}
    request = ServiceRequest(service_inputs("one", **said))
    run(lambda: plans.update(preflight({"one": request})), azure=answered(FakeAzure(), lambda _: {}))
    one = plans["one"]
    assert (one.service.login, one.service.account) == (Deployer(), AccountBefore())
    assert not one.service.keeps_key
    assert (one.service.account_id, one.service.has_proof, one.service.proven_by_use) == (None, False, False)


def test_however_much_is_not_checked_it_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    """It says what the login may not do; the questions and their reasons are listed with --debug. A single
    one is told as it is."""
    told: dict[str, list[str]] = {"warn": [], "debug": []}
    for level, texts in told.items():
        monkeypatch.setattr(pulumi.log, level, lambda text, *_, texts=texts: texts.append(text))
    azure = FakeAzure()
    questions = [
        {"check": "rights", "what": f"question {one}", "why": f"no Microsoft.Test/kind{one}/read"}
        for one in range(11)
    ]
    for unchecked in (questions, questions[:1]):
        azure.report = {"unchecked": unchecked}
        run(lambda: preflight({"one": ServiceRequest(service_inputs("one"))}), azure=azure)
    many, one = told["warn"]
    assert "11 questions, of a login that may not do Microsoft.Test/kind0/read, " in many
    assert "--debug" in many
    assert len([text for text in told["debug"] if text.startswith("not checked: question ")]) == 11
    assert one == "not checked: question 0, because no Microsoft.Test/kind0/read"
