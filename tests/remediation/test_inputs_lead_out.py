"""What is said about single inputs, files and logins: with that done, and nothing else, they are accepted."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple
from unittest.mock import patch

import pytest

from components.arguments.inputs import read
from components.arguments.problem import InputError
from components.service_args import EncryptedAIServicesAccountArgs
from components.vault import KeyVaultArgs
from core import resource_types
from core.arm_ids import MalformedError
from core.login import LoginError
from core.login import login as core_login
from operate import login, recover
from operate.errors import OperateError
from operate.fleet import shared
from operate.fleet.shared import FleetFileError
from probe.__main__ import place
from probe.conversation import UnknownError
from provider import checks
from provider.functions import wrong_arguments
from provider.served import Served
from provider.wire import Properties
from review import approvals
from settings import SettingsError, parse
from tests.policies.asking import Pack
from tests.policies.stacks import two_phases
from tests.provider.fake_azure import ACCOUNT_ID, PRINCIPAL, SUBSCRIPTION, VAULT_ID, FakeAzure, key_uri
from tests.provider.rig import FakeClock
from tests.support.logins import OTHER, TENANT
from tests.support.wrong_arguments import RIGHT

CLIENT = "44444444-4444-4444-4444-444444444444"
SEARCH_ID = VAULT_ID.replace("Microsoft.KeyVault/vaults", "Microsoft.Search/searchServices")
SUBNET = VAULT_ID.partition("/Microsoft.KeyVault/")[0] + "/Microsoft.Network/virtualNetworks/v/subnets/s"
GROUP = "azure-native:resources:ResourceGroup"


def binding(given: Mapping[str, Any]) -> None:
    handler = Served(FakeAzure(), FakeClock(), core_login({}, {})).resources[resource_types.BINDING]
    inputs = {"accountId": ACCOUNT_ID, "keyUriWithVersion": key_uri(), **given}
    if failures := handler.check(Properties(inputs)):
        raise ValueError(failures[0].reason)


def deleted(given: Mapping[str, Any]) -> None:
    """`getDeleted` with arguments, by a login with an environment."""
    found = core_login({}, given.get("environ", {}))
    arguments = Properties(given.get("arguments", {}))
    if failures := wrong_arguments("azure-cmk:index:getDeleted", found, arguments):
        raise ValueError(failures[0].reason)


def resource_group_id(subscription: str) -> None:
    recover.arm_id(GROUP, {"resourceGroupName": "rg"}, subscription)


def probe(given: Mapping[str, Any]) -> None:
    place(given.get("subscription"), "westeurope", core_login({}, given.get("environ", {})))


def stack_login(config: Mapping[str, str]) -> None:
    """Of a stack of a fleet that names another client than the environment does."""
    found = {"azure-native:clientId": CLIENT, "azure-native:tenantId": OTHER, **config}
    shown = {name: {"value": value} for name, value in found.items()}
    with patch("operate.login._configuration", lambda _: shown):
        login.of_stack("prod", alone=True)


def service(given: Mapping[str, Any]) -> None:
    foundry = {"location": "westeurope", "kind": "AIServices", "sku": "S0"}
    read(EncryptedAIServicesAccountArgs, "claims", {**foundry, **given})


def approval(given: Mapping[str, Any]) -> None:
    entry = {"account": "lang", "verdict": "account-replaced", "review": "0" * 64, "approver": "a@b.c"}
    approvals.read(json.dumps({"approvals": [{**entry, "expires": "2026-06-20", **given}]}))


def fleet_and_stack(files: tuple[Mapping[str, Any], Mapping[str, Any]]) -> None:
    """Settings that fleet.yaml shares, and those of the stack's own file; secrets come as they are read."""
    of_fleet, own = files
    shared.shared({"stacks": ["prod-*"], "settings": of_fleet})
    parse({"location": "westeurope", "name": "claims", **own}, shared=of_fleet)


def settings(given: Mapping[str, Any]) -> None:
    parse({"name": "claims", "location": "westeurope", **as_texts(given)})


def stack(document: Mapping[str, Any]) -> None:
    """Settings of several services."""
    parse({"location": "westeurope", **as_texts(document)})


def as_texts(document: Mapping[str, Any]) -> dict[str, str]:
    """Values as a stack's file has them."""
    return {key: one if isinstance(one, str) else json.dumps(one) for key, one in document.items()}


def named(arguments: Mapping[str, Any]) -> None:
    """A vault by its logical name."""
    name, given = arguments["logical"], {key: one for key, one in arguments.items() if key != "logical"}
    place = {"resource_group_name": "rg", "location": "westeurope", "tenant_id": TENANT}
    read(KeyVaultArgs, name, {**place, **given})


def exemptions(given: list[Mapping[str, str]]) -> None:
    answers = Pack({"vault-retention": {"exemptions": given}}).ask_stack([*two_phases().values()])
    if ended := [one.message for one in answers if "has ended" in one.message]:
        raise ValueError(ended[0])


CALLER = {"principalId": OTHER, "principalType": "User"}
SHARED_VAULT = {"id": VAULT_ID, "keyOperators": ["deployer"]}
ENDED = {"urn": "*::vault", "reason": "moves", "until": "2020-01-01"}


class Case(NamedTuple):
    """What is refused, in which words, and the same with that done."""

    accepts: Callable[[Any], object]
    wrong: Any
    words: str
    right: Any


CASES: Mapping[str, Case] = {
    "a vault that does not hold the key": Case(
        binding,
        {"vaultId": VAULT_ID.replace("language", "other")},
        "give the id of the vault that holds the key, or leave vaultId away",
        {"vaultId": VAULT_ID},
    ),
    "a client id": Case(
        binding,
        {"identityClientId": "id-claims"},
        "or nothing for the system-assigned one",
        {"identityClientId": CLIENT},
    ),
    "a principal id": Case(
        checks.FORMS["principalId"],
        "lang-claims",
        "expected the GUID `principalId` of the account's identity",
        PRINCIPAL,
    ),
    "a subscription of getDeleted": Case(
        deleted, {}, "give subscriptionId", {"arguments": {"subscriptionId": SUBSCRIPTION}}
    ),
    "a subscription of the environment": Case(
        deleted, {}, "set ARM_SUBSCRIPTION_ID", {"environ": {"ARM_SUBSCRIPTION_ID": SUBSCRIPTION}}
    ),
    "a subscription to recover in": Case(resource_group_id, "", "set ARM_SUBSCRIPTION_ID", SUBSCRIPTION),
    "a subscription to probe": Case(probe, {}, "say --subscription ID", {"subscription": SUBSCRIPTION}),
    "a secret of the stack's own": Case(
        stack_login,
        {},
        "set its own with `pulumi config set --secret azure-native:clientSecret`",
        {"azure-native:clientSecret": "own"},
    ),
    "a project twice": Case(
        service,
        {"projects": [{"name": "one"}, {"name": "One"}]},
        "list it once",
        {"projects": [{"name": "one"}]},
    ),
    "an approval without a reason": Case(
        approval, {}, "reason is None, expected a text", {"reason": "moved, data exported"}
    ),
    "a stack's own setting": Case(
        fleet_and_stack,
        ({"unbindAccount": "lang-claims"}, {}),
        "set it in the stack's own file",
        ({}, {"unbindAccount": "lang-claims"}),
    ),
    "a secret of a fleet": Case(
        fleet_and_stack,
        ({"searchServiceKey": {"secure": "v1:x"}}, {}),
        "set it in the stack's own file",
        ({}, {"searchServiceId": SEARCH_ID, "searchServiceKey": "x"}),
    ),
    "a path without --path": Case(
        settings,
        {"network.access": "closed"},
        "run `pulumi config rm language-cmk:network.access`, then `pulumi config set --path "
        "language-cmk:network.access VALUE`",
        {"network": {"access": "closed"}},
    ),
    "an exemption that has ended": Case(exemptions, [ENDED], "remove it", []),
    "a service that is listed and removed": Case(
        stack,
        {"services": [{"name": "alpha"}], "removedServices": ["alpha"]},
        "remove it from one of them",
        {"services": [{"name": "alpha"}]},
    ),
    "an operator of one vault at two services": Case(
        stack,
        {"services": [{"name": name, "vault": SHARED_VAULT} for name in ("alpha", "beta")]},
        "list it at one of them",
        {
            "services": [
                {"name": "alpha", "vault": SHARED_VAULT},
                {"name": "beta", "vault": {"id": VAULT_ID}},
            ]
        },
    ),
    "a caller twice": Case(
        stack,
        {"services": [{"name": "alpha", "callers": [CALLER, CALLER]}]},
        "list it once",
        {"services": [{"name": "alpha", "callers": [CALLER]}]},
    ),
    "two accounts of one name": Case(
        stack,
        {"services": [{"name": name, "accountName": "same"} for name in ("alpha", "beta")]},
        "give each its own",
        {"services": [{"name": name, "accountName": f"lang-{name}"} for name in ("alpha", "beta")]},
    ),
    "a derived name that is too long": Case(
        named,
        {"logical": "a" * 22},
        "shorten the name, or give vaultName",
        {"logical": "a" * 22, "vault_name": "kv-claims"},
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_what_is_said_leads_to_what_is_accepted(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The words say what then is given."""
    case = CASES[name]
    environ = {"ARM_CLIENT_ID": "client", "ARM_CLIENT_SECRET": "secret", "ARM_TENANT_ID": TENANT}
    for variable, value in environ.items():
        monkeypatch.setenv(variable, value)
    refusals = (
        ValueError,
        InputError,
        LoginError,
        OperateError,
        UnknownError,
        MalformedError,
        SettingsError,
        FleetFileError,
    )
    with pytest.raises(refusals, match=re.escape(case.words)):
        case.accepts(case.wrong)
    case.accepts(case.right)


@pytest.mark.parametrize("wrong", RIGHT)
def test_what_is_said_of_an_argument_leads_to_a_right_one(wrong: str) -> None:
    """Of those that are refused alike in settings, program and package."""
    settings(RIGHT[wrong])
