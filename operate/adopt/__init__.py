"""Takes existing accounts, vaults and keys under the project without changing them.

Writes a stack's settings and a file for `pulumi import`; writes nothing to the cloud.
"""
