"""A unit test of a program that uses the components, to copy beside a program of your own."""

import pytest

from components.arguments.problem import InputError
from components.service import EncryptedAIServicesAccount
from components.testing import declared


def program(location: str = "westeurope") -> None:
    """In a test of your own: what your `__main__.py` does."""
    EncryptedAIServicesAccount("claims", {"location": location, "network": {"access": "closed"}})


def test_the_account_is_closed_and_bound_to_a_key_of_its_own_vault() -> None:
    """By what the program declares."""
    made = declared(program)
    account = made["claims-account"]["properties"]
    assert (account["disableLocalAuth"], account["publicNetworkAccess"]) == (True, "Disabled")
    assert made["claims-binding"]["keyUriWithVersion"].startswith("https://kv-claims.vault.azure.net/keys/")


def test_wrong_arguments_are_refused() -> None:
    """Before anything is declared."""
    with pytest.raises(InputError, match="location"):
        declared(lambda: program(location=""))
