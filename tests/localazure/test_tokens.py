"""Access tokens at ARM, Key Vault and Language: which are taken, and the challenge to whoever has none."""

from __future__ import annotations

import pytest

from localazure import seed
from localazure.tokens import Signer, new_key
from tests.support.front import ARM, SUBSCRIPTION, Door, signer, token

VAULT = "https://contoso.vault.azure.net/keys/k?api-version=7.4"
LANGUAGE = "https://contoso.cognitiveservices.azure.com/authoring/analyze-conversations/projects?api-version=2023-04-01"
GROUPS = f"{ARM}{SUBSCRIPTION}/resourceGroups?api-version=2024-03-01"


@pytest.fixture
def door() -> Door:
    return Door()


@pytest.mark.parametrize(
    ("url", "audience", "challenge"),
    [
        (GROUPS, f"{ARM}/", 'Bearer authorization_uri="https://login.microsoftonline.com/'),
        (VAULT, "https://vault.azure.net", 'Bearer authorization="https://login.microsoftonline.com/'),
        (LANGUAGE, "https://cognitiveservices.azure.com", 'Bearer authorization="https://login.'),
    ],
)
class TestTokens:
    """At all three services the same tokens prove the same."""

    def refused(self, door: Door, url: str, bearer: str, challenge: str) -> str:
        reply = door.send("GET", url, bearer=bearer)
        assert reply.status == 401
        assert reply.headers["www-authenticate"].startswith(challenge)
        return reply.code

    def test_fails_without_a_token(self, door: Door, url: str, audience: str, challenge: str) -> None:
        """No token: 401 with the service's challenge."""
        self.refused(door, url, "", challenge)

    def test_fails_with_a_basic_header(self, door: Door, url: str, audience: str, challenge: str) -> None:
        """Another scheme than Bearer is no token."""
        reply = door.send("GET", url, bearer="", headers={"authorization": "Basic abc"})
        assert reply.status == 401

    def test_fails_with_a_forged_token(self, door: Door, url: str, audience: str, challenge: str) -> None:
        """A token that another key signed is refused, as is one whose claims were changed."""
        other = Signer(new_key())
        claims = signer().verify(token(audience=audience))
        self.refused(door, url, other.sign(claims), challenge)
        head, _, signature = token(seed.READER, audience=audience).split(".")
        body = token(audience=audience).split(".")[1]
        self.refused(door, url, f"{head}.{body}.{signature}", challenge)

    def test_fails_with_an_unsigned_token(self, door: Door, url: str, audience: str, challenge: str) -> None:
        """`alg: none` and a symmetric signature are refused."""
        import jwt

        claims = dict(signer().verify(token(audience=audience)))
        self.refused(door, url, jwt.encode(claims, "", algorithm="none"), challenge)
        self.refused(door, url, jwt.encode(claims, "k" * 32, algorithm="HS256"), challenge)

    def test_fails_with_an_expired_token(self, door: Door, url: str, audience: str, challenge: str) -> None:
        """A token is refused from the second in which it ends, also after it was accepted before."""
        import time

        self.refused(door, url, token(audience=audience, exp=int(time.time())), challenge)

    def test_fails_for_another_audience(self, door: Door, url: str, audience: str, challenge: str) -> None:
        """A token for another service opens nothing."""
        self.refused(door, url, token(audience="https://graph.microsoft.com"), challenge)

    def test_moving_the_cloud_clock_leaves_tokens_valid(
        self, door: Door, url: str, audience: str, challenge: str
    ) -> None:
        """A token lives by the machine's clock, which its client goes by, not by the cloud's."""
        bearer = token(audience=audience)
        door.cloud.clock.advance(365 * 86400)
        assert door.send("GET", url, bearer=bearer).status != 401


@pytest.mark.parametrize("audience", ["https://management.azure.com", "https://management.core.windows.net/"])
def test_arm_takes_both_spellings_of_its_audience(door: Door, audience: str) -> None:
    """Old and new audience, with and without slash, are one."""
    assert door.send("GET", GROUPS, bearer=token(audience=audience)).status == 200


def test_arm_tells_a_broken_header_from_none(door: Door) -> None:
    """A header that is no bearer's is another refusal than a missing one."""
    broken = door.send("GET", GROUPS, bearer="", headers={"authorization": "Basic abc"})
    assert broken.code == "AuthenticationFailedInvalidHeader"
    assert door.send("GET", GROUPS, bearer="").code == "AuthenticationFailed"


def test_fails_for_a_token_of_another_tenant(door: Door) -> None:
    """A principal of another tenant is turned away from a subscription before any role counts."""
    reply = door.send("GET", GROUPS, bearer=token(seed.FOREIGNER))
    assert (reply.status, reply.code) == (401, "InvalidAuthenticationTokenTenant")
