"""Access tokens: how they are signed and checked.

A token's times are the machine's, not the cloud's: clients renew their tokens by the machine's clock, so
moving the cloud's clock by a year must not leave them with tokens that they believe to be valid.
"""

import base64
import hashlib
import time
from collections.abc import Mapping
from dataclasses import dataclass, field

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.types import Options

from localazure.web import Json

_REMEMBERED = 2000
# The caller checks the audience, and the expiry at every use; the library checks the rest.
_OPTIONS: Options = {
    "verify_aud": False,
    "verify_exp": False,
    "require": ["exp", "nbf", "aud", "iss", "oid", "appid", "tid"],
}


class TokenError(Exception):
    """A token that proves nothing; `expired` where only its time is over (at `at`, epoch seconds)."""

    def __init__(self, reason: str, *, expired: bool = False, at: float = 0.0) -> None:
        super().__init__(reason)
        self.expired = expired
        self.at = at


def new_key() -> bytes:
    """A new private signing key, PEM."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


@dataclass
class Signer:
    """Signs and checks tokens with one RSA key (PEM)."""

    private_key: bytes
    _verified: dict[str, Mapping[str, Json]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        key = serialization.load_pem_private_key(self.private_key, password=None)
        if not isinstance(key, rsa.RSAPrivateKey):
            raise TypeError(f"tokens are signed by an RSA key, not by {type(key).__name__}")
        self._key = key
        self._public = key.public_key()
        numbers = self._public.public_numbers()
        self._modulus = _base64(numbers.n)
        self._exponent = _base64(numbers.e)
        self.key_id = _encoded(hashlib.sha256(self._modulus.encode()).digest()[:20])

    def public_key(self) -> Json:
        """The key as a row of the JSON web key set."""
        names = {"kty": "RSA", "use": "sig", "kid": self.key_id, "x5t": self.key_id}
        return {**names, "n": self._modulus, "e": self._exponent}

    def sign(self, claims: Mapping[str, Json]) -> str:
        return jwt.encode(dict(claims), self._key, "RS256", {"kid": self.key_id, "x5t": self.key_id})

    def verify(self, token: str) -> Mapping[str, Json]:
        """The claims of a token that this key signed and whose time is not over. Raises TokenError."""
        claims = self._verified.get(token)
        if claims is None:
            try:
                claims = jwt.decode(token, self._public, algorithms=["RS256"], options=_OPTIONS)
            except jwt.PyJWTError as error:
                raise TokenError(str(error)) from error
            if len(self._verified) >= _REMEMBERED:
                self._verified.clear()
            self._verified[token] = claims
        if (expires := float(claims["exp"])) <= time.time():
            raise TokenError("the token's time is over", expired=True, at=expires)
        return claims


def _base64(number: int) -> str:
    return _encoded(number.to_bytes((number.bit_length() + 7) // 8, "big"))


def _encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
