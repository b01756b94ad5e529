"""The provider under the real engine: one login for both providers, what others do to the key and the
account, and its schema."""

from __future__ import annotations

import json
from base64 import b64encode, urlsafe_b64decode
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from core import resource_types
from tests.provider.rig import ACCESS, CLEANUP, HSM_ROLE, REVOCATION, VERSION
from tests.provider.rig import CMK as BINDING
from tests.support import cloud
from tests.support.arm_client import Client, token
from tests.support.azure import RunningAzure, running_azure
from tests.support.stack import Stack

pytestmark = [pytest.mark.engine, pytest.mark.timeout(300)]

LOGIN = {
    "clientId": "ARM_CLIENT_ID",
    "clientSecret": "ARM_CLIENT_SECRET",
    "tenantId": "ARM_TENANT_ID",
    "subscriptionId": "ARM_SUBSCRIPTION_ID",
}


@pytest.fixture(scope="module")
def deployed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Stack, RunningAzure]]:
    """Stack `dev`, deployed once; every test leaves it with nothing to do."""
    with running_azure(tmp_path_factory.mktemp("engine-azure")) as azure:
        stack = Stack(tmp_path_factory.mktemp("engine") / "checkout", azure.env, policy_pack=False)
        run = stack.up()
        assert run.ok, run.output
        yield stack, azure


def modulus_of(azure: RunningAzure, key_uri: str) -> bytes:
    """The public part of a key version."""
    host, path = key_uri.removeprefix("https://").split("/", 1)
    vault = Client(azure.env, host, token(azure.env, "https://vault.azure.net"))
    status, found = vault.send("GET", f"/{path}?api-version=7.4")
    assert status == 200, found
    return urlsafe_b64decode(found["key"]["n"] + "==")


def test_a_rotation_is_two_updates(
    deployed: tuple[Stack, RunningAzure],
) -> None:
    """A raised generation shows so in the preview, does so in the update, and leaves no moment unbound.

    The update runs at the highest verbosity: its log, and the state, hold no secret, token or key material.
    """
    stack, azure = deployed
    account, before = stack.outputs()["accountId"], stack.outputs()["keyUriWithVersion"]
    stack.configure(key={"generation": 2})
    assert stack.proposed() == {VERSION: "update", BINDING: "update"}
    run = stack.deploy("-v=11", "--logtostderr", "--logflow")
    assert run.ok, run.output[-2000:]
    (last,) = json.loads(stack.pulumi("stack", "history", "--json", "--page-size", "1").output)
    assert {op: n for op, n in last["resourceChanges"].items() if op != "same"} == {"update": 2}
    assert cloud.bound_keys(azure, account) == [before, stack.outputs()["keyUriWithVersion"]]
    assert cloud.unbound_moments(azure, account) == []
    assert stack.proposed() == {}
    modulus = modulus_of(azure, before)
    written = run.output + json.dumps(stack.resources())
    assert "$azure-cmk:index:KeyVersion::" in run.output
    assert '"v":9' in run.output
    secret = azure.env["ARM_CLIENT_SECRET"]
    for hidden in (secret, "eyJ", "Bearer ", modulus.hex(), b64encode(modulus).decode()[:40]):
        assert hidden not in written


def test_the_schema_can_be_had_from_the_plugin(deployed: tuple[Stack, RunningAzure]) -> None:
    """`pulumi package get-schema ./provider` gives every resource and function, without an error."""
    stack, _ = deployed
    run = stack.pulumi("package", "get-schema", "./provider")
    assert run.ok, run.output
    text = run.output[run.output.index("{") :]
    schema = json.loads(text)
    assert set(schema["resources"]) == {
        *(BINDING, VERSION, ACCESS, REVOCATION, CLEANUP, HSM_ROLE, resource_types.DELETED_ACCOUNT_PURGE),
        resource_types.ACCESS_POLICY,
    }
    names = ("checkDeployment", "getClientConfig", "getDeleted", "getManagedHsmKey")
    assert set(schema["functions"]) == {f"azure-cmk:index:{name}" for name in names}
    (stack.folder / "schema.json").write_text(text)
    # The same check that precedes every generated SDK.
    check = stack.pulumi("schema", "check", "schema.json")
    assert check.ok, check.output
    assert "Warning" not in check.output


def test_the_stacks_configuration_of_azure_native_logs_both_in(tmp_path: Path) -> None:
    """With azure-native's settings alone, and no login in the environment, `up` binds the account and
    settles; the secret stays one. A login of azure-cmk's own that is somebody else's is refused before
    anything is written."""
    with running_azure(tmp_path / "azure") as azure:
        without = {name: one for name, one in azure.env.items() if not name.startswith(("ARM_", "AZURE_"))}
        stack = Stack(tmp_path / "checkout", without, policy_pack=False)
        for name, variable in LOGIN.items():
            kind = "--secret" if name == "clientSecret" else "--plaintext"
            run = stack.pulumi("config", "set", kind, f"azure-native:{name}", azure.env[variable])
            assert run.ok, run.output
        run = stack.up()
        assert run.ok, run.output
        assert azure.env["ARM_CLIENT_SECRET"] not in run.output + json.dumps(stack.resources())
        (provider,) = [r for r in stack.resources() if r["type"] == "pulumi:providers:azure-cmk"]
        assert set(provider["inputs"]) >= set(LOGIN)
        assert stack.proposed() == {}

        scope = f"/subscriptions/{azure.env['ARM_SUBSCRIPTION_ID']}"
        other = azure.control("/principals", {"name": "x", "roles": [{"role": "Reader", "scope": scope}]})
        document = stack.config()
        own = {f"azure-cmk:{name}": other[name] for name in ("clientId", "clientSecret", "tenantId")}
        document["config"] |= {**own, "language-cmk:tags": {"changed": "yes"}}
        stack.config_file.write_text(yaml.safe_dump(document))
        before = cloud.history(azure, stack.outputs()["accountId"])
        refused = stack.deploy("--refresh=false")
        assert not refused.ok
        assert "azure-native and azure-cmk are logged in as different principals" in refused.output
        assert cloud.history(azure, stack.outputs()["accountId"]) == before
