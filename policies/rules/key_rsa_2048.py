"""A key is RSA of 2048 bits."""

from typing import Final

from core import demands
from core.resource_types import Kind
from policies import sources
from policies.rule import Findings, Options, Subject, UsedResourceRule, expect
from policies.view import as_number, as_word

RSA_TYPES: Final = frozenset(name.lower() for name in demands.KEY_TYPES)


def judge(key: Subject, _: Options) -> Findings:
    """The size must be stated: a default may change, and an existing key cannot."""
    kty, size = key.view.prop("kty"), key.view.prop("keySize")
    yield from expect(
        "properties.kty",
        kty,
        as_word(kty) in RSA_TYPES,
        required="properties.kty RSA or RSA-HSM",
        fix="create the key with kty RSA and keySize 2048, under a new name if it exists already",
    )
    yield from expect(
        "properties.keySize",
        size,
        as_number(size) == demands.KEY_SIZE,
        required="properties.keySize 2048",
        fix="create the key with keySize 2048, under a new name if it exists already: "
        "Azure ignores a change of an existing key's size",
    )


RULE = UsedResourceRule(
    why="only RSA keys of size 2048 are supported for the encryption of Azure AI services",
    source=sources.SERVICE_DOCUMENT,
    severity="high",
    same_as="azure-policy:75c4f823-d65c-4f29-a733-01d0077fdbcb "
    "azure-policy:82067dbb-e53b-4e06-b631-546d197452d9 cloudsploit:rsaCertificateKeySize",
    kinds=(Kind.KEY,),
    judge=judge,
)
