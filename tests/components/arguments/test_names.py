"""Names: Azure's limits, and the rule by which every resource of a service has its name, and its tags."""

from __future__ import annotations

import dataclasses
import re
from typing import Any

import pytest

from components.arguments import names
from components.arguments.problem import InputError
from components.arguments.service_args import EncryptedAIServicesAccountArgs
from components.service import EncryptedAIServicesAccount
from core import roles
from core.resource_types import camel_case
from tests.components.test_modes import SUBNET
from tests.support.recording import run, service


@pytest.mark.parametrize(
    ("limit", "right", "wrong"),
    [
        (names.VAULT, ["abc", "a" * 24, "kv-a-1"], ["ab", "a" * 25, "1ab", "kv--a", "kv-", "kv_a"]),
        (names.ACCOUNT, ["ab", "a" * 64, "1-a"], ["a", "a" * 65, "-a", "a-", "A1", "a.b"]),
        (names.KEY, ["a", "A-1", "a" * 127], ["", "a" * 128, "a_b"]),
        (names.RESOURCE_GROUP, ["a", "a.b(c)_-", "a" * 90], ["", "a" * 91, "a.", "a b"]),
        (names.IDENTITY, ["abc", "a_b-c"], ["ab", "-ab", "a.b"]),
        (names.WORKSPACE, ["abcd", "a-1b"], ["abc", "-abc", "abc-", "a_bc"]),
        (names.SERVICE, ["ab", "a-1"], ["a", "1a", "a--b", "a-", "Ab"]),
    ],
)
def test_limits_are_azures(limit: names.Limit, right: list[str], wrong: list[str]) -> None:
    """Names at each limit are accepted, one step beyond they are refused."""
    assert [limit.checked(name) for name in right] == right
    for name in wrong:
        with pytest.raises(ValueError, match=re.escape(repr(name))):
            limit.checked(name)


OWNER = EncryptedAIServicesAccountArgs(name="svc", location="West Europe", _stack="prod")


def test_derived_names_are_stable() -> None:
    """A service's names are made from its name and nothing else."""
    assert {resource: names.derived(resource, OWNER, target="account") for resource in names.DEFAULTS} == {
        "resourceGroup": "rg-svc",
        "vault": "kv-svc",
        "key": "cmk-svc",
        "account": "lang-svc",
        "identity": "id-svc",
        "workspace": "log-svc",
        "privateEndpoint": "pe-svc-account",
        "diagnosticSetting": "svc-audit",
    }


def test_a_template_gives_a_name_from_service_stack_location_and_kind() -> None:
    """By the values of the service that it is for."""
    owner = dataclasses.replace(OWNER, kind="OpenAI")
    template = "{kind}-{service}-{location}-{stack}"
    assert names.derived("workspace", owner, template) == "oai-svc-westeurope-prod"


@pytest.mark.parametrize(
    ("resource", "template", "says"),
    [
        ("vault", "kv-{environment}", "has other placeholders than {service}, {stack}, {location}, {kind}"),
        ("vault", "kv-{service:>9}", "has other placeholders"),
        ("vault", "kv-{service", "has other placeholders"),
        ("vault", "kv-{service.name}", "has other placeholders"),
        ("vault", "kv-{target}", "has other placeholders"),
        ("privateEndpoint", "pep-{service}", "needs {target}, because a service has several"),
    ],
)
def test_fails_for_a_template_that_gives_no_name(resource: str, template: str, says: str) -> None:
    """An unknown placeholder, a format, a brace that is not closed, one name for several resources."""
    with pytest.raises(ValueError, match=re.escape(says)):
        names.template_of(resource)(template)


def test_role_assignment_name_is_one_per_fact_whatever_the_case() -> None:
    """A grant has the same name on every machine; another principal has another."""
    one = roles.assignment_name("/Scope", "Principal", "role")
    assert one == roles.assignment_name("/scope", "principal", "ROLE")
    assert one == "b01ac3aa-1dee-532c-b501-e462dcbc52b5"
    assert one != roles.assignment_name("/scope", "other", "role")


def test_a_long_service_with_a_rule_of_names_gives_its_vault_a_name_of_its_own() -> None:
    """The rule's name of a vault is asked of nobody who gives one."""
    service = "a-service-with-a-name-that-is-long"
    inputs = {
        "location": "westeurope",
        "vault": {"name": "kv-own"},
        "names": {"workspace": "law-{service}"},
    }
    monitor = run(lambda: EncryptedAIServicesAccount(service, inputs))
    assert monitor.one(":Vault").inputs["vaultName"] == "kv-own"


@pytest.mark.parametrize(
    "wrong",
    [
        {"location": "nowhere!"},
        {"identity": "nobody"},
        {"network": {"access": "opn"}},
        {"audit": {"workspace_id": "w"}},
        {"as_found": ["no"]},
    ],
)
def test_another_wrong_argument_hides_no_name_that_is_too_long(wrong: dict[str, Any]) -> None:
    """Both are told at once."""
    inputs: Any = {"location": "westeurope", **wrong}
    with pytest.raises(InputError, match=r"(?s)has 27 characters, .* give vault\.name") as refused:
        run(lambda: EncryptedAIServicesAccount("a-service-of-a-long-name", inputs))
    assert camel_case(next(iter(wrong))) in str(refused.value)


EVERYTHING: dict[str, Any] = {
    "identity": "userAssigned",
    "network": {"access": "private", "subnet_id": SUBNET},
    "tags": {"owner": "claims"},
}
TEMPLATES = {
    "identity": "uami-{service}",
    "workspace": "law-{service}",
    "private_endpoint": "pep-{service}-{target}",
    "diagnostic_setting": "diag-{service}",
}
NAMED = {
    ":ResourceGroup": ("resourceGroupName", {"RG-claims"}),
    ":Vault": ("vaultName", {"kvclaims"}),
    ":Key": ("keyName", {"key-claims"}),
    ":Account": ("accountName", {"lang-claims-weu"}),
    ":UserAssignedIdentity": ("resourceName", {"uami-language"}),
    ":Workspace": ("workspaceName", {"law-language"}),
    ":PrivateEndpoint": ("privateEndpointName", {"pep-language-account", "pep-language-vault"}),
    ":DiagnosticSetting": ("name", {"diag-language"}),
}
"""The input of each type that is its name in Azure, and the names given."""


def test_every_name_follows_the_templates_or_is_given() -> None:
    """By an argument of its own where people call it by that name, by a template otherwise."""
    given = {"resource_group_name": "RG-claims", "vault": {"name": "kvclaims"}, "key": {"name": "key-claims"}}
    monitor = service(**EVERYTHING, names=TEMPLATES, account_name="lang-claims-weu", **given)
    for type, (word, expected) in NAMED.items():
        assert {found.inputs[word] for found in monitor.of(type)} == expected


def test_everything_that_takes_tags_has_them() -> None:
    """Each type that Azure lets be tagged; diagnostic settings have none."""
    below = {"projects": [{"name": "claims"}], "deployments": [{"name": "mini", "model": "gpt-4o-mini"}]}
    monitor = service(**EVERYTHING, kind="AIServices", **below)
    for type in {*NAMED, ":Project", ":Deployment"} - {":DiagnosticSetting"}:
        tags = [found.inputs.get("tags") for found in monitor.of(type)]
        assert tags == [{"owner": "claims"}] * len(tags) != [], type
