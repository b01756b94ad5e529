"""Judges inputs by their form alone: which are missing, misspelt or contradict themselves.

provider/schema.json says which inputs a resource or function has, their types and which are required; an
input has the same form wherever its name stands.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

from core import arm_ids, key_uris
from core.arm_ids import MalformedError
from core.clouds import Cloud
from core.facts import UPGRADE_MODES
from core.roles import HSM_CRYPTO_SERVICE_ENCRYPTION_USER, id_of
from provider import SCHEMA
from provider.wire import Properties

UNBIND: Final = "unbind"
"""The `onDelete` of a binding whose deletion puts the account back on Microsoft-managed keys."""


@dataclass(frozen=True)
class Failure:
    """An input that cannot be right."""

    property: str
    reason: str


@dataclass(frozen=True)
class Declared:
    """What the schema declares of a resource or a function: the types of its inputs, which of them are
    required and which make another resource, and the outputs that are no inputs."""

    types: Mapping[str, str]
    required: tuple[str, ...] = ()
    replacing: tuple[str, ...] = ()
    outputs: tuple[str, ...] = ()


@cache
def _schema() -> Any:
    return json.loads(SCHEMA.read_text(encoding="utf-8"))


@cache
def declared(token: str) -> Declared:
    """What the schema declares of a resource or a function, by its token."""
    schema = _schema()
    found = schema["resources"].get(token) or schema["functions"][token].get("inputs", {})
    inputs = found.get("inputProperties") or found.get("properties", {})
    return Declared(
        {name: str(one.get("type", "object")) for name, one in inputs.items()},
        tuple(found.get("requiredInputs") or found.get("required", ())),
        tuple(name for name, one in inputs.items() if one.get("willReplaceOnChanges")),
        tuple(name for name in found.get("properties", {}) if name not in inputs),
    )


Forms = Mapping[str, Callable[[Any], object]]
"""For each input, by its name, the function that raises MalformedError if it cannot be right."""


_TYPES: Final = {"string": (str, "text"), "boolean": (bool, "a boolean"), "array": (list, "a list")}


def check(news: Properties, token: str, forms: Forms | None = None) -> list[Failure]:
    """The failures of all inputs that are missing, misspelt or unknown; values that are not known yet pass.
    `forms` holds for this token alone, beside the forms of all."""
    found, parsers = declared(token), {**FORMS, **(forms or {})}
    failures = [
        Failure(name, f"unknown input {name!r}; known are {', '.join(sorted(found.types))}")
        for name in sorted(set(news.values) - set(found.types))
        if not name.startswith("__")
    ]
    for name, type in found.types.items():
        value, (wanted, said) = news.known(name), _TYPES.get(type, (object, ""))
        if value in (None, ""):
            if name in found.required and not news.is_unknown(name):
                failures.append(Failure(name, f"missing required input {name!r}"))
        elif not isinstance(value, wanted):
            failures.append(Failure(name, f"{name} is {value!r}; expected {said}"))
        elif name in parsers:
            try:
                parsers[name](value)
            except MalformedError as error:
                failures.append(Failure(name, str(error)))
    return failures


def check_binding(news: Properties, token: str, cloud: Cloud) -> list[Failure]:
    """What is wrong with a binding's inputs. Its key must be in the cloud and in the vault that they name."""
    failures = check(news, token, {"keyUriWithVersion": lambda text: key_uris.parse(text, cloud)})
    key, vault = news.text("keyUriWithVersion"), news.text("vaultId")
    if not failures and key and vault:
        named, bound = arm_ids.vault_id(vault), key_uris.parse(key, cloud)
        if not bound.is_in(named):
            is_in, names = ("managed HSM" if one.in_managed_hsm else "vault" for one in (bound, named))
            reason = (
                f"the key is in the {is_in} {bound.vault_name!r}, but vaultId names the {names} "
                f"{named.name.lower()!r}; give the id of the vault that holds the key, or leave vaultId away"
            )
            failures.append(Failure("vaultId", reason))
    return failures


def key_of_an_hsm(text: str) -> None:
    """Raises MalformedError unless a text is the id of a key in a managed HSM."""
    if not arm_ids.key_id(text).in_managed_hsm:
        raise MalformedError(
            f"{text!r} is a key of a vault; use a vault's access policy or a role assignment of Resource "
            "Manager (azure-native), and this resource for a key of a managed HSM"
        )


def _the_role(text: str) -> None:
    role = HSM_CRYPTO_SERVICE_ENCRYPTION_USER
    if id_of(text) != role.id:
        raise MalformedError(
            f"found {text!r}, expected {role.id!r} ({role.name}), all that the service needs"
        )


def _on_delete(text: str) -> None:
    if text != UNBIND:
        raise MalformedError(
            f"found {text!r}, expected {UNBIND!r}, or no value, which refuses to delete the binding while "
            "the account is bound"
        )


def _mode(text: str) -> None:
    if text not in UPGRADE_MODES:
        raise MalformedError(f"found {text!r}, expected {' or '.join(map(repr, UPGRADE_MODES))}")


def _generation(value: Any) -> None:
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise MalformedError(f"generation is {value!r}; expected a whole number, raised by 1 to rotate")


def _guid(what: str, whose: str) -> Callable[[str], None]:
    """The form of an identity's principal id or client id, which look the same."""

    def parse(text: str) -> None:
        if not arm_ids.is_guid(text):
            raise MalformedError(f"{text!r} is not a {what} id; expected the GUID `{what}Id` of the {whose}")

    return parse


FORMS: Final[Forms] = {
    "accountId": arm_ids.account_id,
    "assignmentId": arm_ids.parse,
    "generation": _generation,
    "identityClientId": _guid(
        "client",
        "user-assigned identity (`az identity show --name NAME --resource-group GROUP --query clientId`), or "
        "nothing for the system-assigned one",
    ),
    "keyId": arm_ids.key_id,
    "mode": _mode,
    "onDelete": _on_delete,
    "pin": key_uris.version,
    "principalId": _guid(
        "principal",
        "account's identity (`az cognitiveservices account show --name NAME --resource-group GROUP --query "
        "identity.principalId`), or of the user-assigned one",
    ),
    "roleDefinitionId": _the_role,
    "scope": key_of_an_hsm,
    "vaultId": arm_ids.vault_id,
}
"""Each raises MalformedError for what cannot be right."""
