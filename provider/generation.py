"""What a changed `generation` of a KeyVersion asks for, and what it may not ask for."""

from __future__ import annotations

from provider.clearance import RefusedError
from provider.wire import Properties


def rotates(old_inputs: Properties, news: Properties) -> bool:
    """Whether an update asks for a new version. The first `generation` only says where counting begins."""
    old, new = old_inputs.values.get("generation"), news.values.get("generation")
    return old is not None and new is not None and old != new


def refuse_senseless(old_inputs: Properties, news: Properties) -> None:
    """Raises RefusedError for a generation that goes down, and for one that goes up under a pin."""
    old, new = old_inputs.known("generation"), news.known("generation")
    if isinstance(old, int) and isinstance(new, int) and new < old:
        raise RefusedError(
            f"generation goes from {old} to {new}, but a rotation cannot be taken back; raise it to rotate "
            "again, or hold an older version with `pin`"
        )
    if rotates(old_inputs, news) and news.text("pin"):
        raise RefusedError(
            f"generation goes from {old} to {new} while `pin` holds {news.text('pin')}: the account could "
            "not follow to the new version; take the pin away first"
        )
