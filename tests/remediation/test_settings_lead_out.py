"""What is said about a setting leads to one that is accepted: the words are read, and carried out."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Mapping
from typing import Any

import pytest

from settings import SettingsError, parse
from tests.remediation.messages import MESSAGES
from tests.support.wrong_arguments import VAULT_ID, WORKSPACE_ID, WRONG

HSM_KEY = f"{VAULT_ID.replace('vaults/kv-hub', 'managedHSMs/hsm-hub')}/keys/own"
ALSO: Mapping[str, Mapping[str, Any]] = {
    "a key of another vault": {
        "vault": {"id": VAULT_ID},
        "key": {"id": f"{VAULT_ID.replace('kv-hub', 'kv-other')}/keys/own"},
    },
    "a name that makes longer ones": {"name": "a" * 40, "accountName": "lang-a"},
    "a template that makes longer ones": {"names": {"workspace": "log-{service}-" + "x" * 60}},
    "an access model of a managed HSM": {"key": {"id": HSM_KEY}, "accessModel": "rbac"},
    "operators of a managed HSM": {"key": {"id": HSM_KEY}, "vault": {"keyOperators": ["deployer"]}},
    "a list that names one twice": {
        "network": {"access": "selected", "allowedIpRanges": ["8.8.8.8", "8.8.8.8"]}
    },
}
"""Settings that are wrong, besides those of the table."""
SUBNET = f"{VAULT_ID.partition('/Microsoft.KeyVault')[0]}/Microsoft.Network/virtualNetworks/v/subnets/s"
SAMPLES: Mapping[str, Any] = {
    "accountName": "lang-claims",
    "audit.workspaceId": WORKSPACE_ID,
    "key.pin": "0" * 32,
    "network.allowedIpRanges": ["8.8.8.8"],
    "network.subnetId": SUBNET,
    "tags": {"owner": "platform"},
    "vault.id": VAULT_ID,
    "vault.keyOperators": ["deployer"],
    "vault.name": "kv-claims",
}
"""What somebody writes who reads what is expected there."""
MODULES = (
    "components/arguments/inputs.py",
    "components/audit.py",
    "components/encryption_args.py",
    "components/key.py",
    "components/network.py",
    "components/service_args.py",
)
"""Where the problems of a service's arguments are worded."""
MOST_STEPS = 4


def problems(document: Mapping[str, Any]) -> list[tuple[str, str]]:
    """The path and the text of each problem of a stack's settings."""
    texts = {key: value if isinstance(value, str) else json.dumps(value) for key, value in document.items()}
    try:
        parse({"name": "claims", "location": "westeurope", **texts})
    except SettingsError as error:
        return [(one.path, one.text) for one in error.problems]
    return []


def assign(document: dict[str, Any], path: str, value: Any) -> None:
    """Sets a path, such as `network.access`; None takes it out."""
    *groups, name = path.split(".")
    for group in groups:
        document = document.setdefault(group, {})
    document[name] = value
    if value is None:
        del document[name]


def near(path: str, name: str) -> str:
    """A setting as a text about `path` names it: in full, or one beside it."""
    return name if "." in name or "." not in path else f"{path.rpartition('.')[0]}.{name}"


def carry_out(document: dict[str, Any], path: str, text: str) -> None:
    """What the text of a problem says, as somebody does who reads no more than that."""
    path = re.sub(r"\[\d+\]$", "", path)
    if found := re.search(r"remove (\w+), and set ([\w.]+): (\w+)", text):
        assign(document, near(path, found[1]), None)
        assign(document, found[2], found[3])
    elif found := re.search(r"[Ss]et ([\w.]+): (\w+)", text):
        assign(
            document,
            near(path, found[1]) if "." in path else found[1],
            {"true": True}.get(found[2], found[2]),
        )
    elif "remove one of them" in text or "; remove it" in text:
        assign(document, path, None)
    elif found := re.search(r"remove ([\w.]+)(?:,|:)", text):
        assign(document, near(path, found[1]), None)
    elif found := re.search(r"shorten the name, or give ([\w.]+)", text):
        assign(document, found[1], SAMPLES[found[1]])
    elif "shorten the template" in text:
        assign(document, path, "log-{service}")
    elif found := re.search(r"did you mean '(\w+)'|use '(\w+)'|expected '(\w+)'", text):
        assign(document, path, found[1] or found[2] or found[3])
    elif found := re.search(r"expected at (?:most|least) (\d+)", text):
        assign(document, path, int(found[1]))
    elif "allow its subnet instead" in text:
        assign(document, path, None)
        assign(document, "network.allowedSubnetIds", [SUBNET])
    elif found := re.search(r"needs (allowedIpRanges)", text):
        assign(document, near(path, found[1]), SAMPLES[near(path, found[1])])
    else:
        assign(document, path, SAMPLES.get(path))


CASES = {**{name: args for name, (args, _) in WRONG.items()}, **ALSO}


@pytest.mark.parametrize("case", CASES)
def test_what_is_said_about_settings_leads_to_right_ones(case: str) -> None:
    """Within a few steps, each of which takes the words of the first problem alone."""
    document, said = copy.deepcopy(dict(CASES[case])), []
    for _ in range(MOST_STEPS):
        if not (found := problems(document)):
            break
        said += found
        carry_out(document, *found[0])
    assert said, "nothing was wrong"
    assert problems(document) == [], said


def test_every_way_out_of_the_arguments_is_among_them() -> None:
    """Of those that a stack's settings can meet."""
    said = [text for document in CASES.values() for _, text in problems(document)]
    worded = [one for one in MESSAGES if one.module in MODULES]
    missing = [one for one in worded if not any(one.is_in(text) for text in said)]
    assert [f"{one.module}:{one.line} {one.text}" for one in missing] == []
