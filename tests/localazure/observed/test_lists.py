"""Lists page by page: every item once by following nextLink, whatever the type."""

from __future__ import annotations

from typing import Any

import pytest

from localazure import paging
from tests.localazure.observed.fact import GROUP, scene, send, vault_body
from tests.support.front import SUBSCRIPTION, Door

NAMES = ["item-a", "item-b", "item-c"]
WEST = {"location": "westeurope"}
ACCOUNTS = ("Microsoft.CognitiveServices/accounts", "2025-06-01")
VAULTS = ("Microsoft.KeyVault/vaults", "2024-11-01")
IDENTITIES = ("Microsoft.ManagedIdentity/userAssignedIdentities", "2023-01-31")
BODIES = {
    ACCOUNTS: {**WEST, "kind": "TextAnalytics", "sku": {"name": "S"}},
    VAULTS: vault_body(),
    IDENTITIES: WEST,
}


def make(door: Door, kind: tuple[str, str], *, delete: bool = False) -> None:
    """Three resources of a type in the group, taken away again if `delete`."""
    type, version = kind
    for name in NAMES:
        url = f"{GROUP}/providers/{type}/{name}?api-version={version}"
        reply = send(door, "PUT", url, BODIES[kind])
        assert reply.status in (200, 201), reply
        if delete:
            for _ in range(2):
                send(door, "GET", url)
            assert send(door, "DELETE", url).status == 200


def pages(door: Door, url: str) -> list[list[str]]:
    """The names on each page, from the first to the last."""
    return [[row["name"] for row in rows] for rows in rows_of(door, url)]


def rows_of(door: Door, url: str) -> list[list[Any]]:
    """The items on each page."""
    found = []
    while url:
        body = send(door, "GET", url).body
        found.append(body["value"])
        url = body.get("nextLink", "")
    return found


@pytest.mark.parametrize("kind", BODIES, ids=lambda kind: kind[0])
@pytest.mark.parametrize("scope", [GROUP, SUBSCRIPTION], ids=["group", "subscription"])
def test_a_list_is_paged(monkeypatch: pytest.MonkeyPatch, kind: tuple[str, str], scope: str) -> None:
    """Two on the first page and one on the last; Key Vault's last page with items leads to an empty one."""
    monkeypatch.setattr(paging, "SIZE", 2)
    door = scene()
    make(door, kind)
    found = pages(door, f"{scope}/providers/{kind[0]}?api-version={kind[1]}")
    assert found == [NAMES[:2], NAMES[2:], *([[]] if kind is VAULTS else [])]


@pytest.mark.parametrize(("kind", "list"), [(ACCOUNTS, "deletedAccounts"), (VAULTS, "deletedVaults")])
def test_a_list_of_what_is_deleted_is_paged(
    monkeypatch: pytest.MonkeyPatch, kind: tuple[str, str], list: str
) -> None:
    """Every soft-deleted resource of the subscription once."""
    monkeypatch.setattr(paging, "SIZE", 2)
    door = scene()
    make(door, kind, delete=True)
    provider, version = kind[0].split("/")[0], kind[1]
    found = pages(door, f"{SUBSCRIPTION}/providers/{provider}/{list}?api-version={version}")
    assert found[:2] == [NAMES[:2], NAMES[2:]]


@pytest.mark.parametrize("path", ["resourceGroups", "resources"])
def test_top_makes_the_pages(path: str) -> None:
    """`$top` and `$filter` go on from page to page."""
    door = scene()
    if path == "resourceGroups":
        for name in NAMES:
            door.group(name)
        wanted, expected = "", [*NAMES, "net"]
    else:
        make(door, IDENTITIES)
        make(door, VAULTS)
        wanted = f"&$filter=resourceType eq '{IDENTITIES[0]}'".replace(" ", "%20")
        expected = NAMES
    found = pages(door, f"{SUBSCRIPTION}/{path}?api-version=2021-04-01&$top=1{wanted}")
    assert found == [[name] for name in expected]


@pytest.mark.parametrize("query", ["$top=0", "$top=1001", "$top=many", "$top=%C2%B2", "$skiptoken=!"])
def test_fails_for_a_page_that_cannot_be(query: str) -> None:
    """400 BadRequest, saying which parameter is wrong."""
    reply = send(scene(), "GET", f"{GROUP}/providers/{VAULTS[0]}?api-version={VAULTS[1]}&{query}")
    assert (reply.status, reply.code) == (400, "BadRequest")
    assert query.split("=", maxsplit=1)[0] in reply.message


@pytest.mark.parametrize(
    "path",
    [
        "/providers/Microsoft.KeyVault/vaults?api-version=2024-11-01",
        "/resourceGroups?api-version=2021-04-01&$top=2",
        # One page on this cloud.
        "/providers/Microsoft.Authorization/roleAssignments?api-version=2022-04-01",
    ],
)
def test_every_list_has_pages_of_a_size(path: str) -> None:
    """`page_size`: the same items in the same order, one a page."""
    door = scene()
    make(door, VAULTS)
    door.group("another")
    url = f"{SUBSCRIPTION}{path}"
    whole = [row for rows in rows_of(door, url) for row in rows]
    door.cloud.behave(page_size=1)
    assert [rows for rows in rows_of(door, url) if rows] == [[row] for row in whole]
    assert len(whole) > 1
