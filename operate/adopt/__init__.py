"""Takes existing accounts, vaults and keys under the project without a change to them.

Owns: what of them the settings can say, what must be left as it was found, and what cannot be taken over.
Writes two files, a stack's settings and what `pulumi import` takes; nothing is written to the cloud.
"""
