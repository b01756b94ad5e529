"""The kinds of Cognitive Services accounts: their SKUs, endpoints and capabilities, read from `kinds.json`.

TextAnalytics (Language) is as observed in recordings of 2021 and 2023; the value of its capability Container
was not kept, and is assumed. The names of the other kinds are those that the documentation of
`az cognitiveservices account list-kinds` prints; of them only what an encryption rule needs is there, and
their SKUs and capabilities are assumed where nothing else is said.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from localazure.web import Json

_PERIMETERS_SINCE = "2023"
_ONE_MEMBER: Mapping[str, tuple[str, ...]] = {"default": ("cognitiveservices.azure.com",)}


@dataclass(frozen=True)
class Kind:
    """One kind of account.

    `endpoints` are the keys of the answer's `endpoints`; `customer_key` says whether the kind can live on a
    customer-managed key at all (the SKU decides too); `rate_limit` is the count of calls per
    10 seconds in `callRateLimit`, None where most answers have none; `authoring` says whether its endpoint
    serves the Language authoring API; `deployments` whether models are deployed to it. `storage` says
    whether it takes `userOwnedStorage` (hashicorp/terraform#35635 and
    hashicorp/terraform-provider-azurerm#29386 quote the refusal for OpenAI and FormRecognizer),
    `storage_stays` that this is set when an account is made and never again
    (learn.microsoft.com/azure/ai-services/speech-service/bring-your-own-storage-speech-resource).
    `larger_keys` says that it takes RSA keys of more than 2048 bits
    (learn.microsoft.com/azure/foundry/concepts/encryption-keys-portal).
    `own_identity` says that it uses a customer-managed key through no user-assigned identity
    (Azure/azure-rest-api-specs#18726). `custom_translator`: a workspace of Custom Translator may keep its
    documents in the account (learn.microsoft.com/azure/ai-services/translator/encrypt-data-at-rest).
    `members` are those to which a private endpoint leads, each with the suffixes of its public names
    (AIServices: Azure/bicep-registry-modules, avm/res/cognitive-services/account/tests/e2e/max; that an
    account of kind OpenAI has one member is assumed).
    """

    name: str
    skus: tuple[str, ...]
    endpoints: tuple[str, ...]
    customer_key: bool = True
    rate_limit: int | None = 100
    authoring: bool = False
    bypass: bool = False
    deployments: bool = False
    storage: bool = False
    storage_stays: bool = False
    larger_keys: bool = False
    own_identity: bool = False
    custom_translator: bool = False
    valued_capabilities: tuple[tuple[str, str], ...] = ()
    members: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: _ONE_MEMBER)

    def takes_customer_key(self, sku: str) -> bool:
        """Whether an account of this kind and SKU has the CustomerManagedKey capability.

        Assumed: the free SKU lacks it. The source document says only "Pricing Tier for CMK".
        """
        return self.customer_key and not sku.upper().startswith("F")

    def takes_key(self, kty: str, size: int | None) -> bool:
        """Whether the kind takes keys of this type and size in bits."""
        return kty in ("RSA", "RSA-HSM") and (size == 2048 or (self.larger_keys and (size or 0) > 2048))

    def capabilities(self, sku: str, api_version: str = "") -> list[Json]:
        """`capabilities` as an account answers them; those before 2023 lack perimeters."""
        names = ["VirtualNetworks"]
        if not api_version or api_version >= _PERIMETERS_SINCE:
            names.append("NetworkSecurityPerimeter")
        if self.takes_customer_key(sku):
            names.append("CustomerManagedKey")
        valued = [{"name": name, "value": value} for name, value in self.valued_capabilities]
        return [{"name": name} for name in names] + valued


def _kind(row: Json) -> Kind:
    values: Json = {name: tuple(value) if isinstance(value, list) else value for name, value in row.items()}
    return Kind(**values)


_FILE = Path(__file__).with_name("kinds.json")
KINDS = {row["name"].lower(): _kind(row) for row in json.loads(_FILE.read_text())}


def find_kind(name: str) -> Kind | None:
    """The kind with this name, in any case."""
    return KINDS.get(name.lower())
