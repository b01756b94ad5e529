"""What is written of a probe: the format, the rows made from it, and nothing that identifies anybody."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime

import pytest

from localazure import seed
from probe.__main__ import main
from probe.asking import Probe
from probe.conversation import Sanitizer
from tests.probe.clouds import Asking

AT = datetime(2026, 1, 31, 12, tzinfo=UTC)
GUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", re.IGNORECASE)
HEX = re.compile(r"\b[0-9a-f]{32}\b", re.IGNORECASE)
ROLES = "acdd72a7-3385-48ef-bd42-f606fba81ae7"


@pytest.fixture(scope="module")
def probe() -> Probe:
    """A whole probe, of an Azure with long answers."""
    asking = Asking({"missing_grant": "fails_later"})
    found = asking.probe()
    found.ask()
    return found


def test_no_secret_token_or_real_id(probe: Probe) -> None:
    """No id, key or name of what was asked is in any file: every id in them is a made-up one."""
    raw = json.dumps([[one.url, one.sent, one.body, dict(one.headers)] for one in probe.scene.talk.exchanges])
    real = {found.lower() for pattern in (GUID, HEX) for found in pattern.findall(raw)}
    moduli = {one.body["key"]["n"] for one in probe.scene.talk.exchanges if "key" in (one.body or {})}
    assert seed.SUBSCRIPTION_ID in real
    assert len(real) > 20
    assert moduli
    for name, text in probe.files(AT).items():
        shown = {found.lower() for pattern in (GUID, HEX) for found in pattern.findall(text)}
        assert shown & real == set(), name
        assert all(id.startswith("00000000") for id in shown), name
        for secret in ("eyJ", "Bearer", "authorization", *probe.suffixes, *moduli):
            assert secret not in text, (name, secret)


def test_the_same_id_stays_the_same() -> None:
    """So that a reader sees which answers are about the same thing."""
    sanitizer = Sanitizer({"4f2a90b1": "xxxxxxxx"})
    one, other = seed.SUBSCRIPTION_ID, seed.TENANT_ID
    text = sanitizer.text(f"{one} {other} {one.upper()} kv-probe-4F2A90B1")
    first, second, third, name = text.split()
    assert first == third != second
    assert name == "kv-probe-xxxxxxxx"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("The client 'jane.doe@bank.example' may not", "The client 'somebody@contoso.example' may not"),
        ("Client address: 203.0.113.77", "Client address: 192.0.2.1"),
        ("https://x/o?api-version=1&t=638&c=MIIH&s=abc-_&h=Q", "https://x/o?api-version=1"),
        ("Authorization eyJhbGciOi.eyJzdWIi.c2ln", "Authorization TOKEN"),
    ],
)
def test_people_addresses_signatures_and_tokens_are_replaced(text: str, shown: str) -> None:
    """In the texts of refusals and in the addresses of operations."""
    assert Sanitizer().text(text) == shown


def test_shared_and_public_keys_are_hidden() -> None:
    """Their members are named, without what is in them."""
    body = {"key1": "abc", "key": {"n": "0xff", "kty": "RSA"}, "systemData": {"createdBy": "jane"}}
    shown = Sanitizer().value(body)
    assert [secret for secret in ("abc", "0xff", "jane") if secret in str(shown)] == []
    assert shown["key"]["kty"] == "RSA"


def test_the_files_say_what_was_found(probe: Probe) -> None:
    """The document has an answer for each switch, whose exchanges it has; what Azure keeps is said, too."""
    files = probe.files(AT)
    document = json.loads(files["probe.json"])
    assert document["format"] == 1
    assert {one["answer"] for one in document["answers"]} == {"confirmed", "refuted", "unknown"}
    for one in document["answers"]:
        assert all(number < len(document["exchanges"]) for number in one["exchanges"])
    assert json.loads(files["profile.json"])["missing_grant"] == "fails_later"
    vault, accounts = probe.left
    assert ("purge-protected vault" in vault, "7 days" in vault, "48 hours" in accounts) == (True, True, True)


def test_without_yes_it_only_says_what_it_would_do(capsys: pytest.CaptureFixture[str]) -> None:
    """What is made, what it costs, how long it takes, and what Azure keeps; nothing is sent."""
    words = ["--subscription", seed.SUBSCRIPTION_ID, "--region", "West Europe"]
    assert main(words) == 0
    said = capsys.readouterr().out
    for part in ("less than 1 USD", "10 to 60 minutes", "7 days", "--yes", "region westeurope"):
        assert part in said


@pytest.mark.parametrize(("words", "found"), [(["--region", "chinaeast2"], "'chinaeast2'"), ([], "None")])
def test_fails_without_a_region(words: list[str], found: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Exit code 2, and nothing is sent."""
    assert main(["--subscription", seed.SUBSCRIPTION_ID, *words]) == 2
    assert f"--region: found {found}, expected a region" in capsys.readouterr().err
