"""Data plane: cryptographic operations with a key version."""

from __future__ import annotations

from collections.abc import Mapping

from localazure.keyvault import crypto, usage
from localazure.keyvault.access import Operation
from localazure.keyvault.data_plane import Answer, Call, operation
from localazure.keyvault.key_body import kid
from localazure.keyvault.usage import bad_parameter
from localazure.routes import Handler


def _handler(what: Operation) -> Handler:
    @operation(what)
    def act(call: Call) -> Answer:
        try:
            data = crypto.from_b64url(call.body().get("value"))
        except crypto.CryptoError as error:
            raise bad_parameter(f"value: {error}") from error
        key, version, result = usage.transform(call.cloud, call.use, str(call.body().get("alg")), data)
        body = {"kid": kid(call.vault, key, version), "value": crypto.b64url(result)}
        return Answer(body, version.version)

    return act


HANDLERS: Mapping[str, Handler] = {what.permission: _handler(what) for what in usage.ACTS}
"""The operations by the last segment of their path."""
