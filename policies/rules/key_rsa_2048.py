"""A key is RSA of 2048 bits."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from pulumi_policy import Severity

from core import demands
from core.resource_types import Kind
from policies import sources
from policies.rule import (
    Finding,
    NotYetKnown,
    Options,
    References,
    Subject,
    UsedResourceRule,
    Violation,
    kinds,
)
from policies.view import UNKNOWN, shown

RSA_TYPES: Final = frozenset(name.lower() for name in demands.KEY_TYPES)


def judge(key: Subject, _: Options) -> Iterable[Finding]:
    """The size must be stated: Azure's default is 2048 today, but a key cannot be changed when a default
    is."""
    kty = key.view.word("kty")
    if kty is UNKNOWN:
        yield NotYetKnown("properties.kty is not known yet")
    elif kty not in RSA_TYPES:
        yield Violation(
            found=f"properties.kty is {shown(key.view.prop('kty'))}",
            required="properties.kty RSA or RSA-HSM",
            fix="create the key with kty RSA and keySize 2048, under a new name if it exists already",
        )
    size = key.view.number("keySize")
    if size is UNKNOWN:
        yield NotYetKnown("properties.keySize is not known yet")
    elif size != demands.KEY_SIZE:
        yield Violation(
            found=f"properties.keySize is {shown(key.view.prop('keySize'))}",
            required="properties.keySize 2048",
            fix="create the key with keySize 2048, under a new name if it exists already: "
            "Azure ignores a change of an existing key's size",
        )


RULE = UsedResourceRule(
    name="key-rsa-2048",
    title="A key is RSA of 2048 bits",
    why="only RSA keys of size 2048 are supported for the encryption of Azure AI services",
    source=sources.SERVICE_DOCUMENT,
    severity=Severity.HIGH,
    references=References(
        azure_policy=("75c4f823-d65c-4f29-a733-01d0077fdbcb", "82067dbb-e53b-4e06-b631-546d197452d9"),
        others=("cloudsploit:rsaCertificateKeySize",),
    ),
    kinds=kinds(Kind.KEY),
    judge=judge,
)
