"""Lets a local Azure in this process use the same three RSA keys of 2048 bits again and again, because making
one takes a tenth of a second."""

from __future__ import annotations

import itertools
from functools import cache

from localazure.keyvault import crypto

generate = crypto.generate
"""How keys are made without this."""
_numbers = itertools.count()


@cache
def key_pairs() -> tuple[crypto.Material, ...]:
    """The three keys."""
    return tuple(generate("RSA") for _ in range(3))


def give_quick_keys() -> None:
    """Replaces key generation from now on, for all tests of this process."""
    crypto.generate = _quick


def _quick(kty: str, *, size: int | None = None, curve: str | None = None) -> crypto.Material:
    if kty in crypto.RSA_TYPES and size in (None, 2048):
        return key_pairs()[next(_numbers) % 3]
    return generate(kty, size=size, curve=curve)
