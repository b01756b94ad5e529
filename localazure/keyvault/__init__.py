"""Microsoft.KeyVault: vaults and keys in ARM, and the vaults' own data plane.

Owns: access to keys, their storage, and the record of each use in the audit log.
"""

from localazure.keyvault.vaults import delete_in_group

__all__ = ["delete_in_group"]
