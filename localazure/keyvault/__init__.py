"""Microsoft.KeyVault: vaults and keys in ARM, and the vaults' own data plane.

Owns: access to keys, their storage, and the record of each use in the audit log.
"""
