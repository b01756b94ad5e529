"""Key operators of a vault: who gives an operator access, and who is refused it because somebody else did."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import pulumi
import pytest

from components.preflight.run import ServiceRequest, preflight
from components.service import EncryptedAIServicesAccount
from core import arm_ids
from core import resource_types as types
from core.roles import CRYPTO_OFFICER
from localazure import seed
from tests.components.bound import HUB, urn
from tests.components.guards import first_deployments
from tests.components.guards.first_deployments import SUBSCRIPTION, login, vault
from tests.support.az import carry_out
from tests.support.engine import Engine, UpdateError
from tests.support.local_deployment import Deployment
from tests.support.recording import FakeAzure, service, service_inputs

ME = seed.DEPLOYER.object_id
OPERATOR = "77777777-7777-4777-8777-777777777777"


def test_a_policy_of_a_service_whose_name_begins_alike_is_not_its_own() -> None:
    """`language-operator-x` has the same operator: an alias would take its policy away from it."""
    azure = FakeAzure()
    of_other = urn(types.ACCESS_POLICY, f"operator-x-operator-{OPERATOR}-access")
    azure.state = {of_other: {"outputs": {"policy": {"objectId": OPERATOR}}}}
    monitor = service(azure, vault={"id": HUB, "key_operators": [OPERATOR]})
    (policy,) = (one for one in monitor.of(":AccessPolicy") if "-operator-" in one.name)
    assert [one.spec.name for one in policy.request.aliases if one.spec.name] == []


class Programs:
    """Programs of one service each, which may share a vault."""

    def __init__(self, model: str) -> None:
        self.cloud, self.model = Deployment(), model
        self.engines: dict[str, Engine] = {}

    def up(self, name: str, generation: int = 0, *, refresh: bool = False, **vault: Any) -> list[str]:
        """An update; what it did. Raises UpdateError."""
        args: Any = {
            "location": "westeurope",
            "network": {"access": "open"},
            "audit": {"new_workspace": False},
            "access_model": self.model,
            "vault": vault,
            "key": {"generation": generation},
        }
        opts = pulumi.ResourceOptions(protect=False)
        engine = self.engines.setdefault(name, Engine(self.cloud.wire, replaces=True))
        engine.up(lambda: EncryptedAIServicesAccount(name, args, opts), refresh=refresh)
        return engine.operations

    def log_in(self) -> str:
        """Has another principal deploy; its object id."""
        login("Owner", "Key Vault Administrator")(self.cloud)
        for engine in self.engines.values():
            engine.log_in()
        return self.cloud.principal.object_id

    def operators(self, vault_id: str) -> set[str]:
        """The object ids of those who may rotate the keys of a vault."""
        if self.model == "rbac":
            path = f"{vault_id}/providers/{arm_ids.ROLE_ASSIGNMENT}"
            listed = self.cloud.arm("GET", path, api="2022-04-01").body["value"]
            given = [one["properties"] for one in listed if CRYPTO_OFFICER.id in str(one)]
            return {one["principalId"] for one in given if arm_ids.same(one["scope"], vault_id)}
        found = self.cloud.arm("GET", vault_id, api="2026-02-01").body["properties"]["accessPolicies"]
        return {one["objectId"] for one in found if "rotate" in one["permissions"]["keys"]}


@pytest.fixture(params=["accessPolicy", "rbac"])
def programs(request: pytest.FixtureRequest) -> Programs:
    return Programs(request.param)


def hub(programs: Programs) -> str:
    """An existing vault."""
    existing = vault(SUBSCRIPTION, "rg-shared", "kv-hub", enableRbacAuthorization=programs.model == "rbac")
    existing(programs.cloud)
    return first_deployments.HUB


def own(programs: Programs) -> str:
    """A vault that the program `alpha` makes."""
    programs.up("alpha")
    return f"{SUBSCRIPTION}/resourceGroups/rg-alpha/providers/Microsoft.KeyVault/vaults/kv-alpha"


@pytest.mark.parametrize("vault_of", [hub, own])
def test_of_programs_that_share_a_vault_one_names_the_operator(
    programs: Programs, vault_of: Callable[[Programs], str]
) -> None:
    """A second one is refused the access. Without the operator it is made, rotates by the access that the
    first one gave, and takes nothing from it when it is destroyed."""
    vault_id = vault_of(programs)
    named: Any = {"key_operators": ["deployer"], **({"id": vault_id} if vault_of is hub else {})}
    programs.up("alpha", **named)
    with pytest.raises(UpdateError, match=r"Leave \S+ out of vault\.keyOperators here") as refused:
        programs.up("beta", id=vault_id, key_operators=["deployer"])
    assert "nothing of this service was made or changed" in str(refused.value)
    assert not any(held.type == types.ACCOUNT for held in programs.engines["beta"].state.values())
    assert carry_out(programs.cloud.door, str(refused.value)) == 0  # it would be the owner's operator's
    programs.up("beta", id=vault_id)
    programs.up("beta", 1, id=vault_id)
    programs.engines["beta"].destroy()
    assert any("KeyVersion" in one for one in programs.up("alpha", 1, **named))


@pytest.mark.parametrize("together", [True, False])
def test_of_services_of_a_program_that_share_a_vault_one_names_the_operator(
    programs: Programs, *, together: bool
) -> None:
    """The preview refuses the second one, whether the program has asked about all services at once or makes
    one after another; without the operator it is made."""
    vault_id = hub(programs)

    def program(**second: Any) -> None:
        common: Any = {
            "location": "westeurope",
            "network": {"access": "open"},
            "audit": {"new_workspace": False},
            "access_model": programs.model,
        }
        first = {**common, "vault": {"id": vault_id, "key_operators": ["deployer"]}}
        args = {"alpha": first, "beta": {**common, "vault": {"id": vault_id, **second}}}
        plans: Mapping[str, Any] = {}
        if together:
            plans = preflight(
                {name: ServiceRequest(service_inputs(name, **one).completed()) for name, one in args.items()}
            )
        for name, one in args.items():
            opts = pulumi.ResourceOptions(protect=False)
            EncryptedAIServicesAccount(name, one, opts, preflight_result=plans.get(name))

    engine = Engine(programs.cloud.wire, replaces=True)
    named = partial(program, key_operators=["deployer"])
    with pytest.raises(UpdateError, match=rf"named by service 'alpha', too.* Leave {ME} out of vault"):
        engine.preview(named)
    engine.preview(program)
    engine.up(program, refresh=False)
    assert programs.operators(vault_id) == {ME}


@pytest.mark.parametrize("programs", ["accessPolicy"], indirect=True)
def test_an_owner_takes_over_a_policy_that_is_just_its_own(programs: Programs) -> None:
    """An update that was cut off, or to which Azure showed the policy late, has made it in the stack's own
    vault: nothing has to be deleted, and the next update has nothing to do."""
    vault_id = own(programs)
    programs.up("beta", id=vault_id, key_operators=["deployer"])
    done = programs.up("alpha", key_operators=["deployer"])
    assert [one.split()[0] for one in done if ":Account" not in one] == ["create"], done
    assert programs.up("alpha", key_operators=["deployer"]) == []
    assert any("KeyVersion" in one for one in programs.up("alpha", 1, key_operators=["deployer"]))


def test_an_owner_makes_access_once_that_of_others_is_deleted(programs: Programs) -> None:
    """Another program has given the operator a role, or somebody another policy: the command that deletes it
    is printed, and the same update then makes what is declared."""
    vault_id = own(programs)
    if programs.model == "rbac":
        programs.up("beta", id=vault_id, key_operators=["deployer"])
    else:
        entry = {"tenantId": seed.TENANT_ID, "objectId": ME, "permissions": {"keys": ["get"]}}
        body = {"properties": {"accessPolicies": [entry]}}
        programs.cloud.arm("PUT", f"{vault_id}/accessPolicies/add", body, api="2026-02-01")
    with pytest.raises(UpdateError) as refused:
        programs.up("alpha", key_operators=["deployer"])
    assert carry_out(programs.cloud.door, str(refused.value)) == 1
    in_subscription = f" --subscription {arm_ids.subscription_of(vault_id)}`"
    assert programs.model == "rbac" or in_subscription in str(refused.value)
    assert any("create" in one for one in programs.up("alpha", key_operators=["deployer"]))


@pytest.mark.parametrize("refresh", [False, pytest.param(True, marks=pytest.mark.long)])
def test_an_operator_keeps_its_access_whoever_deploys(programs: Programs, *, refresh: bool) -> None:
    """Named `deployer` first, and by its object id by another login, alone and beside that one: the state's
    resource is the same, which else would be deleted with the access that both are. By both names at once it
    is one operator, whose access stays when one of them is taken out."""
    vault_id, first = own(programs), seed.DEPLOYER.object_id

    def declare(named: list[str], expected: set[str]) -> None:
        programs.up("alpha", refresh=refresh, key_operators=named)
        assert programs.operators(vault_id) == expected, named
        assert programs.up("alpha", refresh=refresh, key_operators=named) == []

    for named in (["deployer"], [first], ["deployer", first], [first, "deployer"], [first], ["deployer"]):
        declare(named, {first})
    second = programs.log_in()
    declare([first], {first})
    declare([second, first], {first, second})
    declare([first, "deployer"], {first, second})
    declare(["deployer"], {second})
    declare([first, "deployer"], {first, second})


@pytest.mark.parametrize("word", ["deployer", ME, ME.upper()])
def test_access_by_a_former_name_stays(programs: Programs, word: str) -> None:
    """A second name beside `deployer` is made under its object id, and the access of the login before stays.
    An older release has named the access of an operator by the word of its settings: it is found by the
    object id, and is not made again and then deleted with the former resource."""
    vault_id, first = own(programs), seed.DEPLOYER.object_id
    programs.up("alpha", key_operators=["deployer"])
    engine = programs.engines["alpha"]
    names = (f"-operator-{first}-access", f"-operator-{word}-access")
    engine.state = {urn.replace(*names): held for urn, held in engine.state.items()}
    second = programs.log_in()
    programs.up("alpha", key_operators=["deployer", first])
    assert programs.operators(vault_id) == {first, second}
    assert programs.up("alpha", key_operators=["deployer", first]) == []
