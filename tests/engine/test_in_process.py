"""Lives of services on the engine in this process (tests/support/engine.py), judged by its cloud.

Owns: what an update does to an account, its key, its vault and what hangs at them, where the components, the
providers and Azure decide it. Does not own: what Pulumi's engine does itself, which the other tests here run.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import partial
from itertools import groupby
from typing import Any
from unittest.mock import patch

import pulumi
import pytest

from components.preflight import planned
from components.resources.key import EncryptionKey
from components.resources.vault import KeyVault
from components.service import EncryptedAIServicesAccount
from core.facts import HOURS_HELD
from core.resource_types import BINDING, KEY, VAULT, WORKSPACE
from docs.examples.azure_policy.constraints import CONSTRAINTS
from docs.examples.azure_policy.guardrails import AzurePolicyGuardrails
from localazure import seed
from settings import parse
from tests.remediation.following import Way
from tests.remediation.world import (
    EXISTING_VAULT,
    KEY_VAULT,
    MICROSOFT,
    SHARED_GROUP,
    SHARED_VAULT_ID,
    World,
    permitted,
    standing,
)
from tests.settings.test_properties import program
from tests.support.az import COMMAND, carry_out
from tests.support.engine import Engine, UpdateError
from tests.support.front import SUBSCRIPTION, Door
from tests.support.in_process import Wire
from tests.support.providers import Session
from tests.support.slow_clock import BEFORE_RETIREMENTS

LOCKS = "providers/Microsoft.Authorization/locks"
BY_ITSELF = "user-assigned identity"
CALLER = "77777777-7777-4777-8777-777777777777"
HOLD = {"properties": {"level": "CanNotDelete", "notes": "legal hold"}}


def settled(world: World, **change: Any) -> None:
    """One update, and after the next, which may state the key in the account's inputs, nothing to do."""
    for more in (change, {}):
        world.must_up(**more)
    assert world.must_up() == []


def properties(world: World) -> dict[str, Any]:
    """The account's properties as the cloud holds them, with what no answer shows."""
    return dict(world.account.properties)


@pytest.mark.parametrize("mode", ["access policies", BY_ITSELF])
def test_the_customers_key_is_turned_on_and_off_on_one_account(mode: str) -> None:
    """The account keeps its id in both directions, also where its tier has to change. The way back is refused
    unless the account is named; then the binding alone goes, or one write of an account that states its
    key."""
    world = standing(mode, encryption="microsoftManaged", sku="F0")
    before = world.account
    world.must_up(encryption=None, sku="S")
    assert (world.account.internal_id, world.account.sku["name"]) == (before.internal_id, "S")
    world.declare({"encryption": "microsoftManaged"})
    assert "unbindAccount: lang-claims" in world.up()
    assert (world.engine.operations, world.is_bound) == ([], True)
    done = world.must_up(unbind_account="lang-claims")
    assert [one for one in done if one.startswith("delete")] == [f"delete {BINDING}"] * (mode != BY_ITSELF)
    names = {urn.rpartition("::")[2] for urn in world.engine.state}
    assert {"claims-vault", "claims-key", "claims-access"} <= names
    world.must_up(encryption=None, unbind_account=None)
    turns = [source for source, _ in groupby(state["keySource"] for state in world.history())]
    assert turns == [MICROSOFT, KEY_VAULT] * 2
    assert {state["readable"] for state in world.history()} == {True}


def test_a_vault_without_its_audit_is_told_and_audited_again() -> None:
    """By each plain run, which ends in a preview with what it did not read; a refresh has it made again."""
    world = World("access policies", settings={"audit": {}, "callers": [{"principal_id": "deployer"}]})
    settled(world)
    setting = f"{world.vault_id}/providers/Microsoft.Insights/diagnosticSettings/claims-audit"
    world.arm("DELETE", setting)
    for run in (world.preview, world.up):
        assert run() == ""
        assert "no use of its keys is logged" in "".join(world.engine.warnings)
        assert world.engine.operations == []
    assert world.preview() == ""
    assert world.engine.notes[-1] == "read by a refresh alone: roles of callers, workspace"
    world.refreshes = True
    assert [one.rpartition(":")[2] for one in world.must_up()] == ["DiagnosticSetting"]
    assert world.engine.warnings == []
    assert world.arm("GET", setting)["properties"]["logs"]


def test_a_deleted_workspace_is_shown_as_made_again() -> None:
    """azure-native writes it as any other, so that the engine shows an update; a refresh shows a creation."""
    world = World("access policies", settings={"audit": {}})
    settled(world)
    workspace = next(held.id for held in world.engine.state.values() if held.type == WORKSPACE)
    for refreshes, shown in ((False, "update"), (True, "create")):
        world.arm("DELETE", workspace)
        world.refreshes = refreshes
        world.declare({"tags": {"owner": shown}})
        for run in (world.preview, world.up):
            assert run() == ""
            assert any(one.startswith(f"{shown} {WORKSPACE}") for one in world.engine.operations)
            told = [one for one in world.engine.warnings if "makes it again" in one]
            assert len(told) == (shown == "update")


def test_a_deleted_account_comes_back_with_its_callers_or_is_not_offered_back() -> None:
    """A plain update takes the roles that went with it for there; the refresh that is named gives them
    again. One that was purged cannot come back."""
    world = World("access policies", settings={"callers": [{"principal_id": "deployer"}]})
    settled(world)
    world.arm("DELETE", world.account_id)
    said = world.up()
    assert world.engine.operations == []
    recover = next(one for one in COMMAND.finditer(said) if "account recover" in one[0])
    carry_out(world.wire.door, recover[0])
    assert said.index("run `pulumi up --refresh`") > recover.start()
    world.refreshes = True
    assert "create azure-native:authorization:RoleAssignment" in world.must_up()
    assert world.is_bound

    world.refreshes = False
    world.arm("DELETE", world.account_id)
    world.wire.sleep(HOURS_HELD * 3600)
    said = world.up()
    assert ("account recover" in said, "lists no deleted account of its name" in said) == (False, True)
    assert world.engine.operations == []


def test_a_new_key_needs_an_azure_native_that_keeps_to_its_types_version(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """From 27 February 2027. The releases that are known are refused before anything is made; a later one
    that does the same fails at the key, explained; one that keeps to the version does the job. What stands
    goes on under each."""
    march, upgrade = (
        datetime(2027, 3, 3, tzinfo=UTC).timestamp(),
        "`pip install --upgrade pulumi-azure-native`",
    )
    world = World("access policies", wire=Wire(Door(start=march)))
    for said in (world.preview(), world.up()):
        assert "would make key 'cmk-claims' by API version 2024-11-01" in said
        assert upgrade in said
    assert world.engine.operations == []
    with monkeypatch.context() as later:
        later.setattr(planned, "plugin_version", lambda: "3.30.0")
        said = world.up()
        assert ("NoRegisteredProviderFound" in said, upgrade in said) == (True, True)
        world.wire.door.cloud.behave(azure_native_keys="pinned")
        settled(world)
    assert world.is_bound
    world = World("access policies", wire=Wire(Door(start=BEFORE_RETIREMENTS)))
    world.must_up(vault={"key_operators": ["deployer"]})
    world.wire.sleep(march - world.wire.now())
    settled(world, tags={"owner": "another"}, key={"generation": 2})
    assert len({state["keyUri"] for state in world.history() if state.get("keyUri")}) == 2


@pytest.mark.parametrize(
    ("mode", "access"),
    [
        ("access policies", "granted"),
        ("access policies", "revoked"),
        ("Azure RBAC", "granted"),
        (EXISTING_VAULT, "granted"),
    ],
)
def test_a_destroyed_service_comes_back_with_its_data_and_its_access(mode: str, access: str) -> None:
    """Refused, with what is held and the commands; the account that comes back by these is the same, under
    the same version. A vault under Azure RBAC has lost the role, one of others the access, though a lock of
    its owner stays; what is printed gives it again, as what was revoked."""
    world = standing(mode)
    before, version = world.account, world.history()[-1]["keyUri"]
    world.must_up(access=access)
    user = (before.identity or {})["principalId"]
    if mode == EXISTING_VAULT:
        world.arm("PUT", f"{world.vault_id}/{LOCKS}/owners", HOLD)
    world.engine.destroy()
    if mode == EXISTING_VAULT:
        assert permitted(world, user) == {}
        assert [one["name"] for one in world.arm("GET", f"{world.vault_id}/{LOCKS}")["value"]] == ["owners"]
    world.settings.pop("access")
    if mode == EXISTING_VAULT:
        world.settings["key"] = {"id": f"{SHARED_VAULT_ID}/keys/cmk-claims"}
    said = world.up()
    assert ("'lang-claims' is held" in said, "account recover --name lang-claims" in said) == (True, True)
    assert world.engine.operations == []
    Way(world).follow(said)
    account = world.account
    assert (account.internal_id, world.readable) == (before.internal_id, True)
    assert world.history()[-1]["keyUri"] == version
    assert permitted(world, (account.identity or {})["principalId"]) or mode == "Azure RBAC"


DATA = f"/subscriptions/{seed.OTHER_SUBSCRIPTION_ID}/resourceGroups/rg-data"
STORAGE, OTHER_STORAGE = (
    f"{DATA}/providers/Microsoft.Storage/storageAccounts/{name}" for name in ("st1", "st2")
)
SEARCH = f"{DATA}/providers/Microsoft.Search/searchServices/srch-claims"
LINKED = [{"resourceId": STORAGE, "identityClientId": "7d2f0b57-0a35-4d4e-9d7c-3c0a2d3c4b5a"}]


@pytest.mark.parametrize(
    ("mode", "left_out"),
    [("access policies", "removes"), ("access policies", "refused"), (BY_ITSELF, "removes")],
)
def test_what_the_portal_linked_stays(mode: str, left_out: str) -> None:
    """Whether the state knows of it or not, and whatever Azure does with a write without it;
    a write that would drop the key of a search service is refused, and made once the key is given."""
    world = World(mode)
    world.wire.door.cloud.behave(put_without_user_owned_storage=left_out)
    settled(world)
    linked = {"userOwnedStorage": LINKED, "dynamicThrottlingEnabled": True}
    world.arm("PATCH", world.account_id, {"properties": linked})
    for owner in ("first", "second"):
        settled(world, tags={"owner": owner})
        assert {name: properties(world)[name] for name in linked} == linked

    search = {"qnaAzureSearchEndpointId": SEARCH, "qnaAzureSearchEndpointKey": "the-key"}
    world.arm("PATCH", world.account_id, {"properties": {"apiProperties": search}})
    world.declare({"tags": {"owner": "third"}})
    assert "searchServiceKey" in world.up()
    assert properties(world)["apiProperties"] == search
    settled(world, search_service_id=SEARCH, search_service_key="the-key")
    assert (properties(world)["apiProperties"], properties(world)["userOwnedStorage"]) == (search, LINKED)
    assert world.unbound_moments(2) == []


def test_storage_and_search_are_linked_as_the_settings_say() -> None:
    """Linked, changed and taken away, with the role of the account's identity on the storage, which is in
    another subscription; a link that stays keeps the identity that reads it."""
    world = World("access policies")
    storage = {"kind": "StorageV2", "sku": {"name": "Standard_LRS"}}
    for id, more in ((DATA, {}), (STORAGE, storage), (OTHER_STORAGE, storage)):
        url = f"https://management.azure.com{id}?api-version={'2023-05-01' if more else '2024-03-01'}"
        answer = world.session.send("PUT", url, {"location": "westeurope", **more})
        assert answer.status < 300

    def readers() -> list[int]:
        return [
            len(world.wire.door.cloud.store.scan("roleAssignment", id)) for id in (STORAGE, OTHER_STORAGE)
        ]

    settled(world, storage_account_ids=[STORAGE], search_service_id=SEARCH, search_service_key="key-1")
    assert (properties(world)["userOwnedStorage"], readers()) == ([{"resourceId": STORAGE}], [1, 0])
    world.arm("PATCH", world.account_id, {"properties": {"userOwnedStorage": LINKED}})
    settled(world, storage_account_ids=[STORAGE, OTHER_STORAGE], search_service_key="key-2")
    assert properties(world)["userOwnedStorage"] == [*LINKED, {"resourceId": OTHER_STORAGE}]
    assert properties(world)["apiProperties"]["qnaAzureSearchEndpointKey"] == "key-2"
    assert readers() == [1, 1]
    settled(world, storage_account_ids=[])
    assert (properties(world).get("userOwnedStorage", []), readers()) == ([], [0, 0])


def test_a_foundry_account_with_projects_and_models_lives() -> None:
    """Made in one update although Azure takes one write at a time and no key once there are projects; a tag
    and a capacity change leave the account bound; a project goes that removedProjects names; and a destroy
    leaves nothing."""
    projects = [{"name": "claims"}, {"name": "fraud"}]
    mini = {"name": "mini", "model": "gpt-4o-mini", "version": "2024-07-18", "capacity": 5}
    models = [mini, {"name": "search", "model": "text-embedding-3-small"}]
    world = World("access policies", settings={"kind": "AIServices"})
    world.wire.door.cloud.behave(child_write_seconds=0.2)

    def children(segment: str) -> list[str]:
        found = world.wire.door.cloud.store.scan(f"account.{segment}")
        return sorted(str(body["name"]).rpartition("/")[2] for _, body in found)

    settled(world, projects=projects, deployments=models)
    assert (children("projects"), children("deployments")) == (["claims", "fraud"], ["mini", "search"])
    bound = len(world.history()) - 1
    world.must_up(
        tags={"owner": "somebody"},
        deployments=[{**mini, "capacity": 9}, models[1]],
        removed_projects=["fraud"],
    )
    settled(world, projects=projects[:1])
    assert (children("projects"), world.unbound_moments(bound)) == (["claims"], [])
    world.engine.destroy()
    assert children("projects") == children("deployments") == []


def test_a_destroy_stops_at_the_locks_of_others_where_nothing_is_lost() -> None:
    """At the account nothing has gone yet; the locked scope is named each time, and the same command goes on
    once the lock is away."""
    world = standing("user-assigned identity")
    there, id = {*world.engine.state}, world.account_id
    for locked in (id, world.vault_id):
        world.arm("PUT", f"{locked}/{LOCKS}/hold", HOLD)
        with pytest.raises(UpdateError, match=r"following scope\(s\) are locked") as stopped:
            world.engine.destroy()
        named = re.search(r"are locked: '([^']+)'", str(stopped.value))
        assert named
        assert named[1].lower() == locked.lower()
        if locked == id:
            assert ({*world.engine.state}, world.readable) == (there, True)
        world.arm("DELETE", f"{locked}/{LOCKS}/hold")
    world.engine.destroy()
    assert world.engine.state == {}


def test_a_vault_a_key_and_a_service_of_one_name_are_three() -> None:
    """The update that a preview lets pass makes all three, and the next finds nothing to do: the program's
    own vault and key are not taken for the service's. What the service is refused says nothing of them."""
    world = World("access policies")
    world.arm("PUT", SHARED_GROUP, {"location": "westeurope"})
    unprotected = pulumi.ResourceOptions(protect=False)

    def program(**more: Any) -> None:
        place = {"resource_group_name": "rg-shared", "location": "westeurope", "tenant_id": seed.TENANT_ID}
        network = {"access": "open"}
        vault = KeyVault("claims", {**place, "network": network}, unprotected)
        key = EncryptionKey("claims", {"vault_id": vault.vault_id}, unprotected)
        args: Any = {"location": "westeurope", "key": {"id": key.key_id}, "network": network, **more}
        EncryptedAIServicesAccount("claims", args, unprotected)

    world.engine.preview(program)
    world.engine.up(program, refresh=False)
    assert {urn.rpartition("$")[2] for urn in world.engine.state} >= {
        f"{VAULT}::claims-vault",
        f"{KEY}::claims-key",
        f"{BINDING}::claims-binding",
    }
    assert (world.engine.preview(program), world.engine.up(program, refresh=False)) == ([], [])
    with pytest.raises(UpdateError, match=r"1 problem; nothing of this service was made or changed:"):
        world.engine.up(partial(program, location="northeurope"), refresh=False)


def test_a_lock_is_told_before_anything_is_written() -> None:
    """In the preview of a change that it forbids, with the command that leads out; a run that changes nothing
    passes, and so does a change that the lock allows."""
    world = standing(callers=[{"principal_id": CALLER}])
    settled(world)
    group = f"{SUBSCRIPTION}/resourceGroups/rg-claims"
    changes: Mapping[str, tuple[str, dict[str, Any]]] = {
        "changing resource group 'rg-claims'": ("ReadOnly", {"tags": {"owner": "me"}}),
        "deleting role assignment": ("CanNotDelete", {"callers": []}),
        "changing vault 'kv-claims'": ("ReadOnly", {"access": "revoked"}),
    }
    for number, (forbidden, (level, change)) in enumerate(changes.items()):
        world.arm("PUT", f"{group}/{LOCKS}/hold", {"properties": {"level": level}})
        assert world.must_up() == []
        if level == "CanNotDelete":
            world.must_up(tags={"owner": f"number {number}"})
        world.declare(change)
        said = world.preview()
        assert f"the lock 'hold' ({level}) at {group} forbids {forbidden}" in said
        written = len(world.wire.seen)
        assert world.up() != ""
        assert [method for method, _ in world.wire.seen[written:] if method in ("PATCH", "DELETE")] == []
        Way(world).follow(said)
        assert world.preview() == ""


def guarded(engine: Engine, effect: str, *, exempt: bool) -> list[str]:
    """What an update does that assigns the constraints as Azure Policy in a group of the program's own."""
    exemption: dict[str, Any] = {
        "name": "phase-one",
        "constraint": "account-customer-key",
        "scope": f"{SUBSCRIPTION}/resourceGroups/rg-claims",
        "reason": "The account is bound in phase two.",
        "until": "2099-12-31",
    }

    def program() -> None:
        from pulumi_azure_native import resources

        group = resources.ResourceGroup("group", resource_group_name="rg-claims", location="westeurope")
        args = {"scope": SUBSCRIPTION, "customer_managed_key_effect": effect}
        opts = pulumi.ResourceOptions(protect=False, depends_on=[group])
        AzurePolicyGuardrails("cmk", {**args, "exemptions": [exemption] if exempt else []}, opts)

    return engine.up(program, refresh=True)


def first_phase(engine: Engine, name: str) -> str:
    """What Azure refuses an account with that has no key yet; "" where it makes it."""
    account = f"{SUBSCRIPTION}/resourceGroups/rg-claims/providers/Microsoft.CognitiveServices/accounts/{name}"
    body = {
        "location": "westeurope",
        "kind": "TextAnalytics",
        "sku": {"name": "S"},
        "identity": {"type": "SystemAssigned"},
        "properties": {"customSubDomainName": name},
    }
    url = f"https://management.azure.com{account}?api-version=2025-06-01"
    answer = Session(engine.wire).send("PUT", url, body)
    return "" if answer.status in (200, 201) else str(answer.body)


def test_constraints_as_azure_policy_refuse_phase_one_unless_it_is_exempt_or_under_audit() -> None:
    """An exempt resource group lets the account be made, Audit lets any, and then all is settled."""
    engine = Engine(Wire())

    def count(name: str) -> int:
        types = [held.type for held in engine.state.values()]
        return types.count(f"azure-native:authorization:Policy{name}")

    guarded(engine, "Deny", exempt=False)
    assert "RequestDisallowedByPolicy" in first_phase(engine, "lang-guarded")
    guarded(engine, "Deny", exempt=True)
    assert (count("Exemption"), first_phase(engine, "lang-guarded")) == (1, "")
    (given,) = (held.inputs for held in engine.state.values() if held.type.endswith(":PolicyExemption"))
    assert given["expiresOn"] == "2099-12-31T23:59:59Z"
    assert given["description"] == "The account is bound in phase two."
    guarded(engine, "Audit", exempt=False)
    assert (count("Exemption"), count("Assignment")) == (0, len(CONSTRAINTS))
    assert count("Definition") == sum(one.built_in is None for one in CONSTRAINTS)
    assert first_phase(engine, "lang-audited") == ""
    assert guarded(engine, "Audit", exempt=False) == []


def run_program(run: Callable[..., Any], services: list[Any], **more: Any) -> dict[str, Any]:
    """Runs the program with settings, as an update or a preview; its outputs."""
    texts = {name: json.dumps(value) for name, value in {"services": services, **more}.items()}
    found: dict[str, Any] = {}

    def main() -> None:
        program.main()
        stack: Any = pulumi.runtime.get_root_resource()
        pulumi.Output.all(**stack.outputs).apply(found.update)

    with patch.object(program.settings, "load", lambda: parse({"location": "westeurope", **texts})):
        run(main)
    return found


def test_no_service_goes_unnamed() -> None:
    """Left out or renamed, a service is refused and stays; with the setting that the refusal names it goes,
    or comes under its new name with its account, never unbound. What others read of a service, in `services`,
    is the same beside another service; alone, it has the same outputs at the top, too."""
    engine = Engine(Wire())

    outputs = partial(run_program, partial(engine.up, refresh=False))
    claims, sandbox = {"name": "claims"}, {"name": "sandbox", "protect": False}
    both = outputs([claims, sandbox])
    assert {*both} == {"services"}
    of_claims = both["services"]["claims"]
    with pytest.raises(UpdateError, match=r"removedServices: \[sandbox\]"):
        outputs([claims])
    assert outputs([claims], removedServices=["sandbox"]) == {"services": {"claims": of_claims}, **of_claims}
    with pytest.raises(UpdateError, match="previousName: claims"):
        outputs([{"name": "complaints"}])
    renamed = outputs([{"name": "complaints", "previousName": "claims"}])
    assert (renamed["accountId"], engine.operations) == (of_claims["accountId"], [])
    states = engine.wire.door.cloud.store.events("encryption", of_claims["accountId"])
    assert [one["readable"] for one in states] == [True] * len(states)
    assert [one["keySource"] for one in states[1:]] == [KEY_VAULT] * (len(states) - 1)


@pytest.mark.parametrize("model", ["accessPolicy", "rbac"])
@pytest.mark.parametrize("identity", ["systemAssigned", "userAssigned"])
def test_a_resource_is_recorded_the_same_in_each_update(identity: str, model: str) -> None:
    """The engine writes the whole state once for each resource whose hooks or properties are others than
    recorded: an update of 100 services that changes nothing took 97 s of processor time. The version of a
    key names its account from the second one on, where the first made the account after it."""
    engine, service = Engine(Wire()), {"name": "fleet", "identity": identity, "accessModel": model}
    records = []
    for _ in range(2):
        run_program(partial(engine.up, refresh=False), [service])
        records.append({urn: (one.hooks, {**one.inputs}, one.outputs) for urn, one in engine.state.items()})
    first, second = records
    if identity == "userAssigned":
        for _, inputs, _ in (*first.values(), *second.values()):
            inputs.pop("accountId", None)
    assert engine.operations == []
    assert second == first


@pytest.mark.parametrize("same", [{"vault": {"name": "kv-shared-one"}}, {"account_name": "lang-shared-one"}])
def test_two_services_with_one_name_get_azures_answer(same: dict[str, Any]) -> None:
    """In a program of somebody's own, whose settings nobody reads: from Azure's check of names, or from its
    refusal of the second one. Hooks are known by the resource's two names."""
    common: Any = {"location": "westeurope", "network": {"access": "open"}, "audit": {"new_workspace": False}}

    def program() -> None:
        for name in ("alpha", "beta"):
            EncryptedAIServicesAccount(name, {**common, **same})

    with pytest.raises(UpdateError, match=r"-shared-one' is .*(in use|taken|used)") as refused:
        Engine(Wire()).up(program, refresh=False)
    assert "hook" not in str(refused.value)


_EACH = {"Check": 10, "Create": 10}
MOST: Mapping[str, Mapping[str, int]] = {
    # Whether its names are free (its group, its vault and its account); all else is asked once for all.
    "new": {**_EACH, "arm": 3},
    # What is waited for is asked about again, so that Azure's calls differ a little from run to run. The
    # account is read immediately before it is written, and after.
    "update": {**_EACH, "Invoke": 2, "arm": 50},
    # A refresh reads and compares each resource. What is not in the state, the survey asks for; also whether
    # the vault is still audited.
    "unchanged": {"Read": 10, "Check": 10, "Diff": 10, "Invoke": 4, "arm": 14},
}
"""The calls of one more service to the providers, by method, and to Azure Resource Manager, `arm`."""


class Counted(Engine):
    """Counts what the providers are asked."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self.calls = Counter[str]()

    def call(self, method: str, type: str, request: Any) -> Any:
        self.calls[method] += 1
        return super().call(method, type, request)


def test_one_more_service_costs_a_known_number_of_calls() -> None:
    """What takes more calls for each service takes more time: whoever means it says so in the table."""
    asked: dict[str, list[Counter[str]]] = {what: [] for what in MOST}
    for services in (1, 3):
        engine = Counted(Wire())
        runs: tuple[Callable[..., Any], ...] = (
            engine.preview,
            partial(engine.up, refresh=True),
            partial(engine.preview, refresh=True),
        )
        for what, run in zip(MOST, runs, strict=True):
            engine.calls.clear()
            engine.wire.seen.clear()
            run_program(run, [{"name": f"fleet-{number}"} for number in range(services)])
            asked[what].append(engine.calls + Counter(arm=len(engine.wire.seen)))
    for what, (one, three) in asked.items():
        costs = {name: (three[name] - one[name]) / 2 for name in three}
        assert {name: cost for name, cost in costs.items() if cost > MOST[what].get(name, 0)} == {}, what
