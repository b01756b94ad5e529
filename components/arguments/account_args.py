"""The arguments of an AI services account, with those that a service shares with it, and the inputs of
azure-native that they become."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Final

import pulumi

from components.arguments import checks, names
from components.arguments.inputs import ComponentArguments, Rule, argument
from components.arguments.network import NetworkArgs
from core import arm_ids, kind_limits, kinds
from core.facts import KEY_VAULT_SOURCE
from core.kinds import FREE_TIER, AccountKind
from core.service.problem import Problem

TIERS: Final = (*dict.fromkeys(tier for kind in kinds.ALL for tier in kind.tiers), FREE_TIER)
"""Every tier of every kind."""


def _search_with_key(account: "AccountArguments") -> Iterator[Problem]:
    if account.search_service_id is not None and account.search_service_key is None:
        yield Problem("searchServiceKey", "is required with searchServiceId: Azure asks for both")
    if account.search_service_key is not None and account.search_service_id is None:
        yield Problem("searchServiceId", "is required with searchServiceKey: Azure asks for both")


def _links_of_kind(account: "AccountArguments") -> Iterator[Problem]:
    kind = account.account_kind.name
    if unmet := kind_limits.storage(kind, len(account.storage_account_ids or ())):
        yield Problem("storageAccountIds", f"found {unmet.text}")
    if account.search_service_id is not None and (unmet := kind_limits.lacks(kind, "search")):
        yield Problem("searchServiceId", f"found {unmet.text}")


@dataclass(frozen=True, kw_only=True)
class AccountArguments(ComponentArguments):
    """The arguments of an account, by itself or as a part of a service."""

    _RULES: ClassVar[tuple[Rule, ...]] = (_search_with_key, _links_of_kind)

    account_name: str = argument("", check=names.ACCOUNT.checked)
    """Optional. Name of the account and subdomain of its endpoint, globally unique. Default:
    `lang-<name>`."""
    kind: str = argument(kinds.LANGUAGE.name, choices=kinds.NAMES)
    """Optional. The kind of account: `TextAnalytics` (default) is Language, `AIServices` a Microsoft Foundry
    resource. An account keeps its kind; only one of kind `OpenAI` can become one of kind `AIServices`, and
    go back while it has no projects, connections and models of other publishers. It keeps its name.
    Azure ends `ContentModerator` by 2027-02-28, `CustomVision.Training` by 2028-09-25,
    `CustomVision.Prediction` by 2028-09-25, and features of Language by 2028-09-01 and 2029-03-31
    (docs/azure-facts.md)."""
    sku: str = argument("", choices=TIERS)
    """Optional. Pricing tier of the account; by default the kind's first paid one, `S` for Language. The free
    tier, `F0`, does not support customer-managed keys."""
    network: NetworkArgs = NetworkArgs()
    """Optional. Who may reach the account and the vault made here."""
    allow_project_management: bool | None = None
    """Optional. Whether the account of kind `AIServices` may have projects. Default: `true` with `projects`,
    otherwise unchanged. Once it is true, the account cannot go back from a customer-managed to a
    Microsoft-managed key."""
    other_identity_ids: Sequence[pulumi.Input[str]] = argument(
        (), check=checks.resource_id(arm_ids.USER_ASSIGNED_IDENTITY)
    )
    """Optional. ARM ids of user-assigned identities that the account has besides the one that uses the key,
    such as for linked storage. They get no access to the key."""
    storage_account_ids: Sequence[str] | None = argument(
        None, check=checks.resource_id(arm_ids.STORAGE_ACCOUNT)
    )
    """Optional. ARM ids of the storage accounts that the account is linked to, for the kinds `TextAnalytics`,
    `SpeechServices` and `AIServices`; `[]` links none. The latter two have one, which never changes. Default:
    unchanged. They encrypt their data with keys of their own, not with the account's."""
    search_service_id: pulumi.Input[str] | None = argument(
        None, check=checks.resource_id(arm_ids.SEARCH_SERVICE)
    )
    """Optional. ARM id of the Azure AI Search service in which custom question answering keeps its data,
    under that service's own key. Default: unchanged."""
    search_service_key: pulumi.Input[str] | None = None
    """Conditional. An admin key of that service, with `searchServiceId`. Azure never returns it, so each
    update of the account sends it again. Set it with `pulumi config set --secret`."""
    tags: checks.Tags | None = None
    """Optional. Tags of everything made here."""

    @property
    def account_kind(self) -> AccountKind:
        """The limits and abilities of the account's kind."""
        return kinds.named(self.kind)


def declared_encryption(
    key_name: pulumi.Input[str],
    key_version: pulumi.Input[str] | None,
    key_vault_uri: pulumi.Input[str],
    identity_client_id: pulumi.Input[str],
) -> dict[str, Any]:
    """The key that an account is bound to in its create, by azure-native's names. The client id is
    the one of the user-assigned identity that has access."""
    key = {
        "keyName": key_name,
        "keyVersion": key_version,
        "keyVaultUri": key_vault_uri,
        "identityClientId": identity_client_id,
    }
    return {"keySource": KEY_VAULT_SOURCE, "keyVaultProperties": key}
