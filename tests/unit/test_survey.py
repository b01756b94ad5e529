"""What the survey takes for an absent resource, and what it lets stop the program."""

from __future__ import annotations

import pytest

from components.survey import is_absent


@pytest.mark.parametrize(
    "text",
    [
        "request failed /subscriptions/x: status code 404, {}",
        "GET https://management.azure.com/x\nRESPONSE 404: 404 Not Found\nERROR CODE: VaultNotFound",
        'request failed /subscriptions/x: Status=404 Code="" Message=""',
        "(ResourceNotFound) The Resource 'Microsoft.KeyVault/vaults/kv' was not found.",
    ],
)
def test_absence_is_told_by_the_status_or_its_code(text: str) -> None:
    """azure-native, its stand-in and ARM say it in different words."""
    assert is_absent(text)


@pytest.mark.parametrize(
    "text",
    [
        "request failed /subscriptions/40440440-1c58-4f6a-8e37-94a0c5d6b404: status code 403",
        "RESPONSE 500: 500 Internal Server Error, correlation id 4049404f-0000-0000-0000-000000000404",
    ],
)
def test_fails_on_a_refusal_whose_ids_hold_the_same_digits(text: str) -> None:
    """What may not be read is not taken for absent: an existing vault would count as one to make."""
    assert not is_absent(text)
