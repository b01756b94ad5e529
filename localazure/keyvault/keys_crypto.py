"""Data plane: cryptographic operations with a key version."""

from __future__ import annotations

from collections.abc import Mapping

from localazure.keyvault import access, crypto, usage
from localazure.keyvault.access import Operation
from localazure.keyvault.data_plane import Answer, Call, operation
from localazure.keyvault.key_body import kid
from localazure.keyvault.usage import bad_parameter
from localazure.routes import Handler
from localazure.web import Json


def _handler(what: Operation) -> Handler:
    """Verifying takes two things and says yes or no; every other operation makes bytes of one thing."""
    verifies = what is access.VERIFY
    names = ("digest", "value") if verifies else ("value",)

    @operation(what)
    def act(call: Call) -> Answer:
        data = [_binary(call, name) for name in names]
        key, version, result = usage.transform(call.cloud, call.use, str(call.body.get("alg")), *data)
        body: Json = {"value": result} if verifies else {"value": crypto.b64url(result)}
        return Answer(body if verifies else {"kid": kid(call.vault, key, version), **body}, version.version)

    return act


HANDLERS: Mapping[str, Handler] = {what.permission: _handler(what) for what in usage.ACTS}
"""The operations by the last segment of their path."""


def _binary(call: Call, name: str) -> bytes:
    try:
        return crypto.from_b64url(call.body.get(name))
    except crypto.CryptoError as error:
        raise bad_parameter(f"{name}: {error}") from error
