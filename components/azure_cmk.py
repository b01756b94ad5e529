"""The resources of this project's own provider, `azure-cmk` (provider/ says what each does).

Each class declares its outputs; its inputs are those of provider/schema.json, in snake_case.
"""

from collections.abc import Mapping

import pulumi

from components.cmk_resource import CmkResource
from core import resource_types


class CustomerManagedKey(CmkResource):
    """The binding of an account's data to one key, and to one version of it unless the account follows the
    key by itself; its id is the account's.

    Inputs: `account_id`, `key_uri_with_version`, `vault_id` of the vault or managed HSM, which is checked
    before anything is written; another `account_digest` writes the binding again; `on_delete`: "unbind" to
    put the account back on Microsoft-managed keys. By default deleting it is an error while the account is
    bound.
    """

    TOKEN = resource_types.BINDING
    key_uri_with_version: pulumi.Output[str]
    """The key and version that the account really is bound to."""
    key_source: pulumi.Output[str]
    """Microsoft.KeyVault."""


class KeyVersion(CmkResource):
    """The version of a key that is in use: the newest enabled one, or the one that it is pinned to.

    Inputs: `key_id`; a higher `generation` makes a new version, it only counts up; `pin` is a version (32 hex
    digits) to stay on; `account_id` is that of the account that is to follow: a key that it could not follow
    is not rotated; `account_leaves`: this update puts that account back on Microsoft-managed keys.
    """

    TOKEN = resource_types.KEY_VERSION
    key_name: pulumi.Output[str]
    """The key's name."""
    version: pulumi.Output[str]
    """The version, 32 hex digits."""
    vault_uri: pulumi.Output[str]
    """The vault's endpoint."""
    key_uri_with_version: pulumi.Output[str]
    """The key URI with the version, for an account that names its version."""
    key_uri: pulumi.Output[str]
    """The key URI without a version, for an account that follows the key by itself."""


class KeyAccessValidation(CmkResource):
    """Access to a key that is in effect: before an account is created on it, and after it was restored.
    Inputs: `key_id`, `principal_id`, `grant_id`, and the `account_id` of an account under the key: writing
    its binding again proves the access."""

    TOKEN = resource_types.KEY_ACCESS_VALIDATION


class KeyAccessCleanup(CmkResource):
    """Removes, once an account is deleted, the access of the account's own identity to a key in a vault that
    stays. Inputs: `key_id`, `account_id`."""

    TOKEN = resource_types.KEY_ACCESS_CLEANUP


class KeyAccessRevocation(CmkResource):
    """Removes an identity's access to a key before anything else is written. The engine itself deletes a
    resource that the program no longer declares only after everything else has succeeded. Inputs: `key_id`,
    `principal_id`, and the `assignment_id` of a role assignment at another scope."""

    TOKEN = resource_types.KEY_ACCESS_REVOCATION


class FoundryAutoUpgrade(CmkResource):
    """Whether Azure may turn an account of kind OpenAI into a Foundry resource by itself. Inputs:
    `account_id`, `mode` in Azure's words; another `after_write` sets the mode again. Deleting it changes
    nothing."""

    TOKEN = resource_types.FOUNDRY_AUTO_UPGRADE


class AccessPolicy(CmkResource):
    """One entry of a vault's access policies. Inputs: `subscriptionId`, `resourceGroupName` and
    `vaultName` of the vault; `policy` in Azure's words: `objectId`, `tenantId`, and `permissions` by what
    they are about; `takesOver` an entry that is there already."""

    TOKEN = resource_types.ACCESS_POLICY


class ManagedHsmRoleAssignment(CmkResource):
    """One identity's role at one key of a managed HSM. Inputs: the key's id as `scope`, `principalId`,
    `roleDefinitionId`."""

    TOKEN = resource_types.HSM_ROLE_ASSIGNMENT


OWN_TYPES: Mapping[str, type[CmkResource]] = {
    one.TOKEN: one for one in (AccessPolicy, ManagedHsmRoleAssignment)
}
"""The types in the place of resources that azure-native lacks, or has only in a version that is retired."""
