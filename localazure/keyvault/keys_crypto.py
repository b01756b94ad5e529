"""Data plane: cryptographic operations with a key version."""

from __future__ import annotations

from collections.abc import Callable

from localazure.keyvault import access, crypto, usage
from localazure.keyvault.access import Operation
from localazure.keyvault.data_plane import Answer, Call, operation
from localazure.keyvault.key_body import kid
from localazure.keyvault.usage import bad_parameter
from localazure.routes import Handler
from localazure.web import Json


def _transforming(what: Operation) -> Handler:
    @operation(what)
    def act(call: Call) -> Answer:
        data = _binary(call, "value")
        key, version, result = usage.transform(call.cloud, call.use, str(call.body.get("alg")), data)
        body = {"kid": kid(call.vault, key, version), "value": crypto.b64url(result)}
        return Answer(body, version.version)

    return act


wrap = _transforming(access.WRAP)
unwrap = _transforming(access.UNWRAP)
encrypt = _transforming(access.ENCRYPT)
decrypt = _transforming(access.DECRYPT)


@operation(access.SIGN)
def sign(call: Call) -> Answer:
    """Signs a digest."""

    def result(private: str, algorithm: str) -> Json:
        return crypto.b64url(crypto.sign(private, algorithm, _binary(call, "value")))

    return _signature(call, result, with_kid=True)


@operation(access.VERIFY)
def verify(call: Call) -> Answer:
    """Says whether a signature is of a digest by this key."""

    def result(private: str, algorithm: str) -> Json:
        return crypto.verify(private, algorithm, _binary(call, "digest"), _binary(call, "value"))

    return _signature(call, result, with_kid=False)


def _signature(call: Call, result: Callable[[str, str], Json], *, with_kid: bool) -> Answer:
    key, version, private = usage.usable(call.cloud, call.use)
    try:
        value = result(private, str(call.body.get("alg")))
    except crypto.CryptoError as error:
        raise bad_parameter(str(error)) from error
    head = {"kid": kid(call.vault, key, version)} if with_kid else {}
    return Answer({**head, "value": value}, version.version)


def _binary(call: Call, name: str) -> bytes:
    try:
        return crypto.from_b64url(call.body.get(name))
    except crypto.CryptoError as error:
        raise bad_parameter(f"{name}: {error}") from error
