"""Another service of the cloud as the user of a key: `k` of the vault in a case."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from localazure.keyvault import trusted_services
from tests.localazure.keyvault.case import URI, VAULT, Case

DATA = bytes(range(32))


def with_keys(case: Case, **properties: Any) -> Case:
    """A vault with the key `k` and the soft-deleted key `gone`; then the properties asked for."""
    case.make_vault()
    case.make_key("k")
    case.make_key("gone")
    case.data("DELETE", "/keys/gone")
    response = case.arm("PATCH", VAULT, {"properties": properties})
    assert response.status == 200, response.body
    return case


def wrap(case: Case, object_id: str, version: str = "", key: str = "k") -> bytes:
    return trusted_services.wrap(
        case.cloud,
        object_id=object_id,
        vault_uri=URI,
        key_name=key,
        version=version,
        data=DATA,
        correlation_id="corr-2",
    )


def unwrap(case: Case, object_id: str, data: bytes, version: str = "") -> bytes:
    return trusted_services.unwrap(
        case.cloud,
        object_id=object_id,
        vault_uri=URI,
        key_name="k",
        version=version,
        data=data,
        correlation_id="corr-2",
    )


def refusal_of(act: Callable[[], object]) -> str | None:
    try:
        act()
    except trusted_services.KeyRefused as refused:
        return refused.code
    return None
