"""Key operators of a vault: who gives an operator access, and who is refused it because somebody else did."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pulumi
import pytest

from components.service import EncryptedAIServicesAccount
from components.testing import DEPLOYER, existing_vault
from localazure import seed
from tests.support.az import azure, carry_out
from tests.support.engine import Engine, UpdateError
from tests.support.front import SUBSCRIPTION
from tests.support.in_process import Wire
from tests.support.recording import OTHER_SUBSCRIPTION, FakeAzure, Registered, run

OPERATOR = "77777777-7777-4777-8777-777777777777"
VAULT_ID = (
    f"/subscriptions/{OTHER_SUBSCRIPTION}/resourceGroups/rg-hub/providers/Microsoft.KeyVault/vaults/kv-hub"
)
POLICY = (
    "urn:pulumi:dev::language-cmk::language-cmk:index:EncryptedAIServicesAccount$"
    "azure-cmk:index:AccessPolicy::"
)
NEEDED = ["get", "list", "update", "rotate"]


def policies(operator: str, *recorded: str) -> list[Registered]:
    """The operator's policies that a service registers in an existing vault."""
    azure = FakeAzure()
    azure.vault = existing_vault()
    azure.state = {f"{POLICY}language-operator-{name}-access": {"outputs": {}} for name in recorded}
    args: Any = {"location": "westeurope", "vault": {"id": VAULT_ID, "key_operators": [operator]}}
    monitor = run(lambda: EncryptedAIServicesAccount("language", args), azure=azure)
    return [one for one in monitor.of(":AccessPolicy") if "-operator-" in one.name]


def test_a_policy_of_this_stack_is_its_own() -> None:
    """Made here, it goes when the operator is taken out, and is what the stack says."""
    made, kept = policies(OPERATOR), policies(OPERATOR, OPERATOR)
    for (policy,) in (made, kept):
        assert policy.name == f"language-operator-{OPERATOR}-access"
        assert policy.inputs["policy"]["permissions"] == {"keys": NEEDED}
        assert not policy.request.retainOnDelete


@pytest.mark.parametrize(("now", "before"), [("deployer", DEPLOYER), (DEPLOYER, "deployer")])
def test_the_deployer_keeps_its_access_under_its_other_name(now: str, before: str) -> None:
    """The state's resource is the same: else its deletion would take the access away that both are."""
    (policy,) = policies(now, before)
    names = [alias.spec.name for alias in policy.request.aliases]
    assert f"language-operator-{before}-access" in names
    assert "takesOver" not in policy.inputs


class Programs:
    """Programs of one service each, which may share a vault."""

    def __init__(self, model: str) -> None:
        self.wire, self.model = Wire(), model
        self.engines: dict[str, Engine] = {}

    def up(self, name: str, generation: int = 0, **vault: Any) -> list[str]:
        """An update without a refresh; what it did. Raises UpdateError."""
        args: Any = {
            "location": "westeurope",
            "network": {"access": "open"},
            "audit": {"new_workspace": False},
            "access_model": self.model,
            "vault": vault,
            "key": {"generation": generation},
        }
        opts = pulumi.ResourceOptions(protect=False)
        engine = self.engines.setdefault(name, Engine(self.wire))
        engine.up(lambda: EncryptedAIServicesAccount(name, args, opts), refresh=False)
        return engine.operations


@pytest.fixture(params=["accessPolicy", "rbac"])
def programs(request: pytest.FixtureRequest) -> Programs:
    return Programs(request.param)


def hub(programs: Programs) -> str:
    """An existing vault."""
    programs.wire.door.group("rg-hub")
    vault = f"{SUBSCRIPTION}/resourceGroups/rg-hub/providers/Microsoft.KeyVault/vaults/kv-hub"
    properties = {
        "tenantId": seed.TENANT_ID,
        "sku": {"family": "A", "name": "standard"},
        "enablePurgeProtection": True,
        "enableRbacAuthorization": programs.model == "rbac",
        "accessPolicies": [],
    }
    body = {"location": "westeurope", "properties": properties}
    azure(programs.wire.door, "PUT", vault, body, api="2026-02-01")
    return vault


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
    vault = vault_of(programs)
    named: Any = {"key_operators": ["deployer"], **({"id": vault} if vault_of is hub else {})}
    programs.up("alpha", **named)
    with pytest.raises(UpdateError, match=r"Leave deployer out of vault\.keyOperators here"):
        programs.up("beta", id=vault, key_operators=["deployer"])
    programs.up("beta", id=vault)
    programs.up("beta", 1, id=vault)
    programs.engines["beta"].destroy()
    assert any("KeyVersion" in one for one in programs.up("alpha", 1, **named))


@pytest.mark.parametrize("programs", ["accessPolicy"], indirect=True)
def test_an_owner_takes_over_a_policy_that_is_just_its_own(programs: Programs) -> None:
    """An update that was cut off, or to which Azure showed the policy late, has made it in the stack's own
    vault: nothing has to be deleted, and the next update has nothing to do."""
    vault = own(programs)
    programs.up("beta", id=vault, key_operators=["deployer"])
    done = programs.up("alpha", key_operators=["deployer"])
    taken = "create" if programs.model == "accessPolicy" else "import"
    assert [one.split()[0] for one in done if ":Account" not in one] == [taken], done
    assert programs.up("alpha", key_operators=["deployer"]) == []
    assert any("KeyVersion" in one for one in programs.up("alpha", 1, key_operators=["deployer"]))


def test_an_owner_makes_access_once_that_of_others_is_deleted(programs: Programs) -> None:
    """Another program has given the operator a role, or somebody another policy: the command that deletes it
    is printed, and the same update then makes what is declared."""
    vault = own(programs)
    if programs.model == "rbac":
        programs.up("beta", id=vault, key_operators=["deployer"])
    else:
        entry = {
            "tenantId": seed.TENANT_ID,
            "objectId": seed.DEPLOYER.object_id,
            "permissions": {"keys": ["get"]},
        }
        body = {"properties": {"accessPolicies": [entry]}}
        azure(programs.wire.door, "PUT", f"{vault}/accessPolicies/add", body, api="2026-02-01")
    with pytest.raises(UpdateError) as refused:
        programs.up("alpha", key_operators=["deployer"])
    assert carry_out(programs.wire.door, str(refused.value)) == 1
    assert any("create" in one for one in programs.up("alpha", key_operators=["deployer"]))


def test_fails_on_one_identity_by_two_names(programs: Programs) -> None:
    """A vault gives it access once: what is made for one name is what is deleted with the other."""
    me = seed.DEPLOYER.object_id
    for both in (["deployer", me], [me, "deployer"]):
        with pytest.raises(UpdateError, match=f"Leave {both[1]} out of vault.keyOperators here"):
            programs.up("alpha", key_operators=both)
    programs.up("alpha", key_operators=["deployer"])
    with pytest.raises(UpdateError, match=f"Leave {me} out of vault.keyOperators here"):
        programs.up("alpha", key_operators=["deployer", me])
    assert programs.engines["alpha"].operations == []
