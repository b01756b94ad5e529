"""The line with which a preview of an account's data ends, in the words that the review has for it."""

from __future__ import annotations

from typing import Any

import pulumi
import pytest

from components.preflight.run import ServiceRequest, preflight
from components.service import EncryptedAIServicesAccount
from core import effects
from tests.components.bound import HUB, standing
from tests.support.recording import FakeAzure, run, service_inputs

NEW, OLD = "1" * 32, "0" * 32
IN_USE = effects.key("kv-language", "cmk-language", OLD)
LATER = "known after apply"
READ = "; data under it answers 403 until access is granted again"
PREFIX = "encryption of lang-language: "


@pytest.fixture
def said(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str]]:
    """Each line about an account's data, with how it is told."""
    found = list[tuple[str, str]]()
    for how in ("info", "warn"):

        def tell(text: str, *_: Any, how: str = how) -> None:
            if text.startswith(PREFIX):
                found.append((how, text.removeprefix(PREFIX)))

        monkeypatch.setattr(pulumi.log, how, tell)
    return found


def newest(version: str, **attributes: Any) -> FakeAzure:
    """A bound account whose key has this version."""
    azure = standing()
    uri = f"https://kv-language.vault.azure.net/keys/cmk-language/{version}"
    azure.key = {"name": "cmk-language", "keyUriWithVersion": uri, "attributes": attributes}
    return azure


def another(vault: str, name: str) -> str:
    """The words for another key than the one in use."""
    return effects.KEY_CHANGED.format(effects.key(vault, name, LATER), IN_USE)


def tell(azure: FakeAzure, *, preview: bool = True, **given: Any) -> None:
    args: Any = {"location": "westeurope", **given}
    run(lambda: EncryptedAIServicesAccount("language", args), azure=azure, preview=preview)


FIRST = effects.BOUND.format(effects.key("kv-language", "cmk-language", LATER))
REVOKED: dict[str, Any] = {"granted": False, "recorded": False, "access": "revoked"}
GOES = {"encryption": "microsoftManaged", "unbind_account": "lang-language"}
FOLLOWS = {"kind": "AIServices", "account_name": "lang-language", "key": {"version": "automatic"}}


@pytest.mark.parametrize(
    ("azure", "given", "words"),
    [
        (FakeAzure(), {}, FIRST),
        (FakeAzure(), {"identity": "userAssigned"}, FIRST),
        (FakeAzure(), FOLLOWS, FIRST.replace(LATER, effects.NEWEST)),
        (FakeAzure(), {"encryption": "microsoftManaged"}, effects.NOT_ENCRYPTED),
        (newest(OLD), {"tags": {"owner": "team"}}, None),
        (
            newest(OLD),
            {"network": {"access": "open"}, "key": {"generation": 2}},
            effects.ROTATED.format(LATER),
        ),
        (newest(NEW), {}, None),
        (newest(OLD), {"key": {"pin": NEW}}, effects.OLDER_VERSION.format(NEW, OLD)),
        (newest(NEW.upper()), {"key": {"pin": NEW}}, effects.ROTATED.format(NEW)),
        (newest(""), {"key": {"pin": NEW}}, effects.REBOUND.format(NEW, OLD)),
        (newest(NEW), {"key": {"pin": OLD}}, None),
        (newest(NEW), {"vault": {"id": HUB}}, another("kv-hub", "cmk-language")),
        (newest(OLD), {"key": {"name": "another"}}, another("kv-language", "another")),
        (standing(**REVOKED), {"access": "granted"}, effects.ACCESS_GIVEN.format(IN_USE)),
        (standing(**REVOKED), {"access": "revoked"}, None),
        (newest(OLD), {"access": "revoked"}, effects.ACCESS_REMOVED.format(IN_USE) + READ),
        (newest(OLD), GOES, effects.UNBOUND),
    ],
)
def test_a_preview_ends_with_what_happens_to_the_data(
    said: list[tuple[str, str]], azure: FakeAzure, given: dict[str, Any], words: str | None
) -> None:
    """One line of an account that changes, none of one that does not. What takes data away is a warning, also
    where it is on purpose. Another key is named with the one in use, no rotation."""
    tell(azure, **given)
    is_grave = given in ({"access": "revoked"}, GOES)
    told = [(how, text.partition("; not under it")[0]) for how, text in said]
    assert told == ([("warn" if is_grave else "info", words)] if words else [])


def test_a_service_that_is_taken_out_is_told(said: list[tuple[str, str]]) -> None:
    """Its own settings are gone, so that nothing else could say it."""
    requests = {"other": ServiceRequest(service_inputs(name="other"))}
    run(lambda: preflight(requests, removed=["language"]), azure=standing(), preview=True)
    assert said == [("warn", f"account DELETED: {effects.DELETED}")]


def test_an_update_repeats_nothing_of_its_preview(said: list[tuple[str, str]]) -> None:
    """One line for a fact of one command."""
    tell(standing(), preview=False, access="revoked")
    assert said == []
