"""Mending a resource's inputs before the engine uses them; off unless a rule's level is set to `remediate`.

Owns: how a flag is switched on without touching what is unknown or secret. Does not own: which rules may do
so: only those whose change can be taken back and harms nothing.
"""

from __future__ import annotations

from typing import Any

from policies.view import UNKNOWN, View


def switch_on(inputs: Any, flag: str) -> Any:
    """The inputs with `properties.<flag>` true; None when it is so already, or is not known yet.

    The SDK's proxies keep a secret a secret when it is written through them, so they are changed in place.
    """
    view = View(inputs)
    properties = View(view.get("properties"))
    if properties.is_unknown or properties.is_absent:
        return None
    if properties.get(flag) is UNKNOWN or view.flag(flag) is True or view.word("createMode") == "recover":
        return None
    inputs["properties"][flag] = True
    return inputs
