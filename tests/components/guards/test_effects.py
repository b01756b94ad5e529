"""The line with which a preview of an account's data ends, in the words that the review has for it."""

from __future__ import annotations

from typing import Any

import pulumi
import pytest

from components.guards.reader import ServiceRequest
from components.preflight import preflight
from components.service import EncryptedAIServicesAccount
from core import effects
from tests.components.guards.test_data_loss import VAULT_ID
from tests.components.test_access import bound_azure
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
    azure = bound_azure(granted=True, recorded=True)
    uri = f"https://kv-language.vault.azure.net/keys/cmk-language/{version}"
    azure.key = {"name": "cmk-language", "keyUriWithVersion": uri, "attributes": attributes}
    return azure


def tell(azure: FakeAzure, *, preview: bool = True, **given: Any) -> None:
    args: Any = {"location": "westeurope", **given}
    run(lambda: EncryptedAIServicesAccount("language", args), azure=azure, preview=preview)


@pytest.mark.parametrize(
    ("azure", "given", "words"),
    [
        (FakeAzure(), {}, effects.BOUND.format(effects.key("kv-language", "cmk-language", LATER))),
        (
            FakeAzure(),
            {"identity": "userAssigned"},
            effects.BOUND.format(effects.key("kv-language", "cmk-language", LATER)),
        ),
        (
            FakeAzure(),
            {"kind": "AIServices", "account_name": "lang-language", "key": {"version": "automatic"}},
            effects.BOUND.format(effects.key("kv-language", "cmk-language", effects.NEWEST)),
        ),
        (FakeAzure(), {"encryption": "microsoftManaged"}, effects.NOT_ENCRYPTED),
        (newest(OLD), {"tags": {"owner": "team"}}, None),
        (newest(OLD), {"key": {"generation": 2}}, effects.ROTATED.format(LATER)),
        (newest(NEW), {}, None),
        (newest(OLD), {"key": {"pin": NEW}}, effects.REBOUND.format(NEW, OLD)),
        (newest(NEW), {"key": {"pin": OLD}}, None),
        (
            bound_azure(granted=False, recorded=False, access="revoked"),
            {"access": "granted"},
            effects.ACCESS_GIVEN.format(IN_USE),
        ),
        (bound_azure(granted=False, recorded=False, access="revoked"), {"access": "revoked"}, None),
    ],
)
def test_a_preview_ends_with_what_happens_to_the_data(
    said: list[tuple[str, str]], azure: FakeAzure, given: dict[str, Any], words: str | None
) -> None:
    """One line of an account that changes, none of one that does not; and the update repeats none."""
    tell(azure, **given)
    assert said == ([("info", words)] if words else [])


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"access": "revoked"}, effects.ACCESS_REMOVED.format(IN_USE) + READ),
        ({"encryption": "microsoftManaged", "unbind_account": "lang-language"}, effects.UNBOUND),
    ],
)
def test_what_takes_data_away_is_a_warning(
    said: list[tuple[str, str]], given: dict[str, Any], words: str
) -> None:
    """Also where it is on purpose."""
    tell(bound_azure(granted=True, recorded=True), **given)
    assert [(how, text.partition("; not under it")[0]) for how, text in said] == [("warn", words)]


def test_another_key_is_named_with_the_one_in_use(said: list[tuple[str, str]]) -> None:
    """Both, so that nobody takes it for a rotation."""
    azure = newest(NEW)
    tell(azure, vault={"id": VAULT_ID})
    key = effects.key("kv-hub", "cmk-language", LATER)
    assert said == [("info", effects.KEY_CHANGED.format(key, IN_USE))]


def test_a_key_that_is_yet_to_be_made_has_no_version_yet(said: list[tuple[str, str]]) -> None:
    """That of the key in use is not its version."""
    tell(bound_azure(granted=True, recorded=True), key={"name": "another"})
    key = effects.key("kv-language", "another", LATER)
    assert said == [("info", effects.KEY_CHANGED.format(key, IN_USE))]


def test_a_service_that_is_taken_out_is_told(said: list[tuple[str, str]]) -> None:
    """Its own settings are gone, so that nothing else could say it."""
    azure = bound_azure(granted=True, recorded=True)
    azure.state["urn:pulumi:dev::p::language-cmk:index:EncryptedAIServicesAccount::language"] = {
        "outputs": {}
    }
    requests = {"other": ServiceRequest(service_inputs(name="other"))}
    run(lambda: preflight(requests, removed=["language"]), azure=azure, preview=True)
    assert said == [("warn", f"account DELETED: {effects.DELETED}")]


def test_an_update_repeats_nothing_of_its_preview(said: list[tuple[str, str]]) -> None:
    """One line for a fact of one command."""
    tell(bound_azure(granted=True, recorded=True), preview=False, access="revoked")
    assert said == []
