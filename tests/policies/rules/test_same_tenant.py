"""same-tenant: an account, its vault and its grants are in the same Microsoft Entra tenant."""

from __future__ import annotations

from tests.policies.asking import OTHER_TENANT, UNKNOWN_TEXT, Pack, Thing, verdict
from tests.policies.editing import STACKS, change, every, says, with_prop
from tests.policies.stacks import two_phases


@every
def test_account_and_vault_are_in_one_tenant(name: str) -> None:
    """By the identity's tenant; else one provider is one tenant, which its configuration may tell."""
    stack = STACKS[name]()
    assert says(stack, "same-tenant") == "pass"
    other = with_prop(stack, "vault", "properties.tenantId", OTHER_TENANT.upper())
    other = change(
        other, "account", provider_props={"tenantId": stack["vault"].props["properties"]["tenantId"]}
    )
    assert says(other, "same-tenant") == "violation"


def test_tenants_that_nothing_tells_are_said_to_be_open() -> None:
    """Two providers may be of two tenants."""
    stack = change(two_phases(preview=True), "vault", provider="another")
    assert says(stack, "same-tenant") == "open"
    assert says(change(two_phases(), "vault", provider="another"), "same-tenant") == "pass"


def test_a_policy_of_another_tenant_is_refused() -> None:
    """A grant names the tenant of its vault."""
    stack = with_prop(two_phases(preview=True), "grant", "policy.tenantId", OTHER_TENANT)
    assert says(stack, "same-tenant") == "violation"


def test_a_vaults_unknown_tenant_is_decided_by_the_provider() -> None:
    """One provider is one tenant; of two providers, or of none that is told, nothing is known."""
    stack = with_prop(two_phases(), "vault", "properties.tenantId", UNKNOWN_TEXT)
    assert says(stack, "same-tenant") == "pass"
    assert says(change(stack, "vault", provider="another"), "same-tenant") == "open"
    nobody = change(change(stack, "vault", provider=None), "account", provider=None)
    assert says(with_prop(nobody, "account", "identity.tenantId", UNKNOWN_TEXT), "same-tenant") == "open"


def test_a_policy_for_a_vault_elsewhere_has_no_tenant_to_compare() -> None:
    """Nothing is said of it."""
    props = {"vaultName": "elsewhere", "policy": {"tenantId": OTHER_TENANT}}
    assert verdict(Pack().ask_stack([Thing("p", two_phases()["grant"].type, props)]), "same-tenant") == "pass"
