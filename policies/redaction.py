"""Keeps secret values out of the pack's messages.

The SDK hands rules the plain values of secrets (pulumi_policy.deserialize, without keep_secrets). Only the
engine's message says which values are secret; decoding.py passes it to `remember` before it is decoded.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from core.engine_values import SECRET, SIGNATURE

HIDDEN: Final = "[secret]"
_LEAST: Final = 3
"""Shorter texts, flags and small numbers say nothing that could be kept secret, and stand in other words."""

_values: set[str] = set()


def remember(properties: object) -> None:
    """Notes every text and number inside a secret of a message's properties."""
    waiting = [(properties, False)]
    while waiting:
        value, inside = waiting.pop()
        if isinstance(value, Mapping):
            hidden = inside or value.get(SIGNATURE) == SECRET
            waiting += [(inner, hidden) for name, inner in value.items() if name != SIGNATURE]
        elif isinstance(value, Sequence) and not isinstance(value, str):
            waiting += [(inner, inside) for inner in value]
        elif inside:
            _note(value)


def _note(value: Any) -> None:
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, str | int | float) and not isinstance(value, bool):
        # Names of vaults and identities are compared and shown in lower case.
        texts = {str(value).strip(), str(value).strip().lower()}
        _values.update(text for text in texts if len(text) >= _LEAST)


def forget() -> None:
    """Forgets all, for tests: each run of the engine has its own process."""
    _values.clear()


def without_secrets(text: str) -> str:
    """The text with each secret value in it replaced, where it stands as a word of its own."""
    for value in sorted(_values, key=len, reverse=True):
        if value in text:
            text = re.sub(rf"(?<!\w){re.escape(value)}(?!\w)", HIDDEN, text)
    return text
