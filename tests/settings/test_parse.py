"""Settings: what is accepted, and the words of what is not."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from settings import SettingsError, parse

ROOT = Path(__file__).resolve().parents[2]
MINIMAL = {"name": "contoso", "location": "westeurope"}
GROUP_ID = "/subscriptions/11111111-1111-4111-8111-111111111111/resourceGroups/rg"
VAULT_ID = f"{GROUP_ID}/providers/Microsoft.KeyVault/vaults/kv-hub"


def as_pulumi_has_them(**settings: Any) -> dict[str, str]:
    """Every value as text, which is how the engine hands a program its configuration."""
    return {name: value if isinstance(value, str) else json.dumps(value) for name, value in settings.items()}


def problems(**settings: Any) -> list[str]:
    with pytest.raises(SettingsError) as error:
        parse(as_pulumi_has_them(**settings))
    return [f"{problem.path}: {problem.text}" for problem in error.value.problems]


def test_two_settings_are_enough() -> None:
    """A name and a region make a whole service, and everything else is the safe choice."""
    (service,) = parse(MINIMAL).services
    assert service.protect is True
    assert service.encryption == "customerManaged"
    assert service.identity == "systemAssigned"
    assert service.network.access == "closed"


@pytest.mark.parametrize(
    ("setting", "value", "read"),
    [
        ("protect", False, False),
        ("location", "West Europe", "westeurope"),
        ("sku", "S", "S"),
        ("tags", {"a": "1"}, {"a": "1"}),
        ("account_name", "123", "123"),
    ],
)
def test_values_have_the_type_they_are_declared_with(setting: str, value: object, read: object) -> None:
    """Pulumi hands every value over as text, and each is read as what it is; digits can be a name."""
    name = {"account_name": "accountName"}.get(setting, setting)
    (service,) = parse(as_pulumi_has_them(**{**MINIMAL, name: value})).services
    assert getattr(service, setting) == read


@pytest.mark.parametrize("name", ["services", "removedServices"])
def test_fails_on_a_setting_of_the_stack_inside_one_service(name: str) -> None:
    """No word is said to have been meant for itself."""
    listed = json.dumps([{"name": "claims", name: []}])
    with pytest.raises(SettingsError) as refused:
        parse({"location": "westeurope", "services": listed})
    (problem,) = refused.value.problems
    assert problem.path == f"services[0].{name}"
    assert problem.text.startswith("is unknown; known are access")


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ({"protect": "yes"}, "protect: found 'yes', expected true or false"),
        ({"key": {"generation": "two"}}, "key.generation: found 'two', expected a whole number"),
        (
            {"network": {"access": "selected", "allowedIpRanges": ["20.50.0.1/24"]}},
            "network.allowedIpRanges[0]: 20.50.0.1/24 has host bits set",
        ),
        ({"tags": {"a": None}}, "tags.a: found null, expected text"),
        ({"services": []}, "services: found [], expected a list with at least one service"),
    ],
)
def test_fails_with_path_value_and_what_is_allowed(more: dict[str, Any], expected: str) -> None:
    """Each wrong setting is named with what was found and what would be right; those that a program can have,
    too, are in tests/support/wrong_arguments.py."""
    assert expected in problems(**{**MINIMAL, **more})


def test_fails_once_with_everything_that_is_wrong() -> None:
    """One error names every problem, also those between settings that are right by themselves."""
    with pytest.raises(SettingsError) as error:
        parse(
            as_pulumi_has_them(
                location="west-europe", vault={"name": "v" * 30}, colour="red", protect="maybe", sku="F0"
            )
        )
    paths = ["colour", "location", "name", "protect", "sku", "vault.name"]
    assert sorted(problem.path for problem in error.value.problems) == paths
    first, *lines = str(error.value).splitlines()
    assert first == "6 settings are wrong; nothing was made or changed:"
    assert all(line.startswith("  language-cmk:") for line in lines)


def test_fails_on_ids_that_the_example_leaves_open() -> None:
    """Who copies Pulumi.prod.example.yaml and forgets them reads so before anybody logs in with them."""
    example = yaml.safe_load((ROOT / "Pulumi.prod.example.yaml").read_text())["config"]
    names = [name for name in example if name.startswith("azure-native:")]
    login = {name.removeprefix("azure-native:"): example[name] for name in names}
    with pytest.raises(SettingsError) as error:
        parse({**MINIMAL, "sku": "F9"}, login=login)
    _, *lines = str(error.value).splitlines()
    told = [f"  {name}: found the zeros of the example" for name in names]
    assert [line for line in lines if line.startswith(tuple(told))] == lines[:2]
    assert lines[2].startswith("  language-cmk:sku: ")
    own = dict.fromkeys(login, "5e8d1c54-3f0a-4c7b-9a61-0d2f7b9c4e10")
    settings = parse(MINIMAL, login=own)
    assert (settings.subscription_id, settings.tenant_id) == tuple(own.values())


@pytest.mark.parametrize("key", ["network.access", "services[0].location", "key.generation"])
def test_fails_for_a_path_that_was_set_as_a_name(key: str) -> None:
    """`pulumi config set` without `--path` makes a name with a dot; the message has both commands."""
    with pytest.raises(SettingsError) as error:
        parse({"name": "claims", "location": "westeurope", key: "1"})
    assert [problem.path for problem in error.value.problems] == [key]
    assert f"`pulumi config rm language-cmk:{key}`" in str(error.value)
    assert f"`pulumi config set --path language-cmk:{key} VALUE`" in str(error.value)
