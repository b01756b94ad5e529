"""Objects in a body that no published definition judges, and the refusal of values of another type.

ARM's text for this refusal names types of .NET, so ours says what would be right.
"""

from typing import Any

from localazure.web import Json, ServiceError


def an_object(value: Json, name: str) -> dict[str, Any]:
    """The object that a property is; an empty one where it is absent. Raises ServiceError 400."""
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise _invalid(name, "an object")
    return value


def require_tags(tags: Json) -> None:
    """Raises ServiceError 400 for tags that are not names with texts; a number or null may stand for one."""
    if any(isinstance(value, (dict, list)) for value in an_object(tags, "tags").values()):
        raise _invalid("tags", "an object of texts")


def _invalid(name: str, expected: str) -> ServiceError:
    message = f"The request content was invalid and could not be deserialized: '{name}' has to be {expected}."
    return ServiceError(400, "InvalidRequestContent", message, gateway=True)
