"""Every text of the product that prints a way out: a command to run, or a setting to set, give or remove.

Owns: how such texts are found in the source. Does not own: what follows each.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FOLDERS = ("core", "components", "provider", "settings", "operate", "policies", "review", "engine")
_COMMAND = re.compile(
    r"\b(?:az (?:rest |[a-z]+ [a-z])"
    r"|pulumi (?:up|refresh|destroy|config|stack|state|import|cancel|preview|login)\b"
    r"|python -m [a-z]+|make (?:setup|up|env)\b)"
)
_SETTING = re.compile(
    r"\b(?:[Ss]et|[Rr]emove|[Gg]ive|list|pin|leave|shorten|choose) "
    r"(?:one of them|it\b|another|an older|the name|them\b|`?[a-z]+[A-Z.]\w+|`?[a-z]\w*: |ARM_|\{)"
)
_SHORTEST = 12
"""Characters of a text that can name a way out."""


@dataclass(frozen=True)
class Message:
    """One text in the source, with its placeholders as the source has them. `scope` is the function or the
    name of the table that it stands in."""

    module: str
    scope: str
    line: int
    text: str

    @property
    def plain(self) -> str:
        """The text with an X for each placeholder."""
        return re.sub(r"\{[^{}]*\}", "X", self.text)

    def is_in(self, printed: str) -> bool:
        """Whether something that was printed is this text, with its placeholders filled."""
        parts = re.split(r"\{[^{}]*\}", self.text)
        return re.search(".*?".join(map(re.escape, parts)), printed, re.DOTALL) is not None

    @property
    def place(self) -> tuple[str, str]:
        return self.module, self.scope


def _of_module(path: Path) -> Iterator[Message]:
    module = str(path.relative_to(ROOT))
    for scope, line, text in _texts(ast.parse(path.read_text()), ""):
        if len(text) >= _SHORTEST and (_COMMAND.search(text) or _SETTING.search(text)):
            yield Message(module, scope, line, text)


def _texts(node: ast.AST, scope: str) -> Iterator[tuple[str, int, str]]:
    """Whole texts, with the innermost function or the assigned name that they stand in; no docstrings."""
    text = _text(node)
    if text is not None:
        yield scope, getattr(node, "lineno", 0), text
        return
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        scope = f"{scope}.{node.name}".lstrip(".")
    elif isinstance(node, ast.Assign | ast.AnnAssign) and not scope:
        target = node.targets[0] if isinstance(node, ast.Assign) else node.target
        scope = target.id if isinstance(target, ast.Name) else scope
    for child in ast.iter_child_nodes(node):
        if not (isinstance(child, ast.Expr) and isinstance(child.value, ast.Constant)):
            yield from _texts(child, scope)


def _text(node: ast.AST) -> str | None:
    if isinstance(node, ast.Constant):
        return node.value if isinstance(node.value, str) else None
    if isinstance(node, ast.JoinedStr):
        return "".join(
            f"{{{ast.unparse(value.value)}}}" if isinstance(value, ast.FormattedValue) else _text(value) or ""
            for value in node.values
        )
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        parts = (_text(node.left), _text(node.right))
        return None if parts == (None, None) else "".join(part or "{}" for part in parts)
    return None


MESSAGES = tuple(
    message
    for folder in FOLDERS
    for path in sorted((ROOT / folder).rglob("*.py"))
    for message in _of_module(path)
)
"""All texts that print a way out, in the order of the source."""
