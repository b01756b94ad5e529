"""Settings files of shapes that people leave behind: keys with nothing after them, secret values."""

from __future__ import annotations

import json
from typing import Any

import pulumi
import pytest

from settings import SettingsError, load, parse
from settings.stack import shown_secrets
from tests.settings.test_parse import MINIMAL, VAULT_ID
from tests.support.recording import run


@pytest.mark.parametrize("empty", ["", None])
def test_a_setting_with_nothing_after_it_has_its_default(empty: str | None) -> None:
    """Who comments out all that is below a group leaves its name; a service's null unsays what is shared."""
    (service,) = parse({**MINIMAL, "vault": empty, "tags": empty, "protect": empty}).services
    assert service == parse(MINIMAL).services[0]
    assert parse({**MINIMAL, "vault": {"name": None, "keyOperators": None}}).services[0] == service
    shared = {"location": "uksouth", "vault": {"id": VAULT_ID}, "tags": {"a": "b"}}
    own, other = parse(
        {**shared, "services": [{"name": "own", "vault": None}, {"name": "other", "vault": {"id": None}}]}
    ).services
    assert (own.vault.id, other.vault.id, own.tags) == (None, None, {"a": "b"})


@pytest.mark.parametrize(
    ("wrong", "secret", "value", "path"),
    [
        ({"accountName": "Hunter2!"}, "accountName", "Hunter2", "accountName"),
        ({"vault": {"id": VAULT_ID}, "key": {"id": f"{VAULT_ID}2/keys/k"}}, "vault", VAULT_ID, "key.id"),
    ],
)
def test_a_secret_value_is_in_no_message(wrong: dict[str, Any], secret: str, value: str, path: str) -> None:
    """A setting that is kept secret is said to be wrong without its value, also by a rule that compares
    another one with it."""
    with pytest.raises(SettingsError) as error:
        parse({**MINIMAL, **wrong}, secret=frozenset({secret}))
    assert value not in str(error.value)
    assert f"{path}: is wrong; its value is secret" in str(error.value)


def test_what_stays_secret_is_not_warned_of() -> None:
    """The search service's key, at the top and inside `services`, which Pulumi marks as a whole; another
    setting there is, without its value."""
    assert list(shown_secrets({"searchServiceKey": "k"}, {"searchServiceKey"})) == []
    services = json.dumps([{"name": "claims", "searchServiceKey": "k"}])
    assert list(shown_secrets({"services": services}, {"services"})) == []
    (warning,) = shown_secrets({"services": json.dumps([MINIMAL])}, {"services"})
    assert "stored and shown as plain text, because" in warning
    assert MINIMAL["location"] not in warning


def test_who_makes_a_setting_secret_is_told_that_it_does_not_stay_so(monkeypatch: pytest.MonkeyPatch) -> None:
    """Names and tags are what Azure shows; nobody is to believe that the state keeps them encrypted."""
    warned: list[str] = []
    monkeypatch.setattr(pulumi.log, "warn", warned.append)
    values = {**MINIMAL, "tags": '{"owner": "somebody"}'}
    config = {f"language-cmk:{name}": value for name, value in values.items()}

    def program() -> None:
        pulumi.runtime.set_all_config(config, ["language-cmk:tags"])
        try:
            assert load().services[0].tags == {"owner": "somebody"}
        finally:
            pulumi.runtime.set_all_config({}, [])

    run(program)
    (warning,) = warned
    assert warning.startswith("language-cmk:tags is secret")
    assert "somebody" not in warning
