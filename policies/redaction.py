"""Keeps secret values out of the pack's messages.

Only the engine's message says which values are secret: rules judge a secret as any other value, and every
text of the pack leaves it out.
"""

import re
from collections.abc import Mapping
from typing import Any, Final

from core.engine_values import SECRET, SIGNATURE

HIDDEN: Final = "[secret]"
_LEAST: Final = 3
"""Texts of fewer characters are not replaced: flags and small numbers are no secrets, and occur inside other
words."""

_values: set[str] = set()
"""Each run of the engine has its own process."""


def opened(value: Any, *, inside: bool = False) -> Any:
    """A value of the engine's message without the marks of secrets; notes every text and number in these."""
    if isinstance(value, Mapping):
        if value.get(SIGNATURE) == SECRET:
            return opened(value.get("value"), inside=True)
        return {name: opened(inner, inside=inside) for name, inner in value.items()}
    if isinstance(value, list):
        return [opened(inner, inside=inside) for inner in value]
    if inside:
        _note(value)
    return value


def _note(value: Any) -> None:
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, str | int | float) and not isinstance(value, bool):
        # Names of vaults and identities are compared and shown in lower case.
        texts = {str(value).strip(), str(value).strip().lower()}
        _values.update(text for text in texts if len(text) >= _LEAST)


def without_secrets(text: str) -> str:
    """The text with each secret value in it replaced, where it stands as a word of its own."""
    for value in sorted(_values, key=len, reverse=True):
        if value in text:
            text = re.sub(rf"(?<!\w){re.escape(value)}(?!\w)", HIDDEN, text)
    return text
