"""How the local Azure behaves where Azure varies, or where nobody observed what Azure does.

Each field of `Behaviour` is a switch: a question about Azure, the answers that are plausible, why the default
may be wrong, and where it was learned. The first value is the default. `docs/assumptions.md` is made from
this table (`python -m localazure.assumptions`).
Durations are seconds on the cloud's clock unless a switch says otherwise.
"""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, field, fields, replace
from typing import Any


@dataclass(frozen=True)
class Switch:
    """What the table says about one field of `Behaviour`.

    `values` are the plausible ones, the default first. `free` says that others of the same type may be set,
    too: durations and error codes. `source` is empty for a setting that only serves testing.
    """

    name: str
    question: str
    values: tuple[Any, ...]
    otherwise: str
    source: str
    free: bool

    @property
    def default(self) -> Any:
        return self.values[0]

    def problem(self, value: Any) -> str:
        """Why the switch cannot have this value; empty where it can."""
        usual = self.default
        if isinstance(usual, (bool, str)):
            fits = type(value) is type(usual) and (self.free or value in self.values)
            expected = "a text" if self.free else f"one of {list(self.values)}"
        else:
            whole = isinstance(usual, int)
            number = isinstance(value, int if whole else (int, float)) and not isinstance(value, bool)
            fits = number and 0 <= value < math.inf
            expected = f"{'a whole number' if whole else 'a number'} of 0 or more"
        return "" if fits else f"{self.name} is {value!r}, expected {expected}"


def _switch(*values: Any, asks: str, otherwise: str = "", source: str = "", free: bool = False) -> Any:
    """A field of `Behaviour`; the words are those of `Switch`."""
    said = {"question": asks, "values": values, "otherwise": otherwise, "source": source, "free": free}
    return field(default=values[0], metadata=said)


@dataclass(frozen=True)
class Behaviour:
    """The switches, each with its default. Set them with `POST /behaviour` of the control endpoint."""

    trusted_services_reach_vault: bool = _switch(
        True,
        False,
        asks="Whether an account of Azure AI services reaches its key through a vault's firewall that "
        "excepts trusted services (`bypass: AzureServices`).",
        otherwise="Key Vault calls its list of trusted services complete, and Azure AI services are not in "
        "it; Foundry's page says to except trusted services so that an account reaches its key.",
        source="learn.microsoft.com/azure/key-vault/general/overview-vnet-service-endpoints; "
        "learn.microsoft.com/azure/foundry/concepts/encryption-keys-portal; MicrosoftDocs/azure-docs#90650",
    )
    cmk_with_rbac_vault: str = _switch(
        "works",
        "refused",
        asks="Whether an account of Azure AI services takes a key of a vault under Azure RBAC, or only of "
        "one with access policies.",
        otherwise="Foundry's page of 2025 says that only vaults with access policies are supported, and "
        "Language's asks for access policies; Foundry's newer page recommends Azure RBAC.",
        source="learn.microsoft.com/azure/ai-foundry/concepts/encryption-keys-portal; learn.microsoft.com/"
        "azure/ai-services/language-service/concepts/encryption-data-at-rest; learn.microsoft.com/azure/"
        "foundry/concepts/encryption-keys-portal",
    )
    foundry_key_role: str = _switch(
        "encryption_user",
        "crypto_user",
        asks="Which role is enough for the identity that uses the key of an account of kind AIServices: Key "
        "Vault Crypto Service Encryption User, or only Key Vault Crypto User; and likewise of the two roles "
        "of a managed HSM.",
        otherwise="Foundry's page gives the wider role; with access policies it asks for no more than the "
        "narrower one allows.",
        source="learn.microsoft.com/azure/foundry/concepts/encryption-keys-portal",
    )

    # Time
    operation_seconds: float = _switch(
        0.0,
        92.0,
        asks="How long a long-running operation takes. 0 ends it at the first poll that follows it.",
        otherwise="Accounts took 0 to 92 s; nothing says that this is the most.",
        source="recorded traffic of the service",
        free=True,
    )
    group_retry_seconds: int = _switch(
        15,
        0,
        asks="The Retry-After of a resource group's delete, in real seconds: clients do wait as long.",
        otherwise="No other value was seen.",
        source="recorded traffic of the service: always 15",
        free=True,
    )
    poll_retry_seconds: int = _switch(
        0,
        asks="The Retry-After of every answer of ARM that has none of its own, in real seconds; 0 adds none. "
        "Many clients wait 30 s between polls unless an answer says otherwise.",
        free=True,
    )
    grant_delay_seconds: float = _switch(
        0.0,
        300.0,
        1200.0,
        asks="How long a new access policy entry or role assignment takes to count.",
        otherwise="The documentation says up to 10 minutes for a role; users waited 5 to 10 minutes.",
        source="learn.microsoft.com/azure/role-based-access-control/troubleshooting; "
        "hashicorp/terraform-provider-azurerm#32855",
        free=True,
    )
    principals_visible_after: float = _switch(
        0.0,
        20.0,
        asks="How long a new principal stays unknown to role assignments (400 PrincipalNotFound).",
        otherwise="About 20 s were seen once; the documentation names no limit.",
        source="recorded traffic of the service; learn.microsoft.com/azure/role-based-access-control/"
        "troubleshooting",
        free=True,
    )
    principal_type: str = _switch(
        "believed",
        "checked",
        asks="Whether a role assignment that names `principalType` is spared the look into the directory.",
        otherwise="The error's text advises to name the type, yet users saw PrincipalNotFound all the same.",
        source="learn.microsoft.com/azure/role-based-access-control/troubleshooting",
    )
    deleted_keys_visible_after: float = _switch(
        0.0,
        20.0,
        asks="How long a deleted key is in neither list, and a recovered one likewise.",
        otherwise="GET of a deleted key answered 404 for 20 s and more.",
        source="recorded traffic of the service",
        free=True,
    )
    deleted_resources_visible_after: float = _switch(
        0.0,
        30.0,
        asks="How long a soft-deleted vault, managed HSM or account is missing where deleted ones are listed "
        "and read, though it holds its name.",
        otherwise="Deleted keys were seen to be in neither list for a while; of vaults and accounts nobody "
        "said it.",
        source="never observed; recorded traffic of the service for keys",
        free=True,
    )
    key_remembered_seconds: float = _switch(
        0.0,
        300.0,
        3600.0,
        asks="How long the service goes on reading and writing data with a key that it used before and may "
        "not use any more.",
        otherwise="No number is published for Language; App Configuration says one hour, and Azure Storage "
        "that requests may succeed for up to one.",
        source="learn.microsoft.com/azure/azure-app-configuration/concept-customer-managed-keys",
        free=True,
    )
    unreadable_documents: str = _switch(
        "deleted",
        "kept",
        asks="What becomes of Custom Translator's documents once the key of their account cannot be used and "
        "is not remembered.",
        otherwise="The page says that they are deleted; nobody observed it, nor how soon.",
        source="learn.microsoft.com/azure/ai-services/translator/encrypt-data-at-rest",
    )
    page_size: int = _switch(
        0,
        asks="How many items a page of a list has, of Resource Manager, of a vault and of a managed HSM; 0 "
        "is as many as fit, so that most lists have one page.",
        free=True,
    )
    token_seconds: int = _switch(
        3599,
        asks="How long an access token is valid, on the machine's clock; 0 issues expired ones.",
        free=True,
    )

    read_lag_seconds: float = _switch(
        0.0,
        5.0,
        30.0,
        asks="How long a GET through ARM may still show a resource as it was before a change or a delete. A "
        "new resource shows at once.",
        otherwise="ARM and the providers behind it replicate; users saw old values right after a write.",
        source="learn.microsoft.com/azure/azure-resource-manager/troubleshooting/error-not-found",
        free=True,
    )
    lagging_reads: str = _switch(
        "all",
        "every_other",
        asks="Which reads lag within `read_lag_seconds`: each, or every other one, as of two replicas.",
        otherwise="Requests of one client may reach different replicas.",
        source="never observed",
    )

    throttling: str = _switch(
        "none",
        "token_bucket",
        asks="Whether ARM throttles: a bucket of 250 reads refilled by 25 a second, 200 writes by 10, 200 "
        "deletes by 10, for each subscription and principal; an empty one answers 429 with Retry-After.",
        otherwise="Documented; a client that stays below the limits never sees it.",
        source="learn.microsoft.com/azure/azure-resource-manager/management/request-limits-and-throttling",
    )

    # How ARM shows a resource
    ids_casing: str = _switch(
        "as_sent",
        "lower_segments",
        "upper_group",
        "lower",
        asks="In which casing answers have the ids of resources and of identities.",
        otherwise="Ids compare without regard to case; identities and diagnostic settings were seen with "
        "`resourcegroups` and in lower case.",
        source="recorded traffic of the services; ARM's resource provider contract",
    )
    location_spelling: str = _switch(
        "as_sent",
        "name",
        "display_name",
        asks="How answers spell a location: as it was sent, `westeurope`, or `West Europe`.",
        otherwise="Accounts echoed what was sent, resource groups answered the name; others answer either.",
        source="recorded traffic of the services",
    )
    empty_tags: str = _switch(
        "as_observed",
        "null",
        "object",
        "absent",
        asks="What a resource without tags answers: as observed for its type, null, {}, or nothing.",
        otherwise="Vaults answered {}, accounts nothing, and diagnostic settings null.",
        source="recorded traffic of the services",
    )
    defaults_added: bool = _switch(
        False,
        True,
        asks="Whether accounts and vaults answer defaults that were not sent: networkAcls, disableLocalAuth, "
        "softDeleteRetentionInDays and others.",
        otherwise="Which defaults an answer has changed with the api-version and with time.",
        source="recorded traffic of the services",
    )
    key_vault_uri: str = _switch(
        "as_sent",
        "with_slash",
        "without_slash",
        asks="How an account answers `keyVaultUri`.",
        otherwise="One recording only, which echoed a slash that was sent.",
        source="recorded traffic of the service",
    )
    key_version: str = _switch(
        "echoed",
        "dropped",
        asks="Whether an account answers `keyVersion`.",
        otherwise="One recording only, which echoed it; the definition calls it optional.",
        source="recorded traffic of the service",
    )
    system_identity_client_id: str = _switch(
        "absent",
        "echoed",
        asks="Whether an account that uses its key by its own identity answers that identity's client id as "
        "`identityClientId`.",
        otherwise="No binding by a system-assigned identity was recorded; sibling services show who uses a "
        "key.",
        source="never observed",
    )
    versionless_key: str = _switch(
        "documented",
        "refused",
        "taken",
        asks="Which kinds of accounts take a key without a version, and then use the newest usable one by "
        "themselves: AIServices, none, or all.",
        otherwise="Foundry's page says so of AIServices; the pages of the others have the key's URI updated.",
        source="learn.microsoft.com/azure/foundry/concepts/encryption-keys-portal; learn.microsoft.com/azure/"
        "ai-services/encryption/cognitive-services-encryption-keys-portal",
    )
    versionless_key_shown: str = _switch(
        "none",
        "resolved",
        asks="Whether an account that names no version of its key answers none as `keyVersion`, or the one "
        "that it uses.",
        otherwise="No binding without a version was recorded.",
        source="never observed",
    )
    operation_hosts: str = _switch(
        "global",
        "regional",
        asks="Whether operations are polled at management.azure.com or at a region's host "
        "(`westeurope.management.azure.com`).",
        otherwise="Clients must poll the address that they are given; regional ones exist.",
        source="ARM's documentation of asynchronous operations",
    )

    # Writes to accounts
    synchronous_creates: bool = _switch(
        False,
        True,
        asks="Whether the PUT of a new account answers `Succeeded` at once.",
        otherwise="Both were recorded.",
        source="recorded traffic of the service",
    )
    put_without_encryption: str = _switch(
        "unbinds",
        "keeps",
        "refused",
        asks="What a PUT of a bound account without `encryption` does to the binding.",
        otherwise="A PUT replaces a resource by ARM's contract, but many providers keep what is not sent.",
        source="never observed; ARM's resource provider contract",
    )
    put_without_identity: str = _switch(
        "removes",
        "keeps",
        "refused",
        asks="What a PUT of an account without `identity` does to the identity.",
        otherwise="A PUT replaces a resource by ARM's contract, but many providers keep what is not sent.",
        source="never observed; ARM's resource provider contract",
    )
    put_without_user_owned_storage: str = _switch(
        "removes",
        "keeps",
        "refused",
        asks="What a PUT of an account without `userOwnedStorage` does to the linked storage.",
        otherwise="A PUT replaces a resource by ARM's contract, but many providers keep what is not sent.",
        source="never observed; ARM's resource provider contract",
    )
    failing_operations: str = _switch(
        "",
        "CapacityExceeded",
        asks="The error code with which creates and changes of accounts end as Failed after they were "
        "accepted; empty lets them succeed.",
        free=True,
    )
    failed_operations_keep: str = _switch(
        "all",
        "none",
        "all_but_encryption",
        asks="What stays of a create or change that failed after it was accepted.",
        otherwise="The account is written before the operation runs, so that any part of it may stay.",
        source="never observed",
    )
    missing_grant: str = _switch(
        "forbidden",
        "access_policy_not_configured",
        "authentication_failure",
        "properties_invalid",
        "fails_later",
        asks="How a binding is refused while the account's identity may not use the key: 403, 400 in one of "
        "three wordings, or accepted and then failed in the operation.",
        otherwise="Users quote the codes AccessPolicyNotConfiguredForKeyVault and "
        "KeyVaultAuthenticationFailure, and the text `KeyVaultProperties is invalid`; no body was recorded.",
        source="hashicorp/terraform-provider-azurerm#32855; notes on transient failures in public "
        "deployments of AI services",
    )

    move_without_old_key: str = _switch(
        "refused",
        "moved",
        asks="What becomes of a write that takes an account from its key to another one, or to Microsoft's, "
        "while its identity may not use the key that it leaves.",
        otherwise="The service unwraps its data key with the old key first, unless it still remembers it.",
        source="never observed",
    )
    same_key_again: str = _switch(
        "refused",
        "taken",
        asks="What becomes of a write that states the key which the account has already, while it cannot be "
        "used: the identity has no access, or the version has expired or is disabled.",
        otherwise="A write states the whole account, so that the service judges its key anew; or it looks at "
        "a key only when that changes.",
        source="never observed",
    )
    account_with_children: str = _switch(
        "refused",
        "deletes_them",
        asks="Whether an account that has projects or deployments is refused to be deleted (409 "
        "CannotDeleteResource).",
        otherwise="Users quote the refusal for projects; for deployments the documentation says that they "
        "are to be deleted first.",
        source="Azure/terraform-provider-azapi#894; learn.microsoft.com/azure/ai-services/openai/how-to/"
        "create-resource",
    )
    key_source_with_projects: str = _switch(
        "refused",
        "allowed",
        asks="Whether an account with projects may change between Microsoft-managed and customer-managed "
        "keys.",
        otherwise="The documentation says that it cannot; no answer was recorded.",
        source="learn.microsoft.com/azure/ai-foundry/concepts/encryption-keys-portal",
    )
    foundry_key_vault: str = _switch(
        "same",
        "any",
        asks="Whether the key of an account of kind AIServices may only be changed to another one of the "
        "same vault.",
        otherwise="The documentation says so for Foundry; for single services other vaults were taken.",
        source="learn.microsoft.com/azure/ai-foundry/concepts/encryption-keys-portal",
    )
    child_write_seconds: float = _switch(
        0.0,
        0.5,
        asks="How long a write to a project or a deployment is in flight, in real seconds. Another one below "
        "the same account that arrives meanwhile is answered 409 RequestConflict.",
        otherwise="Users meet it when several deployments are written in parallel.",
        source="hashicorp/terraform-provider-azurerm#22607; Azure/bicep#11211",
        free=True,
    )

    operation_polling: str = _switch(
        "needs_read",
        "any",
        asks="Whether polling an operation of networks and private DNS takes its `read` action on the "
        "subscription or group, or only its address.",
        otherwise="Users of other providers poll with the address alone.",
        source="Azure/azure-xplat-cli#2051; kubernetes-sigs/azurefile-csi-driver, docs/driver-parameters.md",
    )

    validate_covers: str = _switch(
        "provider",
        "template",
        "refused",
        asks="What `deployments/validate` judges of the types of a service: all that their PUTs are refused "
        "for at once (rights, names, quotas, policies), the template and its policies alone, or nothing, "
        "because it takes no such template.",
        otherwise="Resource Manager's page lists rights, registrations and names; Terraform's, of the same "
        "API, says that neither rights nor names nor quotas are judged, and not each type is.",
        source="learn.microsoft.com/azure/azure-resource-manager/bicep/deploy-preflight; "
        "learn.microsoft.com/azure/developer/terraform/how-to-use-preflight-validation; "
        "Azure/terraform-provider-azapi#835, #1128, #1207",
    )

    # Key Vault
    vault_write_seconds: float = _switch(
        0.0,
        0.5,
        asks="How long a write to a vault through ARM is in flight, in real seconds. Another write that "
        "arrives meanwhile is answered 409 ConflictError.",
        otherwise="Users meet ConflictError when a vault's policies and keys are written in parallel.",
        source="pulumi/pulumi-azure-native#1013; hashicorp/terraform-provider-azurerm#15127",
        free=True,
    )
    arm_keys_need_data_role: bool = _switch(
        False,
        True,
        asks="Whether reading or making a key through ARM in a vault under Azure RBAC needs a role on the "
        "vault's data, else 400 ForbiddenByRbac.",
        otherwise="Documented as a matter of ARM's permissions alone; users were refused in 2021 and 2022.",
        source="pulumi/pulumi-azure-native#890; Azure/bicep#6539, #7864",
    )

    # Monitoring
    diagnostic_settings: str = _switch(
        "kept",
        "rewritten",
        asks="Whether a diagnostic setting is answered as it was sent, or with every category of the "
        "resource listed, metrics added, and the workspace's id in lower case.",
        otherwise="Recorded for one old api-version only, which rewrote the casing of ids.",
        source="recorded traffic of the service",
    )
    alert_queries: str = _switch(
        "checked",
        "unchecked",
        asks="Whether a rule is refused whose query names columns of AzureDiagnostics that no record has "
        "made yet (400, SEM0100).",
        otherwise="Users meet SEM0100 in new workspaces; whether each api-version checks is not said.",
        source="Azure/azure-cli-extensions#3002; MicrosoftDocs/azure-docs#38792; Azure/Azure-Sentinel#10340",
    )


SWITCHES: tuple[Switch, ...] = tuple(Switch(name=item.name, **item.metadata) for item in fields(Behaviour))
_BY_NAME = {switch.name: switch for switch in SWITCHES}


def restored(stored: dict[str, Any]) -> Behaviour:
    """A behaviour from its stored form; what another version of this code stored and this one cannot read
    is left out, so that the memory of the cloud can still be used."""
    known = {name: value for name, value in stored.items() if name in _BY_NAME}
    return Behaviour(**{name: value for name, value in known.items() if not _BY_NAME[name].problem(value)})


def changed(behaviour: Behaviour, changes: dict[str, Any]) -> Behaviour:
    """The behaviour with some switches set. Raises ValueError for unknown ones and for values they lack."""
    if unknown := sorted(set(changes) - set(_BY_NAME)):
        raise ValueError(f"unknown behaviour {unknown}; known are {sorted(_BY_NAME)}")
    if wrong := [found for name, value in changes.items() if (found := _BY_NAME[name].problem(value))]:
        raise ValueError("; ".join(wrong))
    return replace(behaviour, **changes)


def unusual(behaviour: Behaviour) -> dict[str, Any]:
    """The switches that are not at their default."""
    return {name: value for name, value in asdict(behaviour).items() if value != _BY_NAME[name].default}
