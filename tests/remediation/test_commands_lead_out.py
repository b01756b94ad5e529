"""What is said to run or set before a stack, a login or a state is right: with that done, it is accepted."""

from __future__ import annotations

import os
import re
import subprocess
import time
from pathlib import Path
from types import SimpleNamespace

import pytest
from azure.core.credentials import AccessToken

from core import clouds
from core.login import Method
from core.resource_types import BINDING
from localazure import seed
from localazure.directory import create_principal
from operate import checked_settings, doctor, verify
from operate.doctor import connect
from operate.stack import EngineStack, NoStackError
from tests.remediation.test_findings_lead_out import ACCOUNT, GROUP, KEY, Hub, bind
from tests.remediation.world import standing
from tests.support.engine import Engine, UpdateError
from tests.support.front import token
from tests.support.in_process import Transport
from tests.support.local_deployment import Deployment
from tests.support.logins import CLIENT, TENANT
from tests.support.stack import ROOT

HSM = f"{GROUP}/providers/Microsoft.KeyVault/managedHSMs/hsm-hub"


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine on which nobody has logged in, and a folder with a project."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PULUMI_HOME", str(tmp_path / "pulumi"))
    monkeypatch.setenv("PATH", os.pathsep.join([str(ROOT / ".pulumi" / "bin"), os.environ["PATH"]]))
    monkeypatch.delenv("PULUMI_BACKEND_URL", raising=False)
    monkeypatch.setenv("PULUMI_SKIP_UPDATE_CHECK", "true")
    for name in [name for name in os.environ if name.startswith(("ARM_", "AZURE_"))]:
        monkeypatch.delenv(name)
    (tmp_path / "Pulumi.yaml").write_text("name: language-cmk\nruntime: yaml\n")
    settings = "config:\n  language-cmk:name: claims\n  language-cmk:location: westeurope\n"
    (tmp_path / "Pulumi.dev.yaml").write_text(settings)
    return tmp_path


def command_in(text: str) -> list[str]:
    """The `pulumi` command of a text."""
    found = re.search(r"`pulumi ([^`]+)`", text)
    assert found, text
    return found[1].split()


def pulumi(*words: str) -> None:
    done = subprocess.run(
        ["pulumi", *words, "--non-interactive"], text=True, capture_output=True, check=False
    )
    assert done.returncode == 0, done.stderr


def logged_in() -> checked_settings.Line:
    """What is said of the login; with one that is right, Azure is the one in this process."""
    (line,) = [line for line in doctor._azure("dev") if line.about == "login"]
    return line


def test_a_backend_is_there_after_the_login(home: Path) -> None:
    """With the reader's own backend after the command, as `pulumi login` takes it."""
    line = doctor.backend()
    assert line.result == checked_settings.FAILED
    pulumi(*command_in(line.fix), f"file://{home}")
    assert doctor.backend().result == checked_settings.OK


def test_a_login_is_there_after_what_is_said(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a login and an Azure CLI; then with the variables, and then with the subscription's."""
    pulumi("login", f"file://{home}")
    azure = Deployment().azure
    monkeypatch.setenv("PATH", str(ROOT / ".pulumi" / "bin"))
    monkeypatch.setattr(
        doctor, "connect", lambda found: azure if found.method is Method.SECRET else connect(found)
    )
    line = logged_in()
    assert (line.result, line.fix) == (checked_settings.FAILED, "run `az login`, or set the ARM_* variables")
    for name, value in {"CLIENT_ID": CLIENT, "CLIENT_SECRET": "secret", "TENANT_ID": TENANT}.items():
        monkeypatch.setenv(f"ARM_{name}", value)
    line = logged_in()
    assert (line.result, line.fix) == (checked_settings.FAILED, "set ARM_SUBSCRIPTION_ID")
    monkeypatch.setenv("ARM_SUBSCRIPTION_ID", seed.SUBSCRIPTION_ID)
    assert logged_in().result == checked_settings.OK


def test_a_stack_is_there_after_its_command(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With a secrets provider of the reader's own."""
    pulumi("login", f"file://{home}")
    monkeypatch.setenv("PULUMI_CONFIG_PASSPHRASE", "open")
    with pytest.raises(NoStackError) as refused:
        EngineStack("prod").drifted()
    said = str(refused.value)
    pulumi(*command_in(said[said.index("`pulumi stack init") :]), "--secrets-provider", "passphrase")
    EngineStack("prod").drifted()


def test_a_binding_that_exists_is_taken_over_by_the_import() -> None:
    """Somebody else's account, bound to another key of the vault; then it is bound to the program's."""
    hub = Hub()
    other = KEY.replace("cmk", "other")
    made = {"kty": "RSA", "keySize": 2048, "keyOps": ["wrapKey", "unwrapKey"]}
    hub.arm("PUT", other, {"properties": made})
    by_others = Engine(hub.wire)
    by_others.up(lambda: bind("elsewhere", other), refresh=False)
    text = hub.up()
    found = re.search(rf"`pulumi import {BINDING} NAME (\S+)`, and --parent COMPONENT=URN", text)
    assert found, text
    assert hub.engine.take_over(BINDING, "hub-binding", found[1])
    assert hub.up() == ""
    key = hub.arm("GET", ACCOUNT, api="2025-06-01").body["properties"]["encryption"]["keyVaultProperties"]
    assert key["keyName"] == "cmk"


@pytest.mark.parametrize("way", ["delete the account itself", "pulumi state delete"])
def test_a_binding_that_cannot_be_undone_goes_by_what_is_said(way: str) -> None:
    """The program's binding of an account that manages projects goes with the account, or from the state."""
    hub = Hub(kind="AIServices", account={"allowProjectManagement": True})
    assert hub.up() == ""
    # A provider knows what the program declares in its own run alone.
    later = Engine(hub.wire, state=hub.engine.state)
    with pytest.raises(UpdateError, match="manages projects and cannot go back") as refused:
        later.up(lambda: None, refresh=False)
    assert way in str(refused.value)
    if way == "pulumi state delete":
        later.state = {urn: held for urn, held in later.state.items() if held.type != BINDING}
    else:
        hub.arm("DELETE", ACCOUNT, api="2025-06-01")
    later.up(lambda: None, refresh=False)
    assert {held.type for held in later.state.values()} == {"pulumi:pulumi:Stack"}
    if way == "pulumi state delete":
        assert hub.source == "Microsoft.KeyVault"


def test_who_may_not_call_is_listed_among_the_callers() -> None:
    """In one line; with the role that is named, the proof reads the data."""
    world = standing()
    reader = create_principal(world.wire.door.cloud, tenant_id=seed.TENANT_ID, name="reader")
    audience = clouds.PUBLIC.account_scope.removesuffix("/.default")
    credential = SimpleNamespace(
        get_token=lambda *_, **__: AccessToken(token(reader, audience), int(time.time()) + 3599)
    )
    projects = verify.Projects(
        "https://lang-claims.cognitiveservices.azure.com", credential, transport=Transport(world.wire)
    )
    said = verify.data_answer(projects)
    found = re.search("among the service's callers with the role '([^']+)'", said)
    assert found
    assert len(said.splitlines()) == 1
    world.must_up(callers=[{"principal_id": reader.object_id, "role": found[1]}])
    world.wire.sleep(600)
    assert verify.data_answer(projects) == "200"
