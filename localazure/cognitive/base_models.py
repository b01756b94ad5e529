"""The base models that accounts deploy: what answers about them and about deployments say."""

from localazure import facts
from localazure.web import Json

_FILE = facts.read("cognitive/base_models.json")
_TOKENS_PER_UNIT = 1000
_LARGEST = 1000


def find(name: str, version: str | None) -> Json:
    """The model of this name, in its own version where none is asked for."""
    rows = _FILE["models"]
    found = next((row for row in rows if row["name"] == name.lower()), rows[-1])
    return {**found, "name": name, "version": version or found["version"]}


def rate_limits(capacity: int) -> list[Json]:
    """The `rateLimits` of a deployment: requests in ten seconds, tokens in a minute, by its capacity."""
    return [
        {"key": "request", "renewalPeriod": 10, "count": capacity},
        {"key": "token", "renewalPeriod": 60, "count": capacity * _TOKENS_PER_UNIT},
    ]


def listed() -> list[Json]:
    """The models that a location offers, as an account's list of models has them."""
    return [
        {
            "format": "OpenAI",
            "name": row["name"],
            "version": row["version"],
            "isDefaultVersion": True,
            "skus": [_sku(row, sku) for sku in _FILE["deployment_skus"]],
            "maxCapacity": _LARGEST,
            "capabilities": row["capabilities"],
            "lifecycleStatus": "GenerallyAvailable",
        }
        for row in _FILE["models"]
        if row["name"]
    ]


def _sku(row: Json, sku: str) -> Json:
    return {
        "name": sku,
        "usageName": f"OpenAI.{sku}.{row['name']}",
        "capacity": {"maximum": _LARGEST, "default": 10},
    }
