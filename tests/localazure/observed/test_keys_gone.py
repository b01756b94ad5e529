"""Key Vault's data plane as observed: keys that are not there, are deleted, or are not the caller's."""

from __future__ import annotations

import pytest

from localazure import seed
from tests.localazure.observed.fact import GUID, Fact, Step, answer, check, scene, send
from tests.localazure.observed.test_keys import CREATE, HOST, KID, VAULT, url, vault
from tests.localazure.observed.test_vaults import VAULT as VAULT_ID

DELETE = Step("DELETE", url("keys/k"))
RBAC = vault(enableRbacAuthorization=True)
DENIED = (
    r"Caller is not authorized to perform action on resource\.\r\n"
    r"If role assignments, deny assignments or role definitions were changed recently, please observe "
    r"propagation time\.\r\n"
    rf"Caller: appid={seed.READER.client_id};oid={seed.READER.object_id};"
    rf"iss=https://sts\.windows\.net/{seed.TENANT_ID}/\r\n"
    r"Action: 'Microsoft\.KeyVault/vaults/keys/read'\r\n"
    rf"Resource: '{VAULT_ID.lower()}/keys/k'\r\n"
    r"Assignment: \(not found\)\r\n"
    r"DecisionReason: '\w+'\r\n"
    r"Vault: Contoso-1;location=westeurope\r\n"
)
FACTS = (
    Fact(
        "an absent key is not found",
        "GET",
        url("keys/none"),
        404,
        given=(VAULT,),
        has={"error.code": "KeyNotFound"},
        like={"error.message": r"A key with \(name/id\) none was not found in this key vault\. .*"},
    ),
    Fact(
        "in 2018 that was said in fewer words",
        "GET",
        url("keys/none", "?api-version=2016-10-01"),
        404,
        given=(VAULT,),
        has={"error.code": "KeyNotFound"},
        message="Key not found: none",
    ),
    Fact(
        "after 7.6 api-versions are dates again, and the words those of 7.6",
        "GET",
        url("keys/none", "?api-version=2025-07-01"),
        404,
        given=(VAULT,),
        has={"error.code": "KeyNotFound"},
        like={"error.message": r"A key with \(name/id\) none was not found in this key vault\. .*"},
    ),
    Fact(
        "an absent deleted key is not found",
        "GET",
        url("deletedkeys/none"),
        404,
        given=(VAULT,),
        has={"error.code": "KeyNotFound"},
        message="Deleted Key not found: none",
    ),
    Fact(
        "a delete answers the key with where it can be recovered and until when",
        "DELETE",
        DELETE.path,
        200,
        given=(VAULT, CREATE),
        has={"recoveryId": f"{HOST}/deletedkeys/k"},
        like={"key.kid": KID, "deletedDate": r"\d{10}", "scheduledPurgeDate": r"\d{10}"},
    ),
    Fact(
        "for a while a deleted key is in neither place",
        "GET",
        url("deletedkeys/k"),
        404,
        given=(VAULT, CREATE, DELETE),
        message="Deleted Key not found: k",
        behave={"deleted_keys_visible_after": 20},
    ),
    Fact(
        "then it is among the deleted ones",
        "GET",
        url("deletedkeys/k"),
        200,
        given=(VAULT, CREATE, DELETE),
        has={"recoveryId": f"{HOST}/deletedkeys/k"},
    ),
    Fact(
        "who has no role is told what was looked for",
        "GET",
        url("keys/k"),
        403,
        given=(RBAC, CREATE),
        has={"error.code": "Forbidden", "error.innererror.code": "ForbiddenByRbac"},
        like={"error.message": DENIED},
        who=seed.READER,
    ),
    Fact(
        "who has one is told by which assignment",
        "GET",
        url("keys/k"),
        200,
        given=(RBAC, CREATE),
        matching={"x-ms-keyvault-rbac-assignment-id": GUID.replace("(", "(?:")},
    ),
    Fact(
        "where access policies decide there is no assignment",
        "GET",
        url("keys/k"),
        200,
        given=(VAULT, CREATE),
        without=("x-ms-keyvault-rbac-assignment-id",),
    ),
)


@pytest.mark.parametrize("fact", FACTS, ids=lambda fact: fact.name)
def test_keys_are_refused_as_observed(fact: Fact) -> None:
    """One observation: status, headers, what the body has and what it lacks."""
    check(fact)


def test_a_deleted_key_is_found_when_the_time_is_over() -> None:
    """404 for as long as operations take on the cloud's clock, then 200."""
    door = scene()
    fact = Fact(
        "",
        "GET",
        url("deletedkeys/k"),
        404,
        given=(VAULT, CREATE, DELETE),
        behave={"deleted_keys_visible_after": 20},
    )
    assert answer(door, fact)[0].status == 404
    door.cloud.clock.advance(20)
    assert send(door, "GET", fact.path).status == 200


@pytest.mark.parametrize(
    ("path", "named"),
    [
        (f"{VAULT_ID}/secrets/s?api-version=2024-11-01", "GET https://management.azure.com"),
        (url("secrets/s"), f"GET {HOST}/secrets/s"),
        (url("certificates"), f"GET {HOST}/certificates"),
    ],
)
def test_what_key_vault_has_and_this_cloud_has_not_names_itself(path: str, named: str) -> None:
    """501, which no client takes for an absent thing, with the request in its text."""
    door = scene()
    send(door, VAULT.method, VAULT.path, VAULT.send)
    reply = send(door, "GET", path)
    assert (reply.status, reply.code) == (501, "NotImplemented")
    assert named in reply.message
