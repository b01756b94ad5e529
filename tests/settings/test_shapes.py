"""Settings files of shapes that people leave behind: keys with nothing after them, secret values."""

from __future__ import annotations

import pulumi
import pytest

from settings import SettingsError, load, parse
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


def test_a_secret_value_is_in_no_message() -> None:
    """A setting that is kept secret is said to be wrong without its value."""
    with pytest.raises(SettingsError) as error:
        parse({**MINIMAL, "accountName": "Hunter2!"}, secret=frozenset({"accountName"}))
    assert "Hunter2" not in str(error.value)
    assert "accountName: is wrong; its value is secret" in str(error.value)


def test_a_secret_value_is_in_no_message_of_another_setting() -> None:
    """A rule that compares two settings does not tell the value of the one that is secret."""
    with pytest.raises(SettingsError) as error:
        parse(
            {**MINIMAL, "vault": {"id": VAULT_ID}, "key": {"id": f"{VAULT_ID}2/keys/k"}},
            secret=frozenset({"vault"}),
        )
    assert VAULT_ID not in str(error.value)
    assert "key.id: is wrong; its value is secret" in str(error.value)


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
