"""What the product prints to run or to set exists, and there is a test that does it.

Owns: that no text of the source names a command or a setting that nobody can follow. Does not own: where a
refusal leads; the searches and the tests beside this one follow each to its end.
"""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
import yaml

from components.arguments.inputs import Arguments, arguments
from core.resource_types import camel_case
from localazure import seed
from localazure.standin import schema
from operate.__main__ import COMMANDS
from provider.errors import _DEPLOYER, _SERVICE, ErrorContext, ErrorRow
from settings.parse import REMOVED
from tests.remediation.test_findings_lead_out import ACCOUNT, VAULT, Hub
from tests.support.az import COMMANDS as COMMANDS_OF_AZ
from tests.support.az import DOES, READS, carry_out, commands_in
from tests.support.stack import ROOT

FOLDERS = ("core", "components", "provider", "settings", "operate", "policies", "review", "engine", "hosts")
PROVIDER = ROOT / "provider" / "schema.json"
OTHERWISE = {
    "keyvault update-hsm": "a test makes the managed HSM with what is to be updated",
    "storage account update": "a test puts the storage account into the local Azure's store",
}
"""Commands that no test carries out as az does, and what it does instead."""
_MODULE = re.compile(r"`python -m ([a-z]\w*(?:\.\w+)*)(?: ([a-z][a-z-]+))?")
_AZ = "|".join(sorted({name.partition(" ")[0] for name in COMMANDS_OF_AZ}))
_PULUMI = "cancel|config|import|install|login|new|package|plugin|policy|preview|refresh|stack|state|up"
_MAKE = "check|down|env|preview|setup|test|up"
_COMMAND = (
    rf"az (?:{_AZ})|pulumi (?:{_PULUMI})|make (?:{_MAKE})|language-cmk (?:{'|'.join(COMMANDS)})"
    r"|python3? -m \w+|pip install"
)
_BARE = re.compile(rf"^(?!run: |usage: ) *\S.*?[ (](?<!; do )(?:\S+/)?(?:{_COMMAND})\b", re.MULTILINE)
"""A command after words on its line. One on a line of its own is a line of a block."""
_SETTING = re.compile(
    r"\b(?:[Ss]et|[Rr]emove|[Gg]ive|[Ll]ist|pin|leave|shorten|choose) "
    r"`?([a-z]+(?:\.[a-z]|[A-Z])[\w.]*\w|(?!it\b)[a-z]\w*(?=: ))"
)


_PRINTED_BY_SHELL = re.compile(r"""\b(?:echo|printf) (["'])(.*?)(?<!\\)\1|:\?([^}]+)\}""")


def _texts(node: ast.AST) -> Iterator[tuple[int, str]]:
    """The lines and the whole texts of a module, with an X for each placeholder; no docstrings."""
    text = text_of(node)
    if text is not None:
        yield getattr(node, "lineno", 0), text
        return
    for child in ast.iter_child_nodes(node):
        if not (isinstance(child, ast.Expr) and isinstance(child.value, ast.Constant)):
            yield from _texts(child)


def text_of(node: ast.AST) -> str | None:
    if isinstance(node, ast.Constant):
        return re.sub(r"\{[^{}]*\}", "X", node.value) if isinstance(node.value, str) else None
    if isinstance(node, ast.JoinedStr):
        return "".join(text_of(value) or "X" for value in node.values)
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        parts = (text_of(node.left), text_of(node.right))
        return None if parts == (None, None) else "".join(part or "X" for part in parts)
    return None


def _texts_of_script(path: Path) -> Iterator[tuple[int, str]]:
    """The same of a shell script: what it prints, and why it refuses its arguments."""
    for line, code in enumerate(path.read_text().splitlines(), 1):
        for _, printed, refused in _PRINTED_BY_SHELL.findall(code):
            text = re.sub(r"\$\{\w+[^}]*\}|\$\w+", "X", printed or refused)
            yield line, text.replace("\\`", "`")


TEXTS = [
    (f"{path.relative_to(ROOT)}:{line}", text)
    for folder in FOLDERS
    for path in sorted((ROOT / folder).rglob("*.py"))
    for line, text in _texts(ast.parse(path.read_text()))
]
TEXTS += [
    (f"{path.relative_to(ROOT)}:{line}", text)
    for folder in FOLDERS
    for path in sorted((ROOT / folder).rglob("*.sh"))
    for line, text in _texts_of_script(path)
]
DATA = (
    *(
        "core/account_kinds.json",
        "policies/rules.json",
        "provider/schema.json",
        "operate/evidence/rules.yaml",
    ),
)
"""Files with texts that are printed."""


def _loaded(path: Path) -> Any:
    return yaml.safe_load(path.read_text())


def _strings(document: Any) -> Iterator[str]:
    """The texts in a document, on whatever level."""
    if isinstance(document, str):
        yield document
    elif isinstance(document, dict | list):
        for part in document.values() if isinstance(document, dict) else document:
            yield from _strings(part)


def test_az_has_every_command_and_each_is_carried_out() -> None:
    """With its options, as az itself lists them. A command that changes something has its counterpart in
    tests/support/az.py, by which the tests follow it."""
    known = {*DOES, *OTHERWISE}
    wrong = {}
    for place, text in TEXTS:
        try:
            commands = commands_in(text)
        except ValueError as error:
            wrong[place] = str(error)
            continue
        for words, options in commands:
            if options and words not in known and not READS.search(words):
                wrong[place] = f"no test carries out az {words}"
    assert wrong == {}


def test_a_command_in_a_sentence_stands_in_back_quotes() -> None:
    """So that a reader, and the machine of test_typed_ways.py, sees where it ends."""
    texts = [*TEXTS, *((name, text) for name in DATA for text in _strings(_loaded(ROOT / name)))]
    bare = {place: found[0] for place, text in texts if (found := _BARE.search(re.sub("`[^`]*`", "", text)))}
    assert bare == {}


def test_scripts_print_texts_that_are_looked_at(tmp_path: Path) -> None:
    """In a script a back quote of a message has a stroke before it, or the shell runs what is quoted."""
    script = tmp_path / "script.sh"
    script.write_text('stack=${1:?usage: run `make`}\n  echo "run \\`make up\\` for $stack" >&2\n')
    assert [*_texts_of_script(script)] == [(1, "usage: run `make`"), (2, "run `make up` for X")]
    places = {place.partition(":")[0] for place, _ in TEXTS}
    scripts = {f"review/{path.name}" for path in (ROOT / "review").glob("*.sh")}
    assert scripts - places == set()


def test_every_command_of_this_project_exists() -> None:
    """`python -m operate WORD` and the other modules that a text says to run."""
    for place, text in TEXTS:
        for module, word in _MODULE.findall(text):
            assert find_spec(module), f"{place}: no module {module}"
            assert module != "operate" or word in ("", *COMMANDS), f"{place}: operate {word}"


def test_every_setting_that_is_named_exists() -> None:
    """A setting, an argument, an input of the provider, or a property of a resource of Azure."""
    known = {*_of_the_components(), *_of_a_schema(json.loads(PROVIDER.read_text()))}
    known |= {*_of_a_schema(json.loads(schema.FILE.read_text())), REMOVED, "protect"}
    missing = {
        name: place
        for place, text in TEXTS
        for name in _SETTING.findall(text)
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
    assert re.search(r"\baz [a-z]", re.sub("`[^`]*`", "", fix)) is None, "a command outside of back quotes"
    assert carry_out(hub.door, fix) == len(acts)
