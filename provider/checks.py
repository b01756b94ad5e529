"""Inputs judged by their form alone: what is missing, misspelt or contradicts itself."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from core import arm_ids, key_uris
from core.arm_ids import MalformedError
from core.clouds import Cloud
from provider.wire import Properties

UNBIND = "unbind"
"""The `onDelete` of a binding whose deletion puts the account back on Microsoft-managed keys."""


@dataclass(frozen=True)
class Failure:
    """An input that cannot be right."""

    property: str
    reason: str


Form = Mapping[str, tuple[Callable[[str], object] | None, bool]]
"""A resource's inputs: what parses each, None for one that is not text, and whether it is required."""


def check(news: Properties, form: Form) -> list[Failure]:
    """Every input that is missing, misspelt or unknown to a resource; values not known yet pass."""
    failures = unexpected(news, set(form))
    for name, (parse, required) in form.items():
        if parse:
            failures += malformed(news, name, parse, required=required)
    return failures


def check_binding(news: Properties, cloud: Cloud) -> list[Failure]:
    """The same for the inputs of a CustomerManagedKey, whose vault must be that of the key."""
    form: Form = {
        "accountId": (arm_ids.account_id, True),
        "keyUriWithVersion": (lambda text: key_uris.parse_versioned(text, cloud), True),
        "identityClientId": (_client_id, False),
        "vaultId": (arm_ids.vault_id, False),
        "accountDigest": (None, False),
        "onDelete": (_on_delete, False),
    }
    failures = check(news, form)
    key, vault = news.text("keyUriWithVersion"), news.text("vaultId")
    if not failures and key and vault:
        named, bound = arm_ids.vault_id(vault), key_uris.parse_versioned(key, cloud)
        if not bound.is_in(named):
            failures.append(
                Failure(
                    "vaultId",
                    f"the key is in the {_noun(bound.in_managed_hsm)} {bound.vault_name!r}, but vaultId "
                    f"names the {_noun(named.in_managed_hsm)} {named.name.lower()!r}; "
                    "give the id of the vault that holds the key, or leave vaultId away",
                )
            )
    return failures


def _noun(in_managed_hsm: bool) -> str:
    return "managed HSM" if in_managed_hsm else "vault"


def check_key_version(news: Properties) -> list[Failure]:
    """The same for the inputs of a KeyVersion."""
    form: Form = {
        "keyId": (arm_ids.key_id, True),
        "generation": (None, False),
        "pin": (key_uris.version, False),
        "accountId": (arm_ids.account_id, False),
        "accountLeaves": (None, False),
    }
    failures = check(news, form)
    if news.known("accountLeaves") not in (None, True, False):
        failures.append(
            Failure("accountLeaves", f"found {news.values['accountLeaves']!r}, expected a boolean")
        )
    generation = news.known("generation")
    if generation is not None and (
        isinstance(generation, bool) or not isinstance(generation, int) or generation < 0
    ):
        failures.append(
            Failure(
                "generation", f"generation is {generation!r}; expected a whole number, raised by 1 to rotate"
            )
        )
    return failures


def unexpected(news: Properties, expected: set[str]) -> list[Failure]:
    """A failure for each property that the resource does not have, so that a misspelling is not
    passed over."""
    return [
        Failure(name, f"unknown input {name!r}; known are {', '.join(sorted(expected))}")
        for name in sorted(set(news.values) - expected)
        if not name.startswith("__")
    ]


def malformed(
    news: Properties, name: str, parse: Callable[[str], object], *, required: bool = False
) -> list[Failure]:
    """A failure when the input is missing though required, or when `parse` says that it is malformed."""
    value = news.known(name)
    if value in (None, ""):
        missing = required and not news.is_unknown(name)
        return [Failure(name, f"missing required input {name!r}")] if missing else []
    if not isinstance(value, str):
        return [Failure(name, f"{name} is {value!r}; expected text")]
    try:
        parse(value)
    except MalformedError as error:
        return [Failure(name, str(error))]
    return []


def _on_delete(text: str) -> None:
    """Raises MalformedError for any value but UNBIND."""
    if text != UNBIND:
        raise MalformedError(
            f"found {text!r}, expected {UNBIND!r}, or no value, which refuses to delete the binding while "
            "the account is bound"
        )


def _client_id(text: str) -> None:
    """Raises MalformedError unless `text` may be a client id; a principal id looks the same."""
    if not arm_ids.is_guid(text):
        raise MalformedError(
            f"{text!r} is not a client id; expected the GUID `clientId` of the user-assigned identity "
            "(az identity show --name NAME --resource-group GROUP --query clientId), or nothing for the "
            "system-assigned one"
        )


def principal_id(text: str) -> None:
    """Raises MalformedError unless `text` may be the object id of an identity."""
    if not arm_ids.is_guid(text):
        raise MalformedError(
            f"{text!r} is not a principal id; expected the GUID `principalId` of the account's identity "
            "(az cognitiveservices account show --name NAME --resource-group GROUP --query "
            "identity.principalId), or of the user-assigned one"
        )
