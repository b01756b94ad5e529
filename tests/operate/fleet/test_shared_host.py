"""The previews of a fleet use one language host, where that is safe."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

import grpc
import pytest
from google.protobuf import empty_pb2
from pulumi.runtime.proto import language_pb2_grpc

from operate import login
from operate.fleet.language_host import ATTACH, shared_language_host
from operate.fleet.work import _engine
from tests.support.azure import running_azure
from tests.support.fleets import FleetCheckout

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture
def cli(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(ATTACH, raising=False)
    monkeypatch.setenv("PATH", f"{ROOT / '.pulumi' / 'bin'}{os.pathsep}{os.environ['PATH']}")


def test_the_host_serves_engines_until_the_previews_have_ended(
    cli: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One engine after the other; nothing of it is left."""
    monkeypatch.chdir(ROOT)
    with shared_language_host():
        language, port = os.environ[ATTACH].split(":")
        assert language == "python"
        for _ in range(2):
            with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
                stub = language_pb2_grpc.LanguageRuntimeStub(channel)
                assert stub.GetPluginInfo(empty_pb2.Empty()).version
                stub.Cancel(empty_pb2.Empty())
    assert ATTACH not in os.environ


def test_without_what_it_takes_each_engine_starts_its_own(
    cli: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A project with the installed package has no such host, one may not start, and a person may have
    attached another."""
    monkeypatch.chdir(tmp_path)
    with shared_language_host():
        assert ATTACH not in os.environ
    (tmp_path / "hosts").mkdir()
    (tmp_path / "hosts" / "language_host.py").write_text("raise SystemExit('it cannot start')\n")
    with shared_language_host():
        assert ATTACH not in os.environ
    monkeypatch.chdir(ROOT)
    monkeypatch.setenv(ATTACH, "python:1")
    with shared_language_host():
        assert os.environ[ATTACH] == "python:1"


def test_a_stack_of_another_tenant_starts_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its processes must not have the environment's secret, which those of the shared host have."""
    monkeypatch.chdir(tmp_path)
    Path("Pulumi.own.yaml").write_text("config: {azure-native:tenantId: other}\n")
    Path("Pulumi.same.yaml").write_text("config: {}\n")

    def emptied(_: str, config: Mapping[str, object]) -> dict[str, str]:
        return {"ARM_CLIENT_SECRET": ""} if config else {}

    monkeypatch.setattr(login, "emptied", emptied)
    assert _engine("own").workspace.env_vars == {"ARM_CLIENT_SECRET": "", ATTACH: ""}
    assert _engine("same").workspace.env_vars == {}


@pytest.mark.engine
def test_each_stack_has_its_own_problems(tmp_path: Path) -> None:
    """The programs of one host write to the engines that have them run."""
    with running_azure(tmp_path / "home") as azure:
        group = f"/subscriptions/{azure.env['ARM_SUBSCRIPTION_ID']}/resourceGroups/shared"
        vaults = f"{group}/providers/Microsoft.KeyVault/vaults"
        wrong = {name: {"language-cmk:vault": {"id": f"{vaults}/kv-absent-{name}"}} for name in "bc"}
        folder = tmp_path / "language-cmk"
        fleet = FleetCheckout(folder, azure.env, "abc", {"parallel": {"stacks": 3}}, wrong)
        said = fleet.run("preview")
    assert said.code == 1, said.output
    reasons = {name: one["reason"] for name, one in fleet.outcomes("preview").items()}
    assert reasons["a"] == "", said.output
    for own, other in ("bc", "cb"):
        assert f"kv-absent-{own}" in reasons[own], said.output
        assert f"kv-absent-{other}" not in reasons[own]
