"""What several rules ask of a vault."""

from __future__ import annotations

from policies.view import View


def is_recovery(vault: View) -> bool:
    """True when the resource brings a deleted vault back: Azure then keeps the properties it had.

    Azure's own built-in policies leave such a request alone (0b60c0b2, 1e66c121).
    """
    return vault.word("createMode") == "recover"
