"""An account whose data is under a key of a managed HSM."""

from __future__ import annotations

from localazure.keyvault import local_roles, managed_hsms
from localazure.web import Json
from tests.localazure.driver import HSM, HSM_URI, OWNER, Case, bind, error, found, hsm_body
from tests.localazure.keyvault.test_managed_hsm import CRYPTO_USER, ENCRYPTION_USER, grant, make_key


def bound_to_an_hsm(case: Case, **properties: object) -> Json:
    """The PATCH that binds the account to a key of an HSM which it may use."""
    assert case.arm("PUT", HSM, hsm_body(**{"enablePurgeProtection": True, **properties})).status == 200
    grant(case, OWNER, CRYPTO_USER)
    principal = case.make()["identity"]["principalId"]
    hsm = managed_hsms.holder(case.cloud, "contoso-hsm")
    assert hsm is not None
    local_roles.assign(case.cloud, hsm, principal, ENCRYPTION_USER, "/keys/k")
    return bind(make_key(case).body, keyVaultUri=HSM_URI)


def test_data_follows_the_local_role(case: Case) -> None:
    """Bound by PATCH, data is readable; without the local role it is not, and with it again it is."""
    response = case.patch(bound_to_an_hsm(case))
    assert response.status == 202, response.body
    assert case.get()["properties"]["encryption"]["keyVaultProperties"]["keyVaultUri"] == HSM_URI
    assert case.project("PATCH").status == 201
    hsm = managed_hsms.holder(case.cloud, "contoso-hsm")
    assert hsm is not None
    (given,) = [one for one in local_roles.assignments(case.cloud, hsm) if ENCRYPTION_USER in str(one)]
    local_roles.drop(case.cloud, hsm, given)
    assert case.project().status == 403
    again = given["properties"]
    local_roles.assign(case.cloud, hsm, again["principalId"], ENCRYPTION_USER, again["scope"])
    assert case.project().status == 200


def test_an_hsm_without_purge_protection_is_refused(case: Case) -> None:
    """The service's demands of a vault hold for an HSM."""
    response = case.patch(bound_to_an_hsm(case, enablePurgeProtection=False))
    assert error(response) == (400, "BadRequest")
    assert "no purge protection" in found(response)
