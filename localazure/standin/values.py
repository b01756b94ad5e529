"""Property values as the rules see them: plain JSON values, and `UNKNOWN` for what a preview cannot know."""

from collections.abc import Mapping
from enum import Enum
from typing import Any, Final

Value = Any
Properties = dict[str, Any]


class Unknown(Enum):
    """The type of `UNKNOWN`; an enum, so that it is one object after copying, and equal only to itself."""

    UNKNOWN = "unknown"


UNKNOWN: Final = Unknown.UNKNOWN


class RefusedError(Exception):
    """azure-native refuses this, or cannot do it. The text is for the user; any other error is our own
    fault and says so."""


CREATE_BEFORE_DELETE: Final = "__createBeforeDelete"
"""Input that marks a resource whose name was drawn at random, so that a replacement may be made first."""

API_VERSION: Final = "azureApiVersion"
"""Input and output that azure-native adds, so that a later release knows how a state was written."""


def has_unknown(value: Value) -> bool:
    """Whether a preview cannot know all of the value."""
    if isinstance(value, dict):
        return any(has_unknown(item) for item in value.values())
    if isinstance(value, list):
        return any(has_unknown(item) for item in value)
    return value is UNKNOWN


def declared(inputs: Mapping[str, Value]) -> Properties:
    """The inputs a user can mean: without the provider's own `__` marks and `azureApiVersion`."""
    return {key: value for key, value in inputs.items() if not key.startswith("__") and key != API_VERSION}


def without_empty(value: Value) -> Value:
    """The value without nulls and empty collections, at every depth of its objects."""
    if isinstance(value, dict):
        kept = {key: without_empty(item) for key, item in value.items()}
        return {key: item for key, item in kept.items() if item is not None and item not in ({}, [])}
    return value
