"""Words of a command, quoted for the shell that reads it: a resource group may be named `rg-(prod)`."""

from __future__ import annotations

import re
import shlex

_PLAIN = re.compile(r"[A-Za-z0-9./:_-]+")


def bash(word: str) -> str:
    """As bash and its kin take it for one word."""
    return shlex.quote(word)


def powershell(word: str) -> str:
    """As PowerShell takes it for one word. Source: about_Quoting_Rules, about_Parsing."""
    return word if _PLAIN.fullmatch(word) else "'" + word.replace("'", "''") + "'"
