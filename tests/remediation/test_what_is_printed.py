"""What the product prints to run or to set exists, and there is a test that does it.

Owns: that no text names a command or a setting that nobody can follow. Texts are found by one scan of the
source (messages.py), so that a function can be split and a text moved without a table that says where they
stand. Does not own: where a refusal leads; the searches and the tests beside this one follow each to its end.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from importlib.util import find_spec
from typing import Any

import pytest

from components.arguments.inputs import Arguments, arguments, camel_case
from localazure import seed
from localazure.standin import schema
from operate.__main__ import COMMANDS
from provider.errors import _DEPLOYER, _SERVICE, ErrorContext, ErrorRow
from settings.parse import REMOVED
from tests.remediation import messages
from tests.remediation.test_findings_lead_out import ACCOUNT, VAULT, Hub
from tests.support.az import DOES, READS, carry_out, commands_in

PROVIDER = messages.ROOT / "provider" / "schema.json"
OTHERWISE = {
    "keyvault update-hsm": "a test makes the managed HSM with what is to be updated",
    "storage account update": "a test puts the storage account into the local Azure's store",
}
"""Commands that no test carries out as az does, and what it does instead."""
_MODULE = re.compile(r"`python -m ([a-z]\w*(?:\.\w+)*)(?: ([a-z][a-z-]+))?")
_SETTING = re.compile(
    r"\b(?:[Ss]et|[Rr]emove|[Gg]ive|[Ll]ist|pin|leave|shorten|choose) "
    r"`?([a-z]+(?:\.[a-z]|[A-Z])[\w.]*\w|(?!it\b)[a-z]\w*(?=: ))"
)


def test_az_has_every_command_and_each_is_carried_out() -> None:
    """With its options, as az itself lists them. A command that changes something has its counterpart in
    tests/support/az.py, by which the tests follow it."""
    known = {*DOES, *OTHERWISE}
    wrong = {}
    for message in messages.MESSAGES:
        try:
            commands = commands_in(message.plain)
        except ValueError as error:
            wrong[message.place] = str(error)
            continue
        for words, options in commands:
            if options and words not in known and not READS.search(words):
                wrong[message.place] = f"no test carries out az {words}"
    assert wrong == {}


def test_every_command_of_this_project_exists() -> None:
    """`python -m operate WORD` and the other modules that a text says to run."""
    for message in messages.MESSAGES:
        for module, word in _MODULE.findall(message.text):
            assert find_spec(module), f"{message.place}: no module {module}"
            assert module != "operate" or word in ("", *COMMANDS), f"{message.place}: operate {word}"


def test_every_setting_that_is_named_exists() -> None:
    """A setting, an argument, an input of the provider, or a property of a resource of Azure."""
    known = {*_of_the_components(), *_of_a_schema(json.loads(PROVIDER.read_text()))}
    known |= {*_of_a_schema(json.loads(schema.FILE.read_text())), REMOVED, "protect"}
    missing = {
        name: message.place
        for message in messages.MESSAGES
        for name in _SETTING.findall(message.text)
        if not {*name.split(".")} <= known
    }
    assert missing == {}


def _of_the_components(form: type[Arguments] = Arguments) -> Iterator[str]:
    for below in form.__subclasses__():
        yield from (camel_case(name) for name in arguments(below))
        yield from _of_the_components(below)


def _of_a_schema(document: Any) -> Iterator[str]:
    """The names of all properties in the schema of a package."""
    if isinstance(document, dict):
        for key, value in document.items():
            if key in ("properties", "inputProperties", "variables") and isinstance(value, dict):
                yield from value
            yield from _of_a_schema(value)
    elif isinstance(document, list):
        for one in document:
            yield from _of_a_schema(one)


OF_VAULTS = [row for row in (*_SERVICE, *_DEPLOYER) if "--hsm-name" not in row.fix]


@pytest.mark.parametrize("row", OF_VAULTS, ids=lambda row: row.pattern[:30])
def test_each_fix_of_a_known_answer_is_carried_out(row: ErrorRow) -> None:
    """With the names of real resources, as the provider fills them in: Azure takes what is printed."""
    hub = Hub()
    identity = hub.arm("GET", ACCOUNT, api="2025-06-01").body["identity"]
    context = ErrorContext(
        VAULT, "kv-hub", "cmk", identity["principalId"], deployer_id=seed.DEPLOYER.object_id
    )
    fix = row.fix.format(**context.fields)
    acts = [words for words, options in commands_in(fix) if options and not READS.search(words)]
    assert carry_out(hub.door, fix) == len(acts)
