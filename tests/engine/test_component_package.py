"""The components composed part by part from a program without any Python, in Pulumi YAML, on the real
engine."""

from __future__ import annotations

import io
import os
import shutil
import tarfile
from pathlib import Path

import pytest
import yaml

from core.published import VERSION
from engine import release
from hosts import yaml_host
from localazure import seed
from tests.support import cloud
from tests.support.arm_client import ARM, ask
from tests.support.azure import RunningAzure
from tests.support.consumers import HOSTS, consumer, live
from tests.support.stack import ROOT, Stack, done

pytestmark = pytest.mark.engine


@pytest.fixture(scope="module")
def language_host() -> None:
    """Pulumi's host for YAML, beside the CLI; the first time on a machine it is built."""
    yaml_host.install(ROOT / ".pulumi" / "bin", os.environ["PATH"])


def yaml_stack(folder: Path, azure: RunningAzure, program: Path) -> Stack:
    """A stack of a program in YAML, three folders below a checkout of its own, as docs/examples/yaml is."""
    stack = consumer(folder, azure, "yaml")
    shutil.copy(program, stack.folder / "Pulumi.yaml")
    done(stack.pulumi("stack", "select", "--create", "dev"))
    return stack


def test_parts_are_composed_in_yaml(language_host: None, empty_azure: RunningAzure, tmp_path: Path) -> None:
    """A vault and a key, each its own component, and the services that use them pass the policy pack in a
    preview, are made in the right order, settle, and go in the right order: no account is without its key."""
    stack = yaml_stack(tmp_path, empty_azure, Path(__file__).with_name("programs") / "parts.yaml")
    stack.pulumi("config", "set", "tenantId", empty_azure.env["AZURE_TENANT_ID"])
    done(stack.pulumi("up", "--yes", "--policy-pack", "../../../policies"))
    assert {name: uri.split("/")[4] for name, uri in stack.outputs().items()} == {
        "service": "cmk-claims",
        "parts": "support",
        "shared": "cmk-desk",
    }
    done(stack.deploy("--expect-no-changes"))
    assert stack.pulumi("state", "unprotect", "--all", "--yes").ok
    done(stack.destroy())
    subscription = empty_azure.env["AZURE_SUBSCRIPTION_ID"]
    group = f"/subscriptions/{subscription}/resourceGroups/rg-claims"
    states = cloud.history(
        empty_azure, f"{group}/providers/Microsoft.CognitiveServices/accounts/lang-support"
    )
    assert [(state["why"], state["readable"]) for state in states[:-1]] == [
        ("PUT", True),
        ("PATCH", True),
    ], states


@pytest.mark.long
def test_late_reads_of_a_vault_give_nobody_access_back(
    language_host: None, empty_azure: RunningAzure, tmp_path: Path
) -> None:
    """Not through a vault that a program makes without a service: its hooks ask Azure from the package, and
    the update ends."""
    stack = yaml_stack(tmp_path, empty_azure, Path(__file__).with_name("programs") / "vault.yaml")
    stack.pulumi("config", "set", "tenantId", empty_azure.env["AZURE_TENANT_ID"])
    done(stack.deploy())
    (vault,) = cloud.documents(empty_azure, "vault")

    url = f"https://{ARM}{vault['id']}"

    def write_policy(how: str, permissions: dict[str, list[str]]) -> None:
        entry = {"tenantId": seed.TENANT_ID, "objectId": seed.READER.object_id, "permissions": permissions}
        body = {"properties": {"accessPolicies": [entry]}}
        ask(empty_azure.env, "PUT", f"{url}/accessPolicies/{how}?api-version=2026-02-01", body)

    write_policy("add", {"keys": ["get"]})
    empty_azure.control("/behaviour", {"read_lag_seconds": 60.0, "lagging_reads": "all"})
    write_policy("remove", {})
    program = stack.folder / "Pulumi.yaml"
    program.write_text(program.read_text().replace("owner: day", "owner: night"))
    done(stack.deploy())
    empty_azure.control("/behaviour", {"read_lag_seconds": 0.0})
    vault = ask(empty_azure.env, "GET", f"{url}?api-version=2026-02-01")
    assert vault["tags"]["owner"] == "night"
    assert vault["properties"]["accessPolicies"] == []


def test_installed_components_take_the_provider_of_their_version(
    language_host: None, empty_azure: RunningAzure, tmp_path: Path
) -> None:
    """From a release: a program in YAML names only the components, and the engine finds `azure-cmk` by their
    version. Both are unpacked as the CLI does it; their own packages are there already."""
    stack = consumer(tmp_path, empty_azure, "yaml")
    for name in ("language-cmk", "azure-cmk"):
        folder = Path(stack.env["PULUMI_HOME"], "plugins", f"resource-{name}-v{VERSION}")
        with tarfile.open(fileobj=io.BytesIO(release.archive(release.plugin(name)))) as tar:
            tar.extractall(folder, filter="data")
        (folder / "venv").symlink_to(ROOT / ".venv")
    program = yaml.safe_load((stack.folder / "Pulumi.yaml").read_text())
    del program["packages"], program["plugins"]
    program["resources"]["claims"]["options"] |= {"version": VERSION}
    (stack.folder / "Pulumi.yaml").write_text(yaml.safe_dump(program))
    done(stack.pulumi("stack", "select", "--create", "claims-weu"))
    assert "azure-cmk:index:CustomerManagedKey" in done(stack.pulumi("preview")).output


@pytest.mark.long
@pytest.mark.timeout(1200)
@pytest.mark.parametrize("example", HOSTS)
def test_an_example_is_deployed_changed_rotated_and_destroyed(
    example: str, empty_azure: RunningAzure, tmp_path: Path
) -> None:
    """Each in docs/examples that uses the components as a package, under the policy pack, on a stack that is
    not called dev: `pulumi install` is enough and writes into no file of the example; the account is bound,
    stays on its key when it is changed, follows a rotation, and goes; no write ever took it off a key."""
    live(example, empty_azure, tmp_path)
