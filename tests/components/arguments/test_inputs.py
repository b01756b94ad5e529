"""Inputs as a program gives them: what is refused before anything is made, and outputs of other resources."""

from __future__ import annotations

import threading
from typing import Any

import pulumi
import pytest
from pulumi_azure_native import resources

from components.arguments.problem import InputError
from components.preflight.run import ServiceRequest, preflight
from components.resources.key import EncryptionKey
from components.resources.vault import KeyVault
from components.service import EncryptedAIServicesAccount
from components.testing import SUBSCRIPTION, TENANT, declared
from tests.support.recording import FakeAzure, RecordingMonitor, run, service_inputs

VAULT_ID = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg/providers/Microsoft.KeyVault/vaults/kv-shared"
PLACE: dict[str, Any] = {"resource_group_name": "rg", "location": "westeurope"}


@pytest.mark.parametrize(
    ("component", "args", "words"),
    [
        (EncryptedAIServicesAccount, {"accessModel": "rbac"}, "is unknown; did you mean 'access_model'"),
        (EncryptedAIServicesAccount, {"vault": {"colour": "red"}}, "known are id, key_operators, name"),
        (KeyVault, {**PLACE, "name": "n"}, "name: is unknown"),
        # One mistake is one problem: the argument that is meant is not missing as well.
        (KeyVault, {**PLACE, "tenantId": TENANT}, "(?s): 1 argument is wrong.*did you mean 'tenant_id'"),
    ],
)
def test_fails_on_a_word_that_nobody_would_read(component: Any, args: dict[str, Any], words: str) -> None:
    """A plain dictionary passes no type checker: what is spelt wrongly would be a default, and a misspelt
    `closed` an open door. Nothing is registered."""
    monitor = RecordingMonitor(FakeAzure())
    with pytest.raises(InputError, match=words):
        run(lambda: component("language", args), monitor=monitor)
    assert monitor.registered == []


def test_fails_on_an_output_where_a_value_decides_what_is_made() -> None:
    """It is said which input, and what to do, instead of a traceback from somewhere below."""
    args: Any = {
        "location": pulumi.Output.from_input("westeurope"),
        "vault": {"key_operators": [pulumi.Output.from_input("deployer")]},
    }
    with pytest.raises(
        InputError, match=r"(?s)location: found an output.*\n  vault.keyOperators\[0\]: found an output"
    ):
        run(lambda: EncryptedAIServicesAccount("language", args))


class TwoAtOnce(RecordingMonitor):
    """Lets vaults be made only two at a time."""

    def __init__(self, azure: FakeAzure) -> None:
        super().__init__(azure)
        self._both = threading.Barrier(2, timeout=60)

    def RegisterResource(self, request: Any) -> Any:
        if request.type.endswith(":Vault"):
            self._both.wait()
        return super().RegisterResource(request)


def test_services_are_made_at_the_same_time() -> None:
    """No service waits until another's vault is there."""

    def program() -> None:
        place: Any = {"location": "westeurope"}
        results = preflight({name: ServiceRequest(service_inputs(name)) for name in ("one", "two")})
        for name in ("one", "two"):
            EncryptedAIServicesAccount(name, place, preflight_result=results[name])

    assert len(run(program, monitor=TwoAtOnce(FakeAzure())).of(":Vault")) == 2


def shared() -> None:
    """Two services in one group and one vault that the same program makes."""
    group = resources.ResourceGroup("shared", resource_group_name="rg-shared", location="westeurope")
    place: Any = {"resource_group_name": group.name, "location": "westeurope", "tenant_id": TENANT}
    vault = KeyVault("shared", place)
    for name in ("one", "two"):
        EncryptedAIServicesAccount(
            name,
            {
                "location": "westeurope",
                "existing_resource_group_name": group.name,
                "vault": {"id": vault.vault_id},
            },
        )


@pytest.mark.parametrize("preview", [True, False])
def test_services_share_what_the_same_program_makes(preview: bool) -> None:
    """A group and a vault are given as the outputs they are, in a preview before either is there, too; the
    services come after them, and go before them."""
    monitor = run(shared, preview=preview)
    vault = monitor.one(":Vault")
    assert {found.name for found in monitor.of(":Key")} == {"one-key", "two-key"}
    assert all(vault.urn in found.needs for found in monitor.of(":Key"))
    group = monitor.one(":ResourceGroup")
    assert all({group.urn, vault.urn} <= found.needs for found in monitor.of("cognitiveservices:Account"))
    bindings = monitor.of(":CustomerManagedKey")
    assert len(bindings) == 2
    if not preview:
        assert {found.inputs["vaultName"] for found in monitor.of(":Key")} == {"kv-shared"}
        assert {found.inputs["vaultId"] for found in bindings} == {vault.outputs["id"]}


def test_an_id_that_a_preview_does_not_know_is_no_wrong_id() -> None:
    """The engine gives the id of a resource that it would create as an empty text."""
    args: Any = {"audit": {"workspace_id": pulumi.Output.from_input("")}, "location": "westeurope"}
    run(lambda: EncryptedAIServicesAccount("language", args), preview=True)


def test_a_unit_test_takes_an_id_or_a_name_that_is_not_known_yet() -> None:
    """The mocks for a program's own tests answer about what depends on it, too."""

    def program() -> None:
        later = pulumi.Output.from_input("").apply(lambda _: pulumi.UNKNOWN)
        place: dict[str, Any] = {"location": "westeurope"}
        EncryptedAIServicesAccount("keyed", {**place, "key": {"id": later}})
        EncryptedAIServicesAccount("grouped", {**place, "existing_resource_group_name": later})
        EncryptionKey("alone", {"vault_id": later})

    assert {"keyed-binding", "grouped-binding", "alone-key"} <= {*declared(program)}


@pytest.mark.parametrize(
    ("argument", "value", "path"),
    [
        ("vault", "hunter2", "vault.id"),
        ("vault", {"a": ["hunter2"]}, "vault.id"),
        ("other_identity_ids", ["hunter2"], "otherIdentityIds[0]"),
    ],
)
def test_a_secret_value_is_in_no_error(argument: str, value: Any, path: str) -> None:
    """The error names the argument, and not the value that an output keeps secret, whatever its form."""

    def program() -> None:
        hidden = pulumi.Output.secret(value)
        given: Any = {"id": hidden} if argument == "vault" else hidden
        args: Any = {"location": "westeurope", argument: given, "sku": "S1"}
        EncryptedAIServicesAccount("language", args)

    with pytest.raises(InputError) as error:
        run(program)
    assert "hunter2" not in str(error.value)
    assert f"{path}: is wrong; its value is secret" in str(error.value)
    assert "sku: found 'S1'" in str(error.value)


def test_fails_on_arguments_of_another_class() -> None:
    """Pulumi's own classes of arguments are no dictionaries, and none of theirs would be read."""
    args: Any = pulumi.ResourceOptions()
    with pytest.raises(InputError, match="args: found a ResourceOptions, expected a dictionary of arguments"):
        run(lambda: EncryptedAIServicesAccount("language", args))


def test_a_rule_says_nothing_that_follows_from_a_wrong_argument() -> None:
    """Neither where it reads that one itself, nor through what follows from it; the other rules speak."""
    args: Any = {
        "location": "westeurope",
        "encryption": "mine",
        "sku": "F0",
        "key": {"size": 3072},
        "resource_group_name": "rg",
        "existing_resource_group_name": "rg",
    }
    with pytest.raises(InputError) as error:
        run(lambda: EncryptedAIServicesAccount("language", args))
    assert [one.path for one in error.value.problems] == ["encryption", "resourceGroupName"]
    with pytest.raises(InputError) as error:
        run(lambda: EncryptedAIServicesAccount("language", {**args, "encryption": "customerManaged"}))
    assert {one.path for one in error.value.problems} == {"sku", "key.size", "resourceGroupName"}
