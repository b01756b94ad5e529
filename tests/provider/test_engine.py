"""The provider under the real engine: one login for both providers, a rotation, and its schema."""

from __future__ import annotations

import json
from base64 import b64encode, urlsafe_b64decode
from pathlib import Path

import pytest
import yaml

from tests.provider.rig import CMK, VERSION
from tests.support import cloud
from tests.support.arm_client import Client, token
from tests.support.azure import RunningAzure, running_azure
from tests.support.stack import Stack, done, refused

pytestmark = [pytest.mark.engine, pytest.mark.timeout(300)]

LOGIN = {
    "clientId": "ARM_CLIENT_ID",
    "clientSecret": "ARM_CLIENT_SECRET",
    "tenantId": "ARM_TENANT_ID",
    "subscriptionId": "ARM_SUBSCRIPTION_ID",
}


def modulus_of(azure: RunningAzure, key_uri: str) -> bytes:
    """The public part of a key version."""
    host, path = key_uri.removeprefix("https://").split("/", 1)
    vault = Client(azure.env, host, token(azure.env, "https://vault.azure.net"))
    status, found = vault.send("GET", f"/{path}?api-version=7.4")
    assert status == 200, found
    return urlsafe_b64decode(found["key"]["n"] + "==")


def test_a_life_with_azure_natives_login(tmp_path: Path) -> None:
    """With azure-native's settings alone, and no login in the environment, `up` binds the account and
    settles, and the secret stays one. A raised generation is two updates, and leaves no moment unbound; at
    the highest verbosity, neither the log nor the state holds a token or key material. A login of azure-cmk's
    own that is somebody else's is refused before anything is written. The plugin gives a schema that SDKs can
    be made of."""
    with running_azure(tmp_path / "azure") as azure:
        without = {name: one for name, one in azure.env.items() if not name.startswith(("ARM_", "AZURE_"))}
        stack = Stack(tmp_path / "checkout", without, policy_pack=False)
        for name, variable in LOGIN.items():
            kind = "--secret" if name == "clientSecret" else "--plaintext"
            done(stack.pulumi("config", "set", kind, f"azure-native:{name}", azure.env[variable]))
        # What this Pulumi logs at the highest verbosity has each setting in clear.
        written = done(stack.up()).output
        account, before = stack.outputs()["accountId"], stack.outputs()["keyUriWithVersion"]

        stack.configure(key={"generation": 2})
        assert stack.proposed() == {VERSION: "update", CMK: "update"}
        run = done(stack.deploy("-v=11", "--logtostderr", "--logflow"))
        assert cloud.bound_keys(azure, account) == [before, stack.outputs()["keyUriWithVersion"]]
        assert cloud.unbound_moments(azure, account) == []
        assert stack.proposed() == {}
        modulus, state = modulus_of(azure, before), json.dumps(stack.resources())
        assert "$azure-cmk:index:KeyVersion::" in run.output
        assert '"v":9' in run.output
        assert azure.env["ARM_CLIENT_SECRET"] not in written + state
        for hidden in ("eyJ", "Bearer ", modulus.hex(), b64encode(modulus).decode()[:40]):
            assert hidden not in run.output + state

        scope = f"/subscriptions/{azure.env['ARM_SUBSCRIPTION_ID']}"
        other = azure.control("/principals", {"name": "x", "roles": [{"role": "Reader", "scope": scope}]})
        document = stack.config()
        own = {f"azure-cmk:{name}": other[name] for name in ("clientId", "clientSecret", "tenantId")}
        document["config"] |= {**own, "language-cmk:tags": {"changed": "yes"}}
        stack.config_file.write_text(yaml.safe_dump(document))
        history = cloud.history(azure, account)
        said = "azure-native and azure-cmk are logged in as different principals"
        refused(stack.deploy("--refresh=false"), said)
        assert cloud.history(azure, account) == history

        given = done(stack.pulumi("package", "get-schema", "./provider")).output
        (stack.folder / "schema.json").write_text(given[given.index("{") :])
        # The same check that precedes every generated SDK.
        assert "Warning" not in done(stack.pulumi("schema", "check", "schema.json")).output
