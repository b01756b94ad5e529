"""Lists page by page: every item once by following nextLink, whatever the type."""

from __future__ import annotations

import pytest

from tests.localazure.driver import GROUP, Case
from tests.support.front import SUBSCRIPTION

NAMES = ["item-a", "item-b", "item-c"]
ACCOUNTS, VAULTS = "Microsoft.CognitiveServices/accounts", "Microsoft.KeyVault/vaults"
IDENTITIES = "Microsoft.ManagedIdentity/userAssignedIdentities"
BODIES = {ACCOUNTS: "nameless", VAULTS: "vault", IDENTITIES: "west"}


def make(case: Case, type: str, *, delete: bool = False) -> None:
    """Three resources of a type in the group, taken away again if `delete`."""
    for name in NAMES:
        url = f"{GROUP}/providers/{type}/{name}"
        case.do(f"PUT {url} with {BODIES[type]}", {"repeat": 2, "do": [f"GET {url}"]})
        if delete:
            case.do(f"DELETE {url} -> 200")


def names(case: Case, url: str) -> list[list[str]]:
    """The names on each page, from the first to the last."""
    found = []
    while url:
        body = case.do(f"GET {url}")
        found.append([row["name"] for row in body["value"]])
        url = body.get("nextLink", "")
    return found


@pytest.mark.parametrize(
    ("type", "path"),
    [
        *((type, f"{scope}/providers/{type}?") for type in BODIES for scope in (GROUP, SUBSCRIPTION)),
        (ACCOUNTS, f"{SUBSCRIPTION}/providers/Microsoft.CognitiveServices/deletedAccounts?"),
        (VAULTS, f"{SUBSCRIPTION}/providers/Microsoft.KeyVault/deletedVaults?"),
        (IDENTITIES, f"{SUBSCRIPTION}/resources?$filter=resourceType eq '{IDENTITIES}'&"),
    ],
)
def test_a_list_is_paged(case: Case, type: str, path: str) -> None:
    """`$top` makes pages of each item once, and a filter goes on from page to page; Key Vault's last page
    with items leads to an empty one."""
    make(case, type, delete="/deleted" in path)
    ends_empty: list[list[str]] = [[]] if type is VAULTS else []
    assert names(case, f"{path}$top=1") == [*([name] for name in NAMES), *ends_empty]
    assert names(case, path) == [NAMES, *ends_empty]


def test_a_list_that_is_one_page_on_this_cloud_has_pages_of_a_size(case: Case) -> None:
    """`page_size`: the same items in the same order."""
    path = f"{SUBSCRIPTION}/providers/Microsoft.Authorization/roleAssignments"
    (whole,) = names(case, path)
    case.cloud.behave(page_size=1)
    assert names(case, path) == [[name] for name in whole]
    assert len(whole) > 1


@pytest.mark.parametrize("query", ["$top=0", "$top=1001", "$top=many", "$top=%C2%B2", "$skiptoken=!"])
def test_fails_for_a_page_that_cannot_be(case: Case, query: str) -> None:
    """400 BadRequest, saying which parameter is wrong."""
    parameter, _, _ = query.partition("=")
    case.do({"ask": f"GET {GROUP}/providers/{VAULTS}?{query} -> 400 BadRequest", "says": parameter})
