"""Which version of a key is the one to bind, and whether a rotation was already done. Plain functions."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from provider.facts import KeyVersion
from provider.key_rules import unusable_now

ROTATION_TAG = "azure-cmk-rotation"
"""Marks the version from which a rotation was begun, so that a rotation that was cut off is not "
"made twice."""


class NoVersionError(ValueError):
    """No version of the key can be bound; the message says why for each."""


def newest_usable(versions: Sequence[KeyVersion], now: float, key_name: str) -> KeyVersion:
    """The youngest version that is enabled and valid at `now`, seconds since 1970. Raises NoVersionError."""
    for version in by_age(versions):
        if not unusable_now(version, now):
            return version
    reasons = [reason for version in by_age(versions) for reason in unusable_now(version, now)]
    shown = "; ".join(reasons[:5]) + (f"; and {len(reasons) - 5} more" if len(reasons) > 5 else "")
    raise NoVersionError(
        f"no version of the key {key_name} is enabled and valid: {shown or 'it has none'}; the data of "
        "an account that is bound to a disabled one is out of reach; enable one with "
        f"`az keyvault key set-attributes --vault-name VAULT --name {key_name} --version VERSION "
        "--enabled true`, "
        "or raise `generation` for a new one"
    )


def by_age(versions: Sequence[KeyVersion]) -> list[KeyVersion]:
    """Youngest first. Azure counts seconds, so versions of one second keep the order they came in."""
    return sorted(versions, key=lambda version: version.created or 0, reverse=True)


def mark(urn: str, generation: int) -> str:
    """What the tag begins with for one resource's rotation to a generation; another stack's is another."""
    return f"{hashlib.sha256(urn.encode()).hexdigest()[:12]}:{generation}"


def rotated_to(versions: Sequence[KeyVersion], wanted: str) -> KeyVersion | None:
    """The version that a rotation marked `wanted` has made already; None when it has not been made.

    The mark ends in the number of versions there were, so it does not matter that ages are whole seconds, nor
    that a vault copies tags to the versions it makes.
    """
    for version in versions:
        begun, _, count = version.tags.get(ROTATION_TAG, "").rpartition(":")
        if begun == wanted and count.isdigit() and len(versions) > int(count):
            return by_age(versions)[0]
    return None
