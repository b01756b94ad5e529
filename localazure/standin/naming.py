"""The name of a resource whose program gives none."""

from __future__ import annotations

import hashlib
import secrets
import uuid
from dataclasses import dataclass
from enum import Enum

from localazure.standin.row import AutoName

SUFFIX_DIGITS = 8


class Mode(Enum):
    """The stack's `pulumi:autonaming` option, as the engine passes it on; the numbers are the protocol's."""

    PROPOSE = 0
    ENFORCE = 1
    DISABLE = 2


@dataclass(frozen=True)
class Autonaming:
    """The name that the stack's option proposes, and how much it means it."""

    proposed: str
    mode: Mode


@dataclass(frozen=True)
class Name:
    """`random` allows a replacement to exist beside what it replaces."""

    text: str
    random: bool


def auto_name(kind: AutoName, logical: str, seed: bytes, option: Autonaming | None) -> Name | None:
    """The name, or None where the stack wants every name given. `seed` makes it the same in every preview."""
    if option is not None:
        if option.mode is Mode.DISABLE:
            return None
        if option.mode is Mode.ENFORCE or kind is not AutoName.UUID:
            return Name(option.proposed, random=False)
    digest = hashlib.sha256(seed or secrets.token_bytes(32)).digest()
    if kind is AutoName.UUID:
        return Name(str(uuid.UUID(bytes=digest[:16], version=4)), random=True)
    if kind is AutoName.RANDOM:
        return Name(logical + digest.hex()[:SUFFIX_DIGITS], random=True)
    return Name(logical, random=False)
