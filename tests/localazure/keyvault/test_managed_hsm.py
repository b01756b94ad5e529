"""Managed HSMs: the resource, its own roles, and keys that only those open."""

from __future__ import annotations

import pytest

from localazure.authorization import assign_role
from localazure.directory import Principal
from localazure.keyvault import delete_in_group, trusted_services
from localazure.web import Json
from tests.localazure.driver import (
    DATA,
    GROUP,
    HSM,
    HSM_URI,
    KEY_VAULT,
    OTHER_GROUP,
    OWNER,
    SERVICE,
    Case,
    error,
    hsm_body,
)
from tests.support.front import Reply

ENCRYPTION_USER = "33413926-3206-4cdd-b39a-83574fe37a17"
CRYPTO_USER = "21dbd100-6940-42c2-9190-5d6cb909625b"
NAME = "b36b00af-89c6-435f-a43d-9a3087015c27"


@pytest.fixture
def hsm(case: Case) -> Case:
    """A cloud with an HSM, whose administrator is OWNER."""
    made = case.arm("PUT", HSM, hsm_body(enablePurgeProtection=True))
    assert made.status == 200, made.body
    return case


def grant(case: Case, who: Principal, role: str, scope: str = "/keys", name: str = NAME) -> Reply:
    path = f"/{scope}/providers/Microsoft.Authorization/roleAssignments/{name}"
    return case.hsm("PUT", path, {"properties": {"principalId": who.object_id, "roleDefinitionId": role}})


def make_key(case: Case, name: str = "k", kty: str = "RSA-HSM") -> Reply:
    return case.hsm("POST", f"/keys/{name}/create", {"kty": kty, "key_ops": ["wrapKey", "unwrapKey"]})


def test_arm_shows_what_was_made(hsm: Case) -> None:
    """A GET shows the protection, the URI with a slash, and that the HSM is active; also in both lists."""
    body = hsm.arm("GET", HSM).body
    assert body["type"] == "Microsoft.KeyVault/managedHSMs"
    assert body["properties"]["hsmUri"] == HSM_URI
    assert body["properties"]["enableSoftDelete"] is body["properties"]["enablePurgeProtection"] is True
    assert body["properties"]["securityDomainProperties"]["activationStatus"] == "Active"
    for scope in (GROUP, GROUP.split("/resourceGroups")[0]):
        listed = hsm.arm("GET", f"{scope}/providers/Microsoft.KeyVault/managedHSMs").body["value"]
        assert [one["id"] for one in listed] == [HSM]


def test_who_has_no_token_gets_a_challenge_and_no_error(hsm: Case) -> None:
    """401 with a text in place of an object: recorded of keyvault-admin in Azure/azure-sdk-for-js."""
    url = f"{HSM_URI}keys/k?api-version=7.4"
    read, made = (
        hsm.send("GET", url, bearer=""),
        hsm.send("POST", url.replace("k?", "k/create?"), {}, bearer=""),
    )
    assert [(one.status, one.body) for one in (read, made)] == [(401, "OK"), (401, None)]
    assert read.headers["www-authenticate"].endswith('resource="https://managedhsm.azure.net"')
    assert read.headers["content-type"] == "application/json; charset=utf-8"


def test_a_key_says_in_every_version_that_it_cannot_be_exported(hsm: Case) -> None:
    """Where a vault says it from 7.4 on."""
    grant(hsm, OWNER, CRYPTO_USER)
    make_key(hsm)
    for api in ("7.2", "7.5"):
        assert hsm.hsm("GET", f"/keys/k?api-version={api}").body["attributes"]["exportable"] is False


@pytest.mark.parametrize(
    ("path", "body", "found"),
    [
        (f"{HSM[: HSM.rindex('/')]}/a--b", hsm_body(), (400, "BadRequest")),
        (HSM, hsm_body(initialAdminObjectIds=None), (400, "BadRequest")),
        (HSM, hsm_body(tenantId="22222222-2222-4222-8222-222222222222"), (400, "BadRequest")),
        (HSM, {**hsm_body(), "sku": {"family": "A", "name": "standard"}}, (400, "BadRequest")),
    ],
)
def test_an_hsm_that_cannot_be_is_refused(case: Case, path: str, body: Json, found: tuple[int, str]) -> None:
    """Name, administrators, tenant and SKU are needed, and right."""
    assert error(case.arm("PUT", path, body)) == found


def test_protection_and_name_stay(hsm: Case) -> None:
    """Purge protection cannot be taken back, and another group cannot have the name."""
    assert error(hsm.arm("PUT", HSM, hsm_body(enablePurgeProtection=False))) == (400, "BadRequest")
    assert hsm.arm("PUT", HSM, hsm_body()).body["properties"]["enablePurgeProtection"] is True
    elsewhere = HSM.replace(GROUP, OTHER_GROUP)
    assert error(hsm.arm("PUT", elsewhere, hsm_body())) == (409, "Conflict")


def test_an_administrator_manages_roles_and_no_keys(hsm: Case) -> None:
    """The initial administrator may not make a key until it has given itself a role for that; the owner of
    the subscription has nothing in the HSM either."""
    assign_role(hsm.cloud, OWNER.object_id, "Key Vault Administrator", GROUP)
    assert error(make_key(hsm)) == (403, "AccessDenied")
    assert grant(hsm, OWNER, CRYPTO_USER).status == 201
    assert make_key(hsm).status == 200


def test_only_keys_in_hardware(hsm: Case) -> None:
    """A key of type RSA is refused; RSA-HSM is taken, and its id is at the HSM's host."""
    grant(hsm, OWNER, CRYPTO_USER)
    assert error(make_key(hsm, kty="RSA")) == (400, "BadParameter")
    key = make_key(hsm).body
    assert key["key"]["kid"].startswith(f"{HSM_URI}keys/k/")
    assert key["attributes"]["recoveryLevel"] == "Recoverable"


def wraps(case: Case) -> str:
    """What wrapping and unwrapping as SERVICE ends in."""
    try:
        wrapped = case.wrap(SERVICE.object_id, uri=HSM_URI)
        back = case.unwrap(SERVICE.object_id, wrapped, uri=HSM_URI)
    except trusted_services.KeyRefused as refused:
        return refused.code
    return "works" if back == DATA else "is wrong"


@pytest.mark.parametrize("scope", ["/", "/keys", "/keys/k"])
def test_a_service_uses_a_key_by_a_local_role(hsm: Case, scope: str) -> None:
    """A grant at the HSM, at its keys or at the key opens the key, and its removal closes it at once. A role
    in Resource Manager opens nothing."""
    grant(hsm, OWNER, CRYPTO_USER)
    make_key(hsm)
    assign_role(hsm.cloud, SERVICE.object_id, "Key Vault Crypto Service Encryption User", HSM)
    assert wraps(hsm) == "AccessDenied"
    own = NAME.replace("b", "c")
    assert grant(hsm, SERVICE, ENCRYPTION_USER, scope, own).status == 201
    assert wraps(hsm) == "works"
    path = f"/{scope}/providers/Microsoft.Authorization/roleAssignments/{own}"
    assert hsm.hsm("DELETE", path).status == 200
    assert wraps(hsm) == "AccessDenied"
    assert error(hsm.hsm("GET", path)) == (404, "RoleAssignmentNotFound")


def test_a_role_at_another_key_gives_nothing(hsm: Case) -> None:
    """The scope `/keys/k2` does not cover the key `k`."""
    grant(hsm, OWNER, CRYPTO_USER)
    make_key(hsm)
    grant(hsm, SERVICE, ENCRYPTION_USER, "/keys/k2", NAME.replace("b", "c"))
    assert wraps(hsm) == "AccessDenied"


def test_a_grant_takes_as_long_as_elsewhere(hsm: Case) -> None:
    """The delay of new grants holds for an HSM's roles, too."""
    grant(hsm, OWNER, CRYPTO_USER)
    make_key(hsm)
    hsm.cloud.behave(grant_delay_seconds=30)
    grant(hsm, SERVICE, ENCRYPTION_USER, "/keys/k", NAME.replace("b", "c"))
    assert wraps(hsm) == "AccessDenied"
    hsm.cloud.clock.advance(31)
    assert wraps(hsm) == "works"


def test_a_second_grant_of_the_same_is_refused(hsm: Case) -> None:
    """One role for one principal at one scope is one assignment."""
    assert grant(hsm, SERVICE, ENCRYPTION_USER).status == 201
    again = grant(hsm, SERVICE, ENCRYPTION_USER, name=NAME.replace("b", "c"))
    assert error(again) == (409, "RoleAssignmentExists")


def test_only_who_manages_roles_sees_and_gives_them(hsm: Case) -> None:
    """Somebody without a role may neither list nor give."""
    path = "//keys/providers/Microsoft.Authorization/roleAssignments"
    assert error(hsm.hsm("GET", path, caller=SERVICE)) == (403, "AccessDenied")
    body = {"properties": {"principalId": SERVICE.object_id, "roleDefinitionId": CRYPTO_USER}}
    assert error(hsm.hsm("PUT", f"{path}/{NAME}", body, caller=SERVICE)) == (403, "AccessDenied")
    assert len(hsm.hsm("GET", path).body["value"]) == 1


def test_roles_are_those_of_the_recordings(hsm: Case) -> None:
    """The role for services has exactly the three actions that a wrapped data key takes."""
    listed = hsm.hsm("GET", "///providers/Microsoft.Authorization/roleDefinitions").body["value"]
    found = {one["name"]: one["properties"]["permissions"][0]["dataActions"] for one in listed}
    assert found[ENCRYPTION_USER] == [
        f"Microsoft.KeyVault/managedHsm/keys/{action}/action" for action in ("read", "wrap", "unwrap")
    ]


def test_every_use_is_in_the_audit_log(hsm: Case) -> None:
    """A refused use and a successful one are events of the HSM."""
    grant(hsm, OWNER, CRYPTO_USER)
    make_key(hsm)
    assert wraps(hsm) == "AccessDenied"
    events = hsm.cloud.store.events("audit", HSM)
    assert [(one["operation"], one["result"]) for one in events] == [
        ("KeyCreate", "Success"),
        ("KeyWrap", "Forbidden"),
    ]
    assert events[0]["keyId"].startswith(f"{HSM_URI}keys/k/")


def test_a_deleted_group_takes_its_hsm_with_it(hsm: Case) -> None:
    """It is soft-deleted; no key and no grant of an HSM outlives its retention."""
    grant(hsm, OWNER, CRYPTO_USER)
    make_key(hsm)
    delete_in_group(hsm.cloud, GROUP)
    assert trusted_services.vault_at(hsm.cloud, HSM_URI) is None
    assert error(hsm.arm("PUT", HSM, hsm_body())) == (409, "Conflict")
    hsm.cloud.clock.advance(90 * 86400)
    assert hsm.arm("PUT", HSM, hsm_body(initialAdminObjectIds=[SERVICE.object_id])).status == 200
    assert error(make_key(hsm)) == (403, "AccessDenied")


def test_a_deleted_hsm_is_listed_and_comes_back_with_its_keys_and_roles(hsm: Case) -> None:
    """Its name is held, nobody can use its keys meanwhile, and the list says when it is gone for good."""
    grant(hsm, SERVICE, ENCRYPTION_USER)
    grant(hsm, OWNER, CRYPTO_USER, name=NAME.replace("b36", "c36"))
    make_key(hsm)
    assert wraps(hsm) == "works"
    assert hsm.arm("DELETE", HSM).status == 200
    assert wraps(hsm) != "works"
    deleted = f"{GROUP.split('/resourceGroups')[0]}/providers/Microsoft.KeyVault/deletedManagedHSMs"
    (body,) = hsm.arm("GET", deleted).body["value"]
    assert body["name"] == "Contoso-Hsm"
    assert body["properties"]["mhsmId"] == HSM
    assert body["properties"]["purgeProtectionEnabled"] is True
    assert body["properties"]["deletionDate"] < body["properties"]["scheduledPurgeDate"]
    recovery = {**hsm_body(), "properties": {"createMode": "recover"}}
    assert hsm.arm("PUT", HSM, recovery).status == 200
    assert hsm.arm("GET", deleted).body["value"] == []
    assert wraps(hsm) == "works"


@pytest.mark.parametrize(("protected", "status"), [(True, 405), (False, 202)])
def test_a_deleted_hsm_is_purged_unless_it_is_protected(case: Case, protected: bool, status: int) -> None:
    """202 with a Location that ends in 200; then its name, keys and roles are gone."""
    case.arm("PUT", HSM, hsm_body(enablePurgeProtection=protected))
    one = f"{KEY_VAULT}/locations/westeurope/deletedManagedHSMs/Contoso-Hsm"
    assert case.arm("GET", one).status == 404
    case.arm("DELETE", HSM)
    assert case.arm("GET", one).body["properties"]["mhsmId"] == HSM
    purged = case.arm("POST", f"{one}/purge")
    assert purged.status == status
    if status == 202:
        assert [case.send("GET", purged.headers["location"]).status for _ in range(2)] == [202, 200]
        assert case.arm("GET", one).status == 404
        assert case.arm("PUT", HSM, hsm_body()).status == 200
