"""The program's unit test, which `pytest` runs in a copy of the program."""

from components.claims import claims
from language_cmk.testing import declared


def test_the_account_has_no_local_login() -> None:
    """By what the program declares."""
    made = declared(claims)
    assert made["claims-account"]["properties"]["disableLocalAuth"] is True
