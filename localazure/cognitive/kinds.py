"""The kinds of Cognitive Services accounts: their SKUs, endpoints and capabilities, read from `kinds.json`.

TextAnalytics (Language), FormRecognizer, Face and SpeechServices are as observed in recordings of 2021 to
2025, OpenAI as the documentation of `az cognitiveservices account create` prints it
(learn.microsoft.com/azure/ai-services/openai/how-to/create-resource, 2024-07-11). The names of the other
kinds are those that the documentation of `az cognitiveservices account list-kinds` prints; of them only what
an encryption rule needs is there, and their SKUs and capabilities are assumed where nothing else is said.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from localazure import facts
from localazure.web import Json

_PERIMETERS_SINCE = "2023"
_DEFAULT_RULE = {
    "key": "default",
    "renewalPeriod": 10,
    "count": 100,
    "matchPatterns": [{"path": "*", "method": "*"}],
}
_ONE_MEMBER: Mapping[str, tuple[str, ...]] = {"default": ("cognitiveservices.azure.com",)}


@dataclass(frozen=True)
class Form:
    """What an account of a kind tells of itself, in answers of the years up to `until` (empty: of all later
    ones): `capabilities`, each a name with a value or none; the names of its `endpoints`, and their addresses
    where these are not the account's (`at`), with `{region}`, and with `{label}` if it has a subdomain; the
    rules of its `callRateLimit`; the address of an account without a subdomain (`endpoint`)."""

    endpoints: tuple[str, ...]
    until: str = ""
    capabilities: tuple[tuple[str, ...], ...] = ()
    rules: tuple[Json, ...] = (_DEFAULT_RULE,)
    at: Mapping[str, str] = field(default_factory=dict)
    endpoint: str = "https://{region}.api.cognitive.microsoft.com/"


@dataclass(frozen=True)
class Kind:
    """One kind of account.

    `forms` are what it tells of itself, by year; `customer_key` says whether the kind can live on a
    customer-managed key at all (the SKU decides too); `authoring` says whether its endpoint
    serves the Language authoring API; `deployments` whether models are deployed to it; `suffix` is the end of
    the endpoint of an account with a subdomain; `shows` are properties that answers have though nobody set
    them. `storage` says
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
    forms: tuple[Form, ...]
    customer_key: bool = True
    suffix: str = "cognitiveservices.azure.com"
    shows: Mapping[str, Json] = field(default_factory=dict)
    authoring: bool = False
    bypass: bool = False
    deployments: bool = False
    storage: bool = False
    storage_stays: bool = False
    larger_keys: bool = False
    own_identity: bool = False
    custom_translator: bool = False
    members: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: _ONE_MEMBER)

    def takes_customer_key(self, sku: str) -> bool:
        """Whether an account of this kind and SKU has the CustomerManagedKey capability.

        Assumed: the free SKU lacks it. The source document says only "Pricing Tier for CMK".
        """
        return self.customer_key and not sku.upper().startswith("F")

    def takes_key(self, kty: str, size: int | None) -> bool:
        return kty in ("RSA", "RSA-HSM") and (size == 2048 or (self.larger_keys and (size or 0) > 2048))

    def form(self, api_version: str) -> Form:
        """What an answer of an api-version tells; an empty version is the newest."""
        year = api_version[:4]
        return next((form for form in self.forms if year and year <= form.until), self.forms[-1])

    def capabilities(self, sku: str, api_version: str = "") -> list[Json]:
        """`capabilities` as an account answers them. Those of a kind of which none were observed are assumed;
        before 2023 they lack perimeters."""
        observed = self.form(api_version).capabilities
        if not observed:
            observed = (("VirtualNetworks",), ("NetworkSecurityPerimeter",), ("CustomerManagedKey",))
            if api_version and api_version < _PERIMETERS_SINCE:
                observed = (observed[0], observed[2])
        return [
            dict(zip(("name", "value"), capability, strict=False))
            for capability in observed
            if capability[0] != "CustomerManagedKey" or self.takes_customer_key(sku)
        ]


def _kind(row: Json) -> Kind:
    values: Json = {name: tuple(value) if isinstance(value, list) else value for name, value in row.items()}
    return Kind(**{**values, "forms": tuple(Form(**form) for form in row["forms"])})


KINDS = {row["name"].lower(): _kind(row) for row in facts.read("cognitive/kinds.json")}


def find_kind(name: str) -> Kind | None:
    """The kind with this name, in any case."""
    return KINDS.get(name.lower())
