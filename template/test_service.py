"""Unit tests, without an engine, Azure or a login: what the program declares."""

import pulumi
import pytest
from language_cmk import InputError
from language_cmk.testing import declared
from service import service


def configure(**settings: str) -> None:
    pulumi.runtime.set_all_config({f"project:{name}": value for name, value in settings.items()})


def test_the_account_is_closed_and_bound_to_a_key_of_its_own_vault() -> None:
    configure(name="claims", location="westeurope")
    made = declared(service)
    account = made["claims-account"]["properties"]
    assert (account["disableLocalAuth"], account["publicNetworkAccess"]) == (True, "Disabled")
    assert made["claims-binding"]["keyUriWithVersion"].startswith("https://kv-claims.vault.azure.net/keys/")


def test_wrong_arguments_are_refused() -> None:
    configure(name="claims", location="")
    with pytest.raises(InputError, match="location"):
        declared(service)
