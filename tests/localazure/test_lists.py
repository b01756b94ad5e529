"""Lists page by page: every item once by following nextLink, whatever the type."""

from __future__ import annotations

from typing import Any

import pytest

from localazure import paging
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


def pages(case: Case, url: str) -> list[list[Any]]:
    """The items on each page, from the first to the last."""
    found = []
    while url:
        body = case.do(f"GET {url}")
        found.append(body["value"])
        url = body.get("nextLink", "")
    return found


def names(case: Case, url: str) -> list[list[str]]:
    return [[row["name"] for row in rows] for rows in pages(case, url)]


@pytest.mark.parametrize("type", BODIES)
@pytest.mark.parametrize("scope", [GROUP, SUBSCRIPTION], ids=["group", "subscription"])
def test_a_list_is_paged(case: Case, monkeypatch: pytest.MonkeyPatch, type: str, scope: str) -> None:
    """Two on the first page and one on the last; Key Vault's last page with items leads to an empty one."""
    monkeypatch.setattr(paging, "SIZE", 2)
    make(case, type)
    found = names(case, f"{scope}/providers/{type}")
    assert found == [NAMES[:2], NAMES[2:], *([[]] if type is VAULTS else [])]


@pytest.mark.parametrize(("type", "list"), [(ACCOUNTS, "deletedAccounts"), (VAULTS, "deletedVaults")])
def test_a_list_of_what_is_deleted_is_paged(
    case: Case, monkeypatch: pytest.MonkeyPatch, type: str, list: str
) -> None:
    """Every soft-deleted resource of the subscription once."""
    monkeypatch.setattr(paging, "SIZE", 2)
    make(case, type, delete=True)
    assert names(case, f"{SUBSCRIPTION}/providers/{type.split('/', maxsplit=1)[0]}/{list}")[:2] == [
        NAMES[:2],
        NAMES[2:],
    ]


def test_top_makes_the_pages(case: Case) -> None:
    """`$top` and `$filter` go on from page to page."""
    make(case, IDENTITIES)
    make(case, VAULTS)
    case.do(f"PUT {SUBSCRIPTION}/resourceGroups/two with west")
    wanted = f"$filter=resourceType eq '{IDENTITIES}'"
    assert names(case, f"{SUBSCRIPTION}/resources?$top=1&{wanted}") == [[name] for name in NAMES]
    assert names(case, f"{SUBSCRIPTION}/resourceGroups?$top=1") == [["rg"], ["two"]]


@pytest.mark.parametrize("query", ["$top=0", "$top=1001", "$top=many", "$top=%C2%B2", "$skiptoken=!"])
def test_fails_for_a_page_that_cannot_be(case: Case, query: str) -> None:
    """400 BadRequest, saying which parameter is wrong."""
    case.do(
        {
            "ask": f"GET {GROUP}/providers/{VAULTS}?{query} -> 400 BadRequest",
            "says": query.split("=", maxsplit=1)[0],
        }
    )


@pytest.mark.parametrize(
    "path",
    [
        f"/providers/{VAULTS}",
        "/resourceGroups?$top=2",
        # One page on this cloud.
        "/providers/Microsoft.Authorization/roleAssignments",
    ],
)
def test_every_list_has_pages_of_a_size(case: Case, path: str) -> None:
    """`page_size`: the same items in the same order, one a page."""
    make(case, VAULTS)
    case.do(f"PUT {SUBSCRIPTION}/resourceGroups/two with west")
    whole = [row for rows in pages(case, SUBSCRIPTION + path) for row in rows]
    case.cloud.behave(page_size=1)
    assert [rows for rows in pages(case, SUBSCRIPTION + path) if rows] == [[row] for row in whole]
    assert len(whole) > 1
