"""The state after a killed update: what is taken over, what is left, what is refused."""

import copy
import json
import re
from typing import Any

import pytest
from pulumi.automation import CommandResult

from core import resource_types
from core.engine_values import UNKNOWN
from core.login import Login
from localazure.standin.table import resource_type
from operate import recover, stack
from operate.azure import UnansweredError
from operate.recover import FORMS, UnknownIdError, arm_id, completed, missing, resolved
from tests.support.stack import ROOT

SUBSCRIPTION = "7b2e9d40-1c58-4f6a-8e37-94a0c5d6b213"
OTHER = "3f0a4c7b-1c58-4f6a-8e37-94a0c5d6b213"
GROUP = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg-a"
VAULT = f"{GROUP}/providers/Microsoft.KeyVault/vaults/kv-a"
ACCOUNTS = f"{GROUP}/providers/Microsoft.CognitiveServices/accounts"
IN_VAULT = {"resourceGroupName": "rg-a", "vaultName": "kv-a"}
POLICY = "azure-cmk:index:AccessPolicy"
RULE = "azure-native:monitor:ScheduledQueryRule"
ACCOUNT = "azure-native:cognitiveservices:Account"
PROVIDER = "urn:pulumi:dev::p::pulumi:providers:azure-native::default"


def resource(type: str, name: str, id: str = "", **inputs: Any) -> dict[str, Any]:
    found = {"urn": f"urn:pulumi:dev::p::c:index:C${type}::{name}", "type": type, "inputs": inputs}
    return {**found, "custom": True, "provider": f"{PROVIDER}::1", **({"id": id} if id else {})}


def account(name: str, id: str = "") -> dict[str, Any]:
    return resource(ACCOUNT, "account", id, accountName=name, resourceGroupName="rg-a")


def state(*resources: dict[str, Any], pending: list[tuple[str, dict[str, Any]]]) -> dict[str, Any]:
    provider = {"urn": PROVIDER, "id": "1", "type": "pulumi:providers:azure-native", "inputs": {}}
    operations = [{"type": type, "resource": made} for type, made in pending]
    return {
        "version": 3,
        "deployment": {"resources": [provider, *resources], "pending_operations": operations},
    }


def test_every_type_that_a_component_makes_has_its_id() -> None:
    """Whatever create is cut off, its resource can be found."""
    text = "".join(file.read_text() for file in (ROOT / "components").rglob("*.py"))
    names = re.findall(r"\bDeclaration\(\s*(?:resource_)?types\.(\w+)", text)
    made = {getattr(resource_types, name) for name in names}
    assert len(made) > 10
    assert {type for type in made if type.startswith("azure-native:")} <= set(FORMS)


@pytest.mark.parametrize("type", [type for type in FORMS if not type.startswith("azure-cmk:")])
def test_ids_are_those_that_azure_native_gives(type: str) -> None:
    """The form of each id is the one that the stand-in for azure-native makes."""
    assert FORMS[type] == resource_type(type).path


@pytest.mark.parametrize(
    ("type", "inputs", "subscription", "id"),
    [
        # Also from an input inside another, and from one that is an id itself.
        (POLICY, {**IN_VAULT, "policy": {"objectId": "o"}}, SUBSCRIPTION, f"{VAULT}/accessPolicy/o"),
        (
            "azure-native:monitor:DiagnosticSetting",
            {"resourceUri": VAULT, "name": "n"},
            "",
            f"{VAULT}/providers/Microsoft.Insights/diagnosticSettings/n",
        ),
        ("azure-native:storage:StorageAccount", {}, SUBSCRIPTION, "UNKNOWN: .*pulumi import"),
        (ACCOUNT, {"accountName": "a", "resourceGroupName": "g"}, "", "UNKNOWN: .*ARM_SUBSCRIPTION_ID"),
        (ACCOUNT, {"resourceGroupName": "g"}, SUBSCRIPTION, "UNKNOWN: .*accountName is None"),
        (POLICY, {"subscriptionId": UNKNOWN}, SUBSCRIPTION, "UNKNOWN: .*subscriptionId comes"),
    ],
)
def test_an_id_is_made_of_the_inputs(type: str, inputs: dict[str, Any], subscription: str, id: str) -> None:
    """Where it cannot be told, the message says what is missing, or what to do instead."""
    if words := re.match("UNKNOWN: (.*)", id):
        with pytest.raises(UnknownIdError, match=words[1]):
            arm_id(type, inputs, subscription)
    else:
        assert arm_id(type, inputs, subscription) == id


def test_a_create_is_taken_over_and_the_rest_is_the_engines() -> None:
    """What was created gets its id, and outputs by which the program knows it; the rest is done again."""
    group = resource("azure-native:resources:ResourceGroup", "group", GROUP, resourceGroupName="rg-a")
    binding = resource("azure-cmk:index:CustomerManagedKey", "binding")
    pending = [("creating", account("lang-a")), ("updating", group), ("creating", binding)]
    after, cuts = resolved(state(group, pending=pending), "")
    id = f"{ACCOUNTS}/lang-a"
    assert [(cut.doing, cut.id) for cut in cuts] == [("creating", id), ("updating", ""), ("creating", "")]
    _, _, taken_over = after["deployment"]["resources"]
    outputs = {**taken_over["inputs"], "id": id, "name": "lang-a"}
    assert taken_over == {**account("lang-a", id), "outputs": outputs}
    assert "pending_operations" not in after["deployment"]


def test_a_create_that_azure_does_not_have_is_made_again() -> None:
    """In the state, a preview would take it for made before its refresh tells otherwise."""
    other = resource(ACCOUNT, "other", accountName="lang-b", resourceGroupName="rg-a")
    before = state(pending=[("creating", account("lang-a")), ("creating", other)])
    after, cuts = resolved(before, SUBSCRIPTION, lambda _state, where: where.endswith("lang-b"))
    assert [bool(cut.id) for cut in cuts] == [False, True]
    assert "`pulumi up` does it again" in str(cuts[0])
    assert [one["id"].rpartition("/")[2] for one in after["deployment"]["resources"]] == ["1", "lang-b"]


def test_a_replacement_keeps_what_it_replaces_until_it_is_deleted() -> None:
    """The new one comes first and the old one is marked, as the engine itself has them between the halves. An
    operation whose end was recorded and which is still listed adds nothing."""
    old = account("lang-old", f"{ACCOUNTS}/lang-old")
    after, (cut,) = resolved(state(old, pending=[("creating", account("lang-new"))]), "")
    _, new, marked = after["deployment"]["resources"]
    assert new["id"].endswith("/lang-new")
    assert marked == {**old, "delete": True}
    assert "lang-old, which `pulumi up` deletes" in str(cut)
    made = account("lang-a", f"{ACCOUNTS}/LANG-A")
    after, _ = resolved(state(made, pending=[("creating", account("lang-a"))]), "")
    assert after["deployment"]["resources"][1:] == [made]


@pytest.mark.parametrize("times", [1, 2])
def test_a_replacement_of_the_same_id_is_taken_over(times: int) -> None:
    """The engine deletes the old one first and keeps it in the state, pending; what is there under its id is
    the new one, however often its create was cut off. `up` would refuse to create it else."""
    id = f"{GROUP}/providers/Microsoft.Insights/scheduledQueryRules/alert"
    made = resource(RULE, "alert", ruleName="alert", resourceGroupName="rg-a", location="northeurope")
    old = {
        **made,
        "id": id,
        "inputs": {**made["inputs"], "location": "westeurope"},
        "pendingReplacement": True,
    }
    after, cuts = resolved(state(old, pending=[("creating", made)] * times), SUBSCRIPTION)
    (taken_over,) = after["deployment"]["resources"][1:]
    assert (taken_over["id"], taken_over["inputs"]) == (id, made["inputs"])
    assert not taken_over.get("pendingReplacement")
    assert [cut.predecessor for cut in cuts] == [""] * times


@pytest.mark.parametrize(
    ("named", "others", "login", "wanted"),
    [
        ({"subscriptionId": OTHER}, (), SUBSCRIPTION, OTHER),
        ({}, (resource("azure-native:resources:ResourceGroup", "group", GROUP),), OTHER, SUBSCRIPTION),
        ({}, (), OTHER, OTHER),
    ],
)
def test_the_subscription_is_the_providers_own(
    named: dict[str, str], others: tuple[Any, ...], login: str, wanted: str
) -> None:
    """A provider that names one is believed; else its other resources tell, and only then the login."""
    before = state(*others, pending=[("creating", account("lang-a"))])
    before["deployment"]["resources"][0]["inputs"] = named
    assert f"/{wanted}/" in resolved(before, login)[1][0].id


@pytest.mark.parametrize(("login", "problems"), [("", [True, True]), (SUBSCRIPTION, [True, False])])
def test_fails_with_the_state_as_it_was(login: str, problems: list[bool]) -> None:
    """One operation that cannot be resolved leaves all of them, and every problem is told."""
    unknown = resource("azure-native:storage:StorageAccount", "storage")
    before = state(pending=[("creating", unknown), ("creating", account("lang-a"))])
    kept = copy.deepcopy(before)
    after, cuts = resolved(before, login)
    assert after == before == kept
    assert [bool(cut.problem) for cut in cuts] == problems


class Cloud:
    """Has the resources of these ids; every other one is absent, or answers with `refusal`."""

    def __init__(self, *ids: str, refusal: str = "404 ResourceNotFound: no", **bodies: Any) -> None:
        self.bodies = {id: {"id": id, **bodies} for id in ids}
        self.refusal = refusal

    def get(self, path: str, api_version: str) -> Any:
        assert api_version.startswith("20")
        if path not in self.bodies:
            raise UnansweredError(self.refusal)
        return self.bodies[path]


def taken(cloud: Cloud, *created: dict[str, Any]) -> tuple[list[str], list[str]]:
    """The ids of what exists and is missing from the state, and what is not known."""
    document = {"deployment": {"resources": [{"urn": PROVIDER, "id": "1", "inputs": {}}]}}
    found, problems = missing(created, document, cloud, SUBSCRIPTION)  # type: ignore[arg-type]
    return [one["id"] for one in found], problems


def declared(name: str) -> dict[str, Any]:
    return resource(
        ACCOUNT, "account", accountName=name, resourceGroupName="rg-a", azureApiVersion="2025-06-01"
    )


def test_what_is_declared_and_exists_is_taken_into_the_state() -> None:
    """With the id that it has in Azure; what is not there is left to be created. A refusal is not an absence,
    and a name that an update gives is not known before it."""
    id = f"{ACCOUNTS}/lang-a"
    assert taken(Cloud(id), declared("lang-a"), declared("lang-b")) == ([id], [])
    for cloud, name, words in (
        (Cloud(refusal="403 AuthorizationFailed: no"), "lang-a", "403 AuthorizationFailed"),
        (Cloud(), UNKNOWN, "accountName comes from another resource that is missing"),
    ):
        ids, (problem,) = taken(cloud, declared(name))
        assert (ids, words in problem) == ([], True)


@pytest.mark.parametrize(
    ("entry", "exists"),
    [
        ({"objectId": "O"}, True),
        ({"objectId": "O", "applicationId": "a"}, False),
        ({"objectId": "p"}, False),
    ],
)
def test_an_access_policy_exists_where_the_vault_lists_it(entry: dict[str, str], exists: bool) -> None:
    """It has no id in Azure; one that goes through an application is another."""
    policy = resource(POLICY, "access", policy={"objectId": "o"}, **IN_VAULT)
    cloud = Cloud(VAULT, properties={"accessPolicies": [entry]})
    assert taken(cloud, policy) == ([f"{VAULT}/accessPolicy/o"] * exists, [])


STACK = "urn:pulumi:dev::p::pulumi:pulumi:Stack::p-dev"
SERVICE = "urn:pulumi:dev::p::c:index:C::claims"
DEFAULT = "urn:pulumi:dev::p::pulumi:providers:azure-native::default_3_29_0"
OWN = "urn:pulumi:dev::p::pulumi:providers:azure-native::hub"
NEW_ID = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
"""What a preview shows as the id of a provider that is not made yet."""


def below(name: str, provider: str, **more: Any) -> dict[str, Any]:
    made = resource("azure-native:keyvault:Vault", name, f"/{name}")
    return {**made, "parent": SERVICE, "provider": f"{provider}::{NEW_ID}", **more}


def test_a_lost_state_gets_back_components_and_providers() -> None:
    """Each once and before what is below it, and none of a service that exists nowhere; a secret that a
    preview masks is no setting of a provider, and what is not in the state yet is nobody's dependency."""
    stack, service = (
        {"urn": STACK, "type": "pulumi:pulumi:Stack", "custom": False},
        {"urn": SERVICE, "type": "c:index:C", "custom": False, "parent": STACK},
    )
    own = {"urn": OWN, "type": "pulumi:providers:azure-native", "custom": True, "parent": STACK}
    own["inputs"] = {"subscriptionId": OTHER, "clientSecret": "[secret]"}
    absent = below("absent", DEFAULT)["urn"]
    found = [
        below("a", DEFAULT, dependencies=[absent], propertyDependencies={"x": [absent]}),
        below("b", OWN),
        below("c", DEFAULT, dependencies=[below("a", DEFAULT)["urn"]]),
    ]
    unmade = {**service, "urn": f"{SERVICE}-new"}
    added = completed(found, [stack, service, unmade, own, *found], [])
    at = {one["urn"]: place for place, one in enumerate(added)}
    assert len(at) == len(added) == 7
    for one in added:
        assert all(at[urn] < at[one["urn"]] for urn in (one.get("parent"), *one["dependencies"]) if urn)
        if named := one.get("provider"):
            provider = added[at[named.rpartition("::")[0]]]
            assert named == f"{provider['urn']}::{provider['id']}"
            assert provider["id"] != NEW_ID
    assert added[at[DEFAULT]]["inputs"] == {"version": "3.29.0"}
    assert added[at[OWN]]["inputs"] == {"subscriptionId": OTHER}
    assert [one["propertyDependencies"] for one in added if one["urn"].endswith("::a")] == [{"x": []}]


HELD = [{"urn": urn, "type": "", "id": "1"} for urn in (STACK, SERVICE, DEFAULT)]


def test_a_state_that_has_them_gets_what_was_found_alone() -> None:
    """Under the provider that the state has, whatever id a preview shows; also where the state has the old
    one of a replacement, which the engine has yet to delete."""
    for held in (HELD, [*HELD, {**below("a", DEFAULT), "delete": True}]):
        (added,) = completed([below("a", DEFAULT)], [], held)
        assert added["provider"] == f"{DEFAULT}::1"


def test_a_resource_is_looked_for_where_its_own_provider_is() -> None:
    """Another subscription may have one of the same name. The provider is known from the preview alone."""
    wanted = {**declared("lang-a"), "provider": f"{OWN}::{NEW_ID}"}
    for told in (OTHER, SUBSCRIPTION):
        own = {"urn": OWN, "type": "pulumi:providers:azure-native", "inputs": {"subscriptionId": told}}
        id = f"{ACCOUNTS}/lang-a".replace(SUBSCRIPTION, told)
        assert taken(Cloud(id), own, wanted) == ([id], [])
    hidden = {**own, "inputs": {"subscriptionId": "[secret]"}}
    found, (problem,) = taken(Cloud(), hidden, wanted)
    assert (found, "the subscriptionId of its provider" in problem) == ([], True)


ROLE = "azure-native:authorization:RoleAssignment"


def test_the_successor_of_a_role_assignment_is_taken_in_beside_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its create was answered by nothing, and every update since is refused. The next update deletes the old
    one. Of an account no successor is taken in: the old one would go with its data. Without --yes nothing is
    written. The update that goes on logs in by the configuration, because the state may have a secret that
    was changed since."""
    scope = f"{ACCOUNTS}/lang-a"
    ids = [f"{scope}/providers/Microsoft.Authorization/roleAssignments/{name}" for name in "ab"]
    old, new = (
        resource(ROLE, "caller", id, scope=scope, roleAssignmentName=id[-1], azureApiVersion="2022-04-01")
        for id in ids
    )
    del new["id"]
    steps = {"steps": [{"op": "replace", "newState": one} for one in (new, declared("lang-b"))]}
    previews, written = [steps, steps, {"steps": []}], list[Any]()

    def preview(*_: str, **__: object) -> CommandResult:
        return CommandResult(json.dumps(previews.pop(0)), "", 0)

    monkeypatch.setattr(recover, "LiveAzure", lambda _: Cloud(*ids, scope.replace("lang-a", "lang-b")))
    monkeypatch.setattr(recover, "pulumi", preview)
    monkeypatch.setattr(recover, "saved", lambda *_: "saved")
    monkeypatch.setattr(recover, "_write", lambda _, state: written.append(state))
    monkeypatch.setattr(recover, "_pulumi", lambda *_: json.dumps(written[-1]))
    login, held = Login(settings={"subscriptionId": SUBSCRIPTION}), state(old, pending=[])
    said: list[str] = []
    for saves, code, writes in (("", 1, 0), ("{}", 0, 1)):
        assert recover._taken_in("dev", held, login, said.append, saves=saves) == code
        assert len(written) == writes
    assert said[-1] == "now run `pulumi up --stack dev --refresh --run-program`"
    kept = [(one["id"], one.get("delete", False)) for one in written[0]["deployment"]["resources"][1:]]
    assert kept == [(ids[1], False), (ids[0], True)]


def test_the_way_out_of_a_lock_names_the_stack(monkeypatch: pytest.MonkeyPatch) -> None:
    """The engine's own words do not, and would cancel the update of the stack that is selected."""
    locked = "the stack is currently locked: wait, or delete the lock with `pulumi cancel`."
    monkeypatch.setattr(stack, "pulumi", lambda *_, **__: CommandResult("", locked, 1))
    with pytest.raises(stack.StackError, match="with `pulumi cancel --stack prod`"):
        stack.told("prod", "`pulumi stack import` failed", "stack", "import")
