"""Every command logs in as the stack does: its configuration first, then the environment."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from core import clouds
from core.login import LoginError, Method
from operate import login
from operate.stack import StackError

VARIABLES = {"ARM_CLIENT_ID": "env-client", "ARM_CLIENT_SECRET": "env-secret", "ARM_TENANT_ID": "env-tenant"}


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A service principal in the environment, and no Azure CLI."""
    for name in os.environ:
        if name.startswith(("ARM_", "AZURE_")):
            monkeypatch.delenv(name)
    for name, value in VARIABLES.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")


def stack_with(folder: Path, config: dict[str, str], *, secret: str = "") -> None:
    """A Pulumi CLI whose stack has this configuration; the secret one is shown only when asked for."""
    hidden = {name: {"value": value} for name, value in config.items()}
    if secret:
        hidden[secret] = {"secret": True}  # type: ignore[dict-item]
    shown = {**hidden, **({secret: {"value": config[secret], "secret": True}} if secret else {})}
    (folder / "hidden").write_text(json.dumps(hidden))
    (folder / "shown").write_text(json.dumps(shown))
    file = folder / "pulumi"
    file.write_text(
        f'#!/bin/sh\ncase "$*" in *--show-secrets*) cat {folder}/shown;; *) cat {folder}/hidden;; esac\n'
    )
    file.chmod(0o755)


def test_the_environment_is_the_login_of_who_names_no_stack() -> None:
    """As for azure-native without configuration."""
    found = login.of_environment()
    assert (found.method, found.get("clientId")) == (Method.SECRET, "env-client")


def test_a_stacks_configuration_counts_first(tmp_path: Path) -> None:
    """azure-native's settings, secrets included; what it leaves out is the environment's."""
    config = {
        "azure-native:clientId": "own-client",
        "azure-native:clientSecret": "own-secret",
        "other:x": "y",
    }
    stack_with(tmp_path, config, secret="azure-native:clientSecret")
    found = login.of_stack("dev")
    names = ("clientId", "clientSecret", "tenantId")
    assert [found.get(name) for name in names] == ["own-client", "own-secret", "env-tenant"]
    assert "own-secret" not in repr(found)


def test_fails_where_the_configuration_cannot_be_read(tmp_path: Path) -> None:
    """Another identity than the stack's would be asked otherwise."""
    file = tmp_path / "pulumi"
    file.write_text("#!/bin/sh\necho 'error: incorrect passphrase' >&2; exit 255\n")
    file.chmod(0o755)
    with pytest.raises(StackError, match="incorrect passphrase"):
        login.of_stack("dev")


def test_the_cloud_is_the_accounts_where_nothing_names_another(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A stack in another cloud needs no setting to be verified; a setting counts all the same."""
    stack_with(tmp_path, {})
    assert login.of_stack("dev", clouds.CHINA).cloud == clouds.CHINA
    monkeypatch.setenv("ARM_ENVIRONMENT", "usgovernment")
    assert login.of_stack("dev", clouds.CHINA).cloud == clouds.US_GOVERNMENT
    assert login.of_environment().cloud == clouds.US_GOVERNMENT
    monkeypatch.setenv("ARM_ENVIRONMENT", "nowhere")
    with pytest.raises(LoginError, match="nowhere"):
        login.of_environment()
