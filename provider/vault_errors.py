"""What a vault refuses to the deploying principal, which rotates keys on the vault's data plane itself.

Tried before `error_table`, whose rows take the same texts as being about the account's identity.
"""

from __future__ import annotations

from provider.error_row import Row

VAULT_ROWS: tuple[Row, ...] = (
    Row(
        r"ForbiddenByRbac|Assignment: \(not found\)",
        "the deploying principal may not use the key on the vault's data plane",
        lambda about, _: (
            'az role assignment create --role "Key Vault Crypto Officer" --assignee YOUR_PRINCIPAL '
            f"--scope {about.vault_id}"
        ),
        "public capture of a Key Vault RBAC denial",
    ),
    Row(
        r"does not have keys \w+ permission|ForbiddenByPolicy",
        "the deploying principal may not use the key on the vault's data plane",
        lambda about, _: (
            f"az keyvault set-policy --name {about.vault_name} --object-id YOUR_OBJECT_ID "
            "--key-permissions get list update rotate"
        ),
        "dotnet/AspNetCore.Docs#23035",
    ),
    Row(
        r"Public network access is disabled|ForbiddenByConnection|ForbiddenByFirewall"
        r"|Client address is not authorized",
        "the vault's network does not let this machine in, and a key is rotated on the vault's data plane",
        lambda about, _: (
            "run the update where the vault can be reached (a network with its private endpoint, or an "
            f"address that it allows: az keyvault network-rule add --name {about.vault_name} --ip-address "
            "ADDRESS), or leave generation as it was and let the vault's rotation policy make the version"
        ),
        "Key Vault 403 answers",
    ),
)
