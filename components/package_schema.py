"""The schema of the components as a package, with the parts that Pulumi cannot read from Python types.

Adds the package's metadata, enums for choices, and names and descriptions for every language. Form:
https://www.pulumi.com/docs/iac/guides/building-extending/packages/schema/
"""

import inspect
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from components.arguments.inputs import Arguments, arguments, descriptions
from core.published import ABOUT, VERSION
from core.resource_types import camel_case

NAME: Final = "language-cmk"
_ABOUT: Final[Mapping[str, Any]] = {
    "displayName": "Azure AI customer-managed keys: components",
    "description": "Azure AI services accounts, Language first of all, with their data at rest under the "
    "customer's own key, with vault, key, access and audit.",
    "keywords": ["azure", "encryption", "key-vault", "category/cloud", "kind/component"],
    "license": "Apache-2.0",
    "publisher": "language-cmk",
    "namespace": "language-cmk",
    "meta": {"supportPack": True},
}
_LANGUAGES: Final[Mapping[str, Mapping[str, Any]]] = {
    "python": {"packageName": "pulumi_language_cmk", "pyproject": {"enabled": True}},
    "nodejs": {"packageName": "@language-cmk/language-cmk"},
    # No host: the module is generated beside the program, and published nowhere.
    "go": {
        "modulePath": "language-cmk/sdk/go",
        "importBasePath": "language-cmk/sdk/go/languagecmk",
        "generateExtraInputTypes": True,
    },
}


def completed(schema: Mapping[str, Any]) -> dict[str, Any]:
    """The schema that Pulumi's analyzer made, completed."""
    types, resources = dict(schema["types"]), dict(schema["resources"])
    enums: dict[str, dict[str, Any]] = {}
    for form in _forms(Arguments):
        kind = form.__name__
        group = types.get(f"{NAME}:index:{kind}")
        component = resources.get(f"{NAME}:index:{kind.removesuffix('Args')}")
        if group:
            shape, properties, required = group, "properties", "required"
        elif component:
            shape, properties, required = component, "inputProperties", "requiredInputs"
        else:
            continue
        if component:
            shape[properties].pop("name", None)  # the resource's own
        declared = arguments(form)
        # Pulumi takes an argument with a default for a required one, and describes no inherited one.
        shape.pop(required, None)
        if names := sorted(camel_case(name) for name, argument in declared.items() if argument.required):
            shape[required] = names
        meanings = descriptions(form)
        for name, argument in declared.items():
            described = shape[properties][camel_case(name)]
            described["description"] = meanings[name]
            if argument.type is str and (choices := argument.choices):
                enum = _pascal_case(name)
                if group:
                    enum = kind.removesuffix("Args") + enum
                enums[enum] = _enum(enum, choices, enums.get(enum))
                target = described["items"] if argument.many else described
                target.pop("type", None)
                target["$ref"] = f"#/types/{NAME}:index:{enum}"
    types.update({f"{NAME}:index:{name}": enum for name, enum in enums.items()})
    whole: dict[str, Any] = {
        **schema,
        **_ABOUT,
        **ABOUT,
        "version": VERSION,
        "language": {
            name: {**settings, **_LANGUAGES.get(name, {})} for name, settings in schema["language"].items()
        },
        "types": {token.removesuffix("Args"): type for token, type in types.items()},
        "resources": resources,
    }
    return {word: _polished(part) for word, part in whole.items()}


def _forms(form: type[Arguments]) -> Iterator[type[Arguments]]:
    for one in form.__subclasses__():
        yield one
        yield from _forms(one)


def _enum(name: str, choices: Sequence[str], known: Mapping[str, Any] | None) -> dict[str, Any]:
    made = {"type": "string", "enum": [{"name": _pascal_case(one), "value": one} for one in choices]}
    if known not in (None, made):
        raise ValueError(f"{name} stands for two sets of choices; rename one of the arguments")
    return made


def _polished(value: Any) -> Any:
    """The schema with references to types without the `Args` that each SDK adds by itself, and with
    descriptions for readers of any language: without indentation and exceptions, which only Python has."""
    if isinstance(value, list):
        return [_polished(item) for item in value]
    if not isinstance(value, dict):
        return value
    found = {name: _polished(part) for name, part in value.items()}
    if isinstance(found.get("$ref"), str):
        found["$ref"] = found["$ref"].removesuffix("Args")
    if isinstance(found.get("description"), str):
        found["description"] = re.sub(
            r"\s*Raises\s[^.]*\.", "", inspect.cleandoc(found["description"])
        ).strip()
    if found.get("type") == "array" and isinstance(found.get("items"), dict):
        found["items"].pop("description", None)  # the list's own, once more
        if "$ref" in found["items"] and "enum" not in found["items"]:
            # An ordinary list in place of a plain one: the SDK for Go has no type for plain lists of objects
            # (pulumi 3.259). The component refuses a list that is not known when it is made.
            for place in (found, found["items"]):
                place.pop("plain", None)
    return found


def _pascal_case(words: str) -> str:
    return "".join(word[:1].upper() + word[1:] for word in re.split(r"[-_.]", words))
