"""A YAML file that is changed in place: comments, quotes and the order of entries stay as they are."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.util import load_yaml_guess_indent

from operate.errors import OperateError


class YamlFile:
    """A file and its document, a mapping that may be changed. Raises OperateError if it cannot be read."""

    def __init__(self, path: Path) -> None:
        self._path = path
        try:
            text = path.read_text(encoding="utf-8")
        except OSError as error:
            raise OperateError(f"{path} cannot be read: {error.strerror}") from error
        self._yaml = YAML()
        self._yaml.preserve_quotes = True
        self.document: Any
        self.document, indent, offset = load_yaml_guess_indent(text, yaml=self._yaml)
        self._yaml.width = 4096
        first = re.search(r"^( +)[^ #-]", text, re.MULTILINE)
        mapping = len(first[1]) if first else 2
        self._yaml.indent(mapping=mapping, sequence=indent or mapping, offset=offset or 0)

    def set(self, place: Sequence[str | int], value: object) -> None:
        """Sets a value by the keys and indexes that lead to it, or with None takes it out; groups that are
        missing are made, and those that stand there as JSON text, as `pulumi config set` may have left them,
        become groups."""
        *groups, last = place
        found = self.document
        for name in groups:
            if isinstance(name, str) and found.get(name) is None:
                found[name] = {}
            if isinstance(found[name], str):
                found[name] = json.loads(found[name])
            found = found[name]
        if value is None:
            found.pop(last, None)
        else:
            found[last] = value

    def write(self) -> None:
        """Writes the document as it is now."""
        text = io.StringIO()
        self._yaml.dump(self.document, text)
        self._path.write_text(text.getvalue(), encoding="utf-8")
