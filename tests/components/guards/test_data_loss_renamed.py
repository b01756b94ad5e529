"""Guards where the account is not in the state under its own name: it is gone, or had another name before."""

from __future__ import annotations

from typing import Any

import pulumi
import pytest

from components.guards.data_loss import losses
from components.guards.recorded_state import recorded_service
from components.invokes import by_type_and_name
from components.preflight import RefusedError
from components.service import EncryptedAIServicesAccount
from components.testing import SUBSCRIPTION, TENANT, existing_vault
from tests.components.guards.test_data_loss import GRANT, OWN_VAULT_ID, PARENT, state
from tests.support.recording import FakeAzure, run, service_inputs


def test_what_this_stack_made_is_not_named_as_existing_though_its_account_is_gone() -> None:
    """An update that was cut off leaves a vault and a group without an account: they would be deleted."""
    resources = state()
    del resources[f"{PARENT}azure-native:cognitiveservices:Account::language-account"]
    before = recorded_service("language", by_type_and_name(resources))
    inputs = service_inputs(vault={"id": OWN_VAULT_ID})
    (problem,) = losses(inputs, before, tenant_id=TENANT, subscription_id=SUBSCRIPTION)
    assert "'kv-language' was made by this stack" in problem.text
    assert "it would be deleted" in problem.text


@pytest.mark.parametrize(
    "alias",
    [pulumi.Alias(name="language"), f"{PARENT.removesuffix('$')}::language", pulumi.Alias(stack="other")],
)
def test_a_service_that_was_renamed_is_guarded_as_it_was(alias: pulumi.Alias | str) -> None:
    """An alias makes the old account the new service's: that its name would change is refused, for the
    engine would replace it; with the old names said, nothing is. Any other alias says nothing of a name."""
    azure = FakeAzure()
    azure.state = state()
    azure.vault, azure.key = existing_vault(accessPolicies=[GRANT]), {"name": "cmk-language"}
    opts = pulumi.ResourceOptions(aliases=[alias])

    def renamed(**said: Any) -> None:
        args: Any = {"location": "westeurope", **said}
        run(lambda: EncryptedAIServicesAccount("new", args, opts), azure=azure)

    old: Any = {
        "resource_group_name": "rg-language",
        "account_name": "lang-language",
        "vault": {"name": "kv-language"},
        "key": {"name": "cmk-language"},
    }
    renamed(**old)
    if isinstance(alias, str) or isinstance(alias.name, str):
        with pytest.raises(RefusedError, match="resourceGroupName: changes from 'rg-language'"):
            renamed()
        with pytest.raises(RefusedError, match="location: changes from"):
            renamed(**{**old, "location": "northeurope"})
    else:
        renamed()
