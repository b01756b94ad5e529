"""Access tokens at ARM, Key Vault and Language: which are taken, and the challenge to whoever has none."""

from __future__ import annotations

import time
from collections.abc import Callable

import jwt
import pytest

from localazure import seed
from localazure.tokens import Signer, new_key
from tests.support.front import ARM, SUBSCRIPTION, Door, signer, token

VAULT = "https://contoso.vault.azure.net/keys/k?api-version=7.4"
LANGUAGE = "https://contoso.cognitiveservices.azure.com/authoring/analyze-conversations/projects?api-version=2023-04-01"
GROUPS = f"{ARM}{SUBSCRIPTION}/resourceGroups?api-version=2024-03-01"


def _with_claims_of_another(audience: str) -> str:
    head, _, signature = token(seed.READER, audience=audience).split(".")
    return f"{head}.{token(audience=audience).split('.')[1]}.{signature}"


def _claims(audience: str) -> dict[str, object]:
    return dict(signer().verify(token(audience=audience)))


@pytest.mark.parametrize(
    ("url", "audience", "challenge"),
    [
        (GROUPS, f"{ARM}/", 'Bearer authorization_uri="https://login.microsoftonline.com/'),
        (VAULT, "https://vault.azure.net", 'Bearer authorization="https://login.microsoftonline.com/'),
        (LANGUAGE, "https://cognitiveservices.azure.com", 'Bearer authorization="https://login.'),
    ],
    ids=["arm", "vault", "language"],
)
@pytest.mark.parametrize(
    "bearer",
    [
        lambda _: "",
        lambda audience: Signer(new_key()).sign(_claims(audience)),
        _with_claims_of_another,
        lambda audience: jwt.encode(_claims(audience), "", algorithm="none"),
        lambda audience: jwt.encode(_claims(audience), "k" * 32, algorithm="HS256"),
        lambda audience: token(audience=audience, exp=int(time.time())),
        lambda _: token(audience="https://graph.microsoft.com"),
    ],
    ids=["none", "another key", "changed", "unsigned", "symmetric", "just ended", "for another service"],
)
def test_fails_with_a_token_that_proves_nothing(
    url: str, audience: str, challenge: str, bearer: Callable[[str], str]
) -> None:
    """401 with the service's challenge; a token is refused from the second in which it ends."""
    reply = Door().send("GET", url, bearer=bearer(audience))
    assert reply.status == 401
    assert reply.headers["www-authenticate"].startswith(challenge)


@pytest.mark.parametrize("audience", ["https://management.azure.com", "https://management.core.windows.net/"])
def test_arm_takes_both_spellings_of_its_audience(audience: str) -> None:
    """Old and new audience, with and without slash, are one."""
    assert Door().send("GET", GROUPS, bearer=token(audience=audience)).status == 200


@pytest.mark.parametrize(
    ("bearer", "header", "code"),
    [
        ("", {"authorization": "Basic abc"}, "AuthenticationFailedInvalidHeader"),
        ("", {}, "AuthenticationFailed"),
        (token(seed.FOREIGNER), {}, "InvalidAuthenticationTokenTenant"),
    ],
    ids=["another scheme", "none", "another tenant"],
)
def test_arm_tells_why_it_takes_no_token(bearer: str, header: dict[str, str], code: str) -> None:
    """A broken header is another refusal than a missing one; a principal of another tenant is turned away
    before any role counts."""
    refused = Door().send("GET", GROUPS, bearer=bearer, headers=header)
    assert (refused.status, refused.code) == (401, code)
