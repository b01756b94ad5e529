"""Settings of one service or several: what is accepted, what is secret, and the words of what is refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pulumi
import pytest
import yaml

from settings import SettingsError, load, parse
from settings.stack import shown_secrets
from tests.support.recording import run

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


@pytest.mark.parametrize(
    ("given", "says"),
    [
        (
            {"location": "westeurop"},
            "location: 'westeurop' is not an Azure region; did you mean 'westeurope'?",
        ),
        ({"name": "a" * 64}, "Azure allows 2 to 50, and at most 21 unless vault.name is given"),
        ({"name": "a" * 30}, "Azure allows 3 to 24; give at most 21 characters as name, or give vault.name"),
    ],
)
def test_a_mistake_is_told_with_what_was_meant(given: dict[str, Any], says: str) -> None:
    """A region by the one that it is a letter away from, and a name by the limit that counts."""
    with pytest.raises(SettingsError) as error:
        parse(as_pulumi_has_them(**{"name": "claims", "location": "westeurope", **given}))
    assert str(error.value).endswith(says)


def test_two_services_of_one_name_are_told_once() -> None:
    """By their places in the list; what has its name from them is not told besides. What they name
    themselves is told by its own setting."""
    twice = [{"name": "claims"}, {"name": "fraud"}, {"name": "claims"}]
    with pytest.raises(SettingsError) as error:
        parse(as_pulumi_has_them(location="westeurope", services=twice))
    (line,) = str(error.value).splitlines()[1:]
    assert line.startswith(
        "  language-cmk:services[2].name: services[0] and services[2] are named 'claims'; "
    )
    same = [{"name": "claims", "accountName": "lang"}, {"name": "fraud", "accountName": "lang"}]
    with pytest.raises(
        SettingsError, match=r"services\[1\]\.accountName: services\[0\] and services\[1\] make"
    ):
        parse(as_pulumi_has_them(location="westeurope", services=same))


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


HUB = {"vault": {"id": VAULT_ID}}
SAME_HUB = {"vault": {"id": VAULT_ID.replace("vaults/kv", "vaults/KV")}}
OPERATED = {"keyOperators": ["deployer"]}


def test_services_share_what_is_said_at_the_top() -> None:
    """A service's own settings win over the shared ones; of a group, setting by setting."""
    settings = parse(
        as_pulumi_has_them(
            location="uksouth",
            key={"generation": 1, "rotatesAfterDays": 90},
            services=[{"name": "alpha"}, {"name": "beta", "location": "ukwest", "key": {"generation": 2}}],
        )
    )
    alpha, beta = settings.services
    assert (alpha.location, beta.location) == ("uksouth", "ukwest")
    assert (alpha.key.generation, beta.key.generation) == (1, 2)
    assert alpha.key.rotates_after_days == beta.key.rotates_after_days == 90


def test_a_shared_mistake_is_named_once_where_it_was_made() -> None:
    """A problem is at the service when the service says it, and at the top when all of them share it."""
    found = problems(location="west-europe", services=[{"name": "alpha"}, {"name": "beta", "sku": "Q"}])
    assert [problem.split(":")[0] for problem in found] == ["location", "services[1].sku"]


@pytest.mark.parametrize(
    ("alpha", "beta", "path"),
    [
        ({}, {"name": "alpha"}, "name"),
        ({"accountName": "same"}, {"accountName": "same"}, "accountName"),
        ({"vault": {"name": "kv-same"}}, {"vault": {"name": "KV-same"}}, "vault.name"),
        ({"resourceGroupName": "rg"}, {"resourceGroupName": "rg"}, "resourceGroupName"),
        ({**HUB, "key": {"name": "same"}}, {**SAME_HUB, "key": {"name": "same"}}, "key.name"),
        (
            {"vault": {"id": VAULT_ID, **OPERATED}},
            {"vault": OPERATED, "key": {"id": f"{VAULT_ID}/keys/k"}},
            "vault.keyOperators",
        ),
    ],
)
def test_fails_when_two_services_make_the_same_thing(
    alpha: dict[str, Any], beta: dict[str, Any], path: str
) -> None:
    """What one service makes no other makes, too."""
    services = [{"name": "alpha", **alpha}, {"name": "beta", **beta}]
    assert f"services[1].{path}" in [
        problem.split(":")[0] for problem in problems(location="uksouth", services=services)
    ]


@pytest.mark.parametrize("empty", ["", None])
def test_a_setting_with_nothing_after_it_has_its_default(empty: str | None) -> None:
    """Who comments out all that is below a group leaves its name; a service's null unsays what is shared."""
    (service,) = parse({**MINIMAL, "vault": empty, "tags": empty, "protect": empty}).services
    assert service == parse(MINIMAL).services[0]
    assert parse({**MINIMAL, "vault": {"name": None, "keyOperators": None}}).services[0] == service
    shared = {"location": "uksouth", "vault": {"id": VAULT_ID}, "tags": {"a": "b"}}
    own, other = parse(
        {**shared, "services": [{"name": "own", "vault": None}, {"name": "other", "vault": {"id": None}}]}
    ).services
    assert (own.vault.id, other.vault.id, own.tags) == (None, None, {"a": "b"})


@pytest.mark.parametrize(
    ("wrong", "secret", "value", "path"),
    [
        ({"accountName": "Hunter2!"}, "accountName", "Hunter2", "accountName"),
        ({"vault": {"id": VAULT_ID}, "key": {"id": f"{VAULT_ID}2/keys/k"}}, "vault", VAULT_ID, "key.id"),
    ],
)
def test_a_secret_value_is_in_no_message(wrong: dict[str, Any], secret: str, value: str, path: str) -> None:
    """A setting that is kept secret is said to be wrong without its value, also by a rule that compares
    another one with it."""
    with pytest.raises(SettingsError) as error:
        parse({**MINIMAL, **wrong}, secret=frozenset({secret}))
    assert value not in str(error.value)
    assert f"{path}: is wrong; its value is secret" in str(error.value)


@pytest.mark.parametrize("key", ["language_cmk:name", "languagecmk:name", "Language-CMK:name"])
def test_a_misspelt_namespace_is_named(key: str) -> None:
    """Nothing reads what is set in it; the namespaces of providers, packs and other programs are no
    mistakes."""
    others = [
        "azure-native:location",
        "azure-cmk:clientId",
        "language:name",
        "pulumi:disable-default-providers",
    ]
    parse(MINIMAL, others=others)
    with pytest.raises(SettingsError) as error:
        parse(MINIMAL, others=[*others, key])
    (problem,) = error.value.problems
    assert (problem.path, f"`pulumi config rm {key}`" in problem.text) == (key, True)
    assert f"  {key}: found the namespace" in str(error.value)


def test_what_stays_secret_is_not_warned_of() -> None:
    """The search service's key, at the top and inside `services`, which Pulumi marks as a whole; another
    setting there is, without its value."""
    assert list(shown_secrets({"searchServiceKey": "k"}, {"searchServiceKey"})) == []
    services = json.dumps([{"name": "claims", "searchServiceKey": "k"}])
    assert list(shown_secrets({"services": services}, {"services"})) == []
    (warning,) = shown_secrets({"services": json.dumps([MINIMAL])}, {"services"})
    assert "stored and shown as plain text, because" in warning
    assert MINIMAL["location"] not in warning


def test_who_makes_a_setting_secret_is_told_that_it_does_not_stay_so(monkeypatch: pytest.MonkeyPatch) -> None:
    """Names and tags are what Azure shows; nobody is to believe that the state keeps them encrypted."""
    warned: list[str] = []
    monkeypatch.setattr(pulumi.log, "warn", warned.append)
    values = {**MINIMAL, "tags": '{"owner": "somebody"}'}
    config = {f"language-cmk:{name}": value for name, value in values.items()}

    def program() -> None:
        pulumi.runtime.set_all_config(config, ["language-cmk:tags"])
        try:
            assert load().services[0].tags == {"owner": "somebody"}
        finally:
            pulumi.runtime.set_all_config({}, [])

    run(program)
    (warning,) = warned
    assert warning.startswith("language-cmk:tags is secret")
    assert "somebody" not in warning
