"""Services that are moved to another stack: state, files, and nothing that an update would change."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from core import resource_types
from operate.fleet import split
from operate.fleet.shared import SharedSettings
from operate.fleet.split import Split, SplitError
from tests.support import cloud
from tests.support.azure import RunningAzure, running_azure
from tests.support.fleets import QUIET, FleetCheckout

PREFIX = "urn:pulumi:a::language-cmk::"


def component(name: str) -> dict[str, Any]:
    return {"urn": f"{PREFIX}{resource_types.SERVICE}::{name}", "type": resource_types.SERVICE}


def child(of: str, name: str, **more: Any) -> dict[str, Any]:
    type = f"{resource_types.SERVICE}${resource_types.VAULT}"
    parent = component(of)["urn"]
    return {"urn": f"{PREFIX}{type}::{name}", "type": resource_types.VAULT, "parent": parent, **more}


class Backend:
    """A fake of the CLI's exports: the resources of each stack."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.folder = folder
        self.states: dict[str, dict[str, Any]] = {
            "a": {"resources": [component("one"), component("two"), child("two", "two-vault")]},
            "b": {"resources": [component("three")]},
        }
        monkeypatch.chdir(folder)
        monkeypatch.setattr(
            split, "_pulumi", lambda *words: json.dumps({"deployment": self.states[words[3]]})
        )
        self.file("a", ["one", "two"])

    def file(self, stack: str, services: list[str], **settings: Any) -> None:
        config: dict[str, Any] = {"location": "westeurope", "services": [{"name": one} for one in services]}
        document = {"config": {f"language-cmk:{key}": one for key, one in {**config, **settings}.items()}}
        (self.folder / f"Pulumi.{stack}.yaml").write_text(yaml.safe_dump(document))

    def planned(self, *services: str, to: str = "new") -> list[str]:
        exists = (self.folder / f"Pulumi.{to}.yaml").exists()
        return split.planned(SharedSettings(), Split("a", to, services, in_backend=exists))


@pytest.fixture
def backend(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Backend:
    return Backend(tmp_path, monkeypatch)


def test_a_service_goes_with_all_below_it(backend: Backend) -> None:
    """By the URN of its component, which takes its children along."""
    assert backend.planned("two") == [component("two")["urn"]]


def test_what_was_moved_before_is_not_moved_again(backend: Backend) -> None:
    """After a run that was broken off before it took the service out of the first file, and after one that
    ended."""
    backend.states["a"]["resources"] = [component("one")]
    backend.states["b"]["resources"].append(component("two"))
    backend.file("b", ["three", "two"])
    assert backend.planned("two", to="b") == []
    backend.file("a", ["one"])
    assert backend.planned("two", to="b") == []


@pytest.mark.parametrize(
    ("dependency", "said"),
    [
        ({"dependencies": ["one"]}, "two-vault .* on one "),
        ({"propertyDependencies": {"id": ["one"]}}, "two-vault .* on one "),
        ({"deletedWith": "one"}, "two-vault .* on one "),
    ],
)
def test_services_that_share_a_resource_stay_together(
    backend: Backend, dependency: dict[str, Any], said: str
) -> None:
    """A stack cannot depend on another's resources, whichever side depends."""
    urn = component("one")["urn"]
    text = json.dumps(dependency).replace('"one"', json.dumps(urn))
    backend.states["a"]["resources"][2] = child("two", "two-vault", **json.loads(text))
    with pytest.raises(SplitError, match=said):
        backend.planned("two")
    with pytest.raises(SplitError, match=said):
        backend.planned("one")


def test_a_service_that_would_have_other_settings_is_not_moved(backend: Backend) -> None:
    """What the first stack's file says of all its services must hold in the other one, too."""
    backend.file("b", ["three"], accessModel="rbac")
    with pytest.raises(SplitError, match="two would have other settings in stack b"):
        backend.planned("two", to="b")
    backend.file("b", ["three"])
    assert backend.planned("two", to="b")


def test_what_cannot_be_moved_is_refused_before_anything_is_written(backend: Backend) -> None:
    """A name that is not there, the last service, a stack whose update was cut off, and a file without a
    stack."""
    for services, said in (
        (("zwei",), r"stack a has no service zwei; it has \['one', 'two'\]"),
        (("one", "two"), "no service would be left in stack a"),
    ):
        with pytest.raises(SplitError, match=said):
            backend.planned(*services)
    backend.file("b", ["three", "one"])
    with pytest.raises(SplitError, match="one is in both files"):
        backend.planned("two", to="b")
    backend.states["a"]["pending_operations"] = [{"type": "creating"}]
    with pytest.raises(SplitError, match="operate recover --stack a"):
        backend.planned("two")
    with pytest.raises(SplitError, match="pulumi stack init b"):
        split.planned(SharedSettings(), Split("a", "b", ("two",), in_backend=False))


@pytest.fixture
def azure(tmp_path: Path) -> Iterator[RunningAzure]:
    with running_azure(tmp_path / "home") as running:
        yield running


@pytest.mark.long
@pytest.mark.engine
def test_a_split_stack_changes_nothing_and_keeps_its_files_as_people_wrote_them(
    azure: RunningAzure, tmp_path: Path
) -> None:
    """On the real engine: the first preview of both stacks proposes nothing, a secret is encrypted anew, and
    comments stay in both files; the account was bound all the time."""
    fleet = FleetCheckout(tmp_path / "language-cmk", azure.env, ["a"], QUIET)
    assert fleet.stack.pulumi("config", "set", "--stack", "a", "--secret", "demo:note", "hidden").ok
    document = yaml.safe_load(fleet.file("a").read_text())
    config = {**document["config"], "language-cmk:services": [{"name": "one"}, {"name": "two"}]}
    del config["language-cmk:name"]
    written = yaml.safe_dump({**document, "config": config}).replace("- name: two", "- name: two  # theirs")
    fleet.file("a").write_text("# of the platform team\n" + written)
    assert fleet.stack.deploy("--stack", "a").ok
    assert fleet.stack.refresh().ok
    account = fleet.outputs("a")["services"]["two"]["accountId"]
    words = ("split", "--stack", "a", "--to", "b", "--service", "two")
    told = fleet.run(*words)
    assert (told.code, "would move two to b" in told.output) == (0, True), told.output
    done = fleet.run(*words, "--yes")
    assert done.code == 0, done.output
    assert {stack: found.get("changes", {}) for stack, found in fleet.outcomes("split").items()} == {
        "a": {},
        "b": {},
    }
    services = {}
    for stack in "ab":
        text = fleet.file(stack).read_text()
        services[stack] = [one["name"] for one in yaml.safe_load(text)["config"]["language-cmk:services"]]
        assert text.startswith("# of the platform team")
    assert services == {"a": ["one"], "b": ["two"]}
    assert "# theirs" in fleet.file("b").read_text()
    secret = fleet.stack.pulumi("config", "get", "--stack", "b", "demo:note")
    assert secret.output == "hidden\n"
    assert "hidden" not in fleet.file("b").read_text()
    assert cloud.unbound_moments(azure, account) == []
    again = fleet.run(*words, "--yes")
    assert again.code == 0, again.output
