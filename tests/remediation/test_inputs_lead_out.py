"""What is said about single inputs, files and logins: with that done, and nothing else, they are accepted."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest

from components.arguments.inputs import read
from components.arguments.problem import InputError
from components.arguments.service_args import EncryptedAIServicesAccountArgs
from components.arguments.vault_args import KeyVaultArgs
from core import resource_types
from core.arm_ids import MalformedError
from core.login import LoginError
from core.login import login as core_login
from operate import login, recover
from operate.errors import OperateError
from probe.__main__ import place
from probe.conversation import UnknownError
from provider import checks
from provider.served import Served
from provider.wire import Properties
from review import approvals
from settings import SettingsError, parse, shared
from settings.shared import FleetFileError
from tests.policies.asking import Pack
from tests.policies.stacks import two_phases
from tests.provider.fake_azure import ACCOUNT_ID, VAULT_ID, FakeAzure, key_uri
from tests.provider.rig import FakeClock
from tests.support.logins import OTHER, TENANT
from tests.support.wrong_arguments import RIGHT

CLIENT = "44444444-4444-4444-4444-444444444444"
SUBNET = VAULT_ID.partition("/Microsoft.KeyVault/")[0] + "/Microsoft.Network/virtualNetworks/v/subnets/s"
GROUP = "azure-native:resources:ResourceGroup"


def binding(given: Mapping[str, Any]) -> None:
    handler = Served(FakeAzure(), FakeClock(), core_login({}, {})).resources[resource_types.BINDING]
    inputs = {"accountId": ACCOUNT_ID, "keyUriWithVersion": key_uri(), **given}
    if failures := handler.check(Properties(inputs)):
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


def settings(document: Mapping[str, Any]) -> None:
    """Of one service or several, as a stack's file has them."""
    texts = {key: one if isinstance(one, str) else json.dumps(one) for key, one in document.items()}
    parse({"location": "westeurope", **texts})


def principal_id(given: str) -> None:
    checks.FORMS["principalId"](given)


def named(arguments: Mapping[str, Any]) -> None:
    """A vault by its logical name."""
    name, given = arguments["logical"], {key: one for key, one in arguments.items() if key != "logical"}
    place = {"resource_group_name": "rg", "location": "westeurope", "tenant_id": TENANT}
    read(KeyVaultArgs, name, {**place, **given})


def exemptions(given: list[Mapping[str, str]]) -> None:
    answers = Pack({"vault-retention": {"exemptions": given}}).ask_stack([*two_phases().values()])
    if ended := [one.message for one in answers if "has ended" in one.message]:
        raise ValueError(ended[0])


ACCEPTS: Mapping[str, Callable[[Any], None]] = {
    one.__name__: one
    for one in (
        *(binding, resource_group_id, probe, stack_login, service),
        *(approval, fleet_and_stack, settings, principal_id, named, exemptions),
    )
}
CASES = json.loads(Path(__file__).with_name("inputs.json").read_text())
"""What accepts something, what of it is refused, in which words, and the same with that done."""


@pytest.mark.parametrize("name", CASES)
def test_what_is_said_leads_to_what_is_accepted(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The words say what then is given."""
    case = CASES[name]
    accepts = ACCEPTS[case["accepts"]]
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
    with pytest.raises(refusals, match=re.escape(case["words"])):
        accepts(case["wrong"])
    accepts(case["right"])


@pytest.mark.parametrize("wrong", RIGHT)
def test_what_is_said_of_an_argument_leads_to_a_right_one(wrong: str) -> None:
    """Of those that are refused alike in settings, program and package."""
    settings({"name": "claims", **RIGHT[wrong]})
