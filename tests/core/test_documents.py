"""Documents that others write: what is refused before it costs anything, and that everybody reads by the one
loader."""

import re
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import pytest
import yaml

from core import arm_template, documents, yaml_documents
from core.documents import DEEPEST, DocumentError
from operate import stack_file
from operate.adopt import files
from operate.errors import OperateError
from policies import configuration
from review import approvals, preview
from settings import shared
from settings.parse import decoded

ROOT = Path(__file__).resolve().parents[2]
LEVELS = [*"abcdefghijklmnop"]
ALIASES = "a: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{name}: &{name} [{', '.join([f'*{below}'] * 9)}]\n" for below, name in pairwise(LEVELS)
)
"""460 characters that stand for 9 ** 16 values."""
SELF = "approvals: &a [*a]\n"
DEEP = "approvals: " + "[" * 500 + "]" * 500
DEEPER = "approvals: " + "[" * 5000 + "]" * 5000
TAGGED = "approvals: !!bool x\n"
NUMBER = "approvals: 1" + ":1" * 200_000
BOMBS = {"aliases": ALIASES, "self": SELF, "deep": DEEP, "deeper": DEEPER, "tagged": TAGGED, "number": NUMBER}
SAID = {
    "aliases": r"line 2: found the alias \*a, expected the value itself",
    "self": r"line 1: found the alias \*a, expected the value itself",
    "deep": "line 1: found more than 100 levels of objects and lists",
    "deeper": "exceeded maximum nesting depth at line 1|found more than 100 levels",
    "tagged": "line 1: found the tag tag:yaml.org,2002:bool, expected the value alone",
    "number": r"found 400,012 characters, expected at most 250,000",
}


def of_file(folder: Path, text: str) -> object:
    path = folder / "Pulumi.dev.yaml"
    path.write_text(text)
    return stack_file.stack_file(path)


READERS: dict[str, tuple[Callable[[Path, str], object], type[Exception]]] = {
    "the loader": (lambda _, text: yaml_documents.of_yaml(text), DocumentError),
    "approvals": (lambda _, text: approvals.read(text), approvals.ApprovalError),
    "the stack's file": (of_file, OperateError),
    "a file before its adoption": (lambda _, text: files.merged(text, {}), ValueError),
    "fleet.yaml": (lambda _, text: shared.document(text), shared.FleetFileError),
    "policy-config.yaml": (
        lambda _, text: configuration.read(text, None),  # type: ignore[arg-type] # not reached
        configuration.ConfigurationError,
    ),
}


@pytest.mark.parametrize("bomb", BOMBS)
@pytest.mark.parametrize("reader", READERS)
def test_a_yaml_document_that_costs_much_is_refused_with_its_place(
    reader: str, bomb: str, tmp_path: Path
) -> None:
    """By whoever reads it; nothing is built before that."""
    read, error = READERS[reader]
    with pytest.raises(error, match=SAID[bomb]):
        read(tmp_path, BOMBS[bomb])


@pytest.mark.parametrize("levels", [DEEPEST - 1, DEEPEST + 1, 100_000])
def test_json_has_a_depth_too(levels: int) -> None:
    """For a preview it is an error, a configuration value stays the text that it is, and a template is one
    that cannot be read."""
    text = '{"a":' * levels + "1" + "}" * levels
    if levels < DEEPEST:
        assert preview.parsed(text) == documents.of_json(text)
        return
    with pytest.raises(preview.PreviewError, match="found more than 100 levels of objects and lists"):
        preview.parsed(text)
    assert decoded({"tags": text}) == {"tags": text}
    assert shared.labels_of("dev", {"language-cmk:tags": text}) == {"stack": "dev"}
    assert arm_template.may_concern_keys({"template": text}) is None


def test_json_has_a_size_and_names_no_value_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    """Which one counts, its readers may see differently."""
    with pytest.raises(DocumentError, match='"a" stands twice in an object'):
        documents.of_json('{"b": [{"a": 1, "a": 2}]}')
    monkeypatch.setattr(documents, "LONGEST_JSON", 10)
    with pytest.raises(DocumentError, match="found 11 characters, expected at most 10"):
        documents.of_json('{"a": "bc"}')


@pytest.mark.parametrize("text", ["{", "1" * 5000, "[NaN", ""])
def test_no_json_is_told_as_such(text: str) -> None:
    """Whatever the library says of it, it is one kind of error."""
    with pytest.raises(DocumentError, match=r"^not JSON: "):
        documents.of_json(text)


@pytest.mark.parametrize(
    "text", ["a: b: c", "a: 2026-13-45", "[a]: b", "a: 1\n---\nb: 2", "a: \x01", "a: 1\nb: 2\na: 3", "<<: 1"]
)
def test_no_yaml_is_told_as_such(text: str) -> None:
    """In one line, with the place where the library gives it."""
    with pytest.raises(DocumentError, match=r"^not YAML: [^\n]*$"):
        yaml_documents.of_yaml(text)


def test_a_right_document_is_read_as_ever() -> None:
    """Each file of the project that a person may have written."""
    for file in (*ROOT.glob("*.yaml"), *ROOT.glob("docs/examples/**/*.yaml")):
        text = file.read_text()
        assert yaml_documents.of_yaml(text) == yaml.safe_load(text)


OTHERS = {
    "core/documents.py": "the loader",
    "core/yaml_documents.py": "the loader",
    "core/records.py": "what a program and azure-cmk write for each other",
    "components/azure_native.py": "azure-native's own package",
    "components/host.py": "the SDK's schema of this package",
}
OWN = re.compile(
    r"__file__|made\[|_FILE|_FOLDER|SCHEMA|json\.dumps|done\.stdout|exported|_?(?:told|pulumi)\("
)
"""Tables of this project, what this process has made, and what a command that it ran has printed."""


def test_everybody_reads_by_the_one_loader() -> None:
    """Only tables of this project, and the answers of commands and packages, are read without it."""
    read = re.compile(r"yaml\.(?:safe_)?load\(|json\.loads?\(")
    rooms = ("core", "settings", "components", "policies", "review", "operate")
    found = {
        f"{path.relative_to(ROOT)}: {line.strip()}"
        for room in rooms
        for path in (ROOT / room).rglob("*.py")
        for line in path.read_text().splitlines()
        if read.search(line) and not OWN.search(line)
    }
    assert {one for one in found if one.partition(":")[0] not in OTHERS} == set()
