"""The service of the program."""

import pulumi
from core.names import SERVICE
from language_cmk import (
    EncryptedAIServicesAccount,
    EncryptedAIServicesAccountArgs,
    NetworkArgs,
    ServiceAuditArgs,
    ServiceKeyArgs,
    ServiceVaultArgs,
)


def claims() -> EncryptedAIServicesAccount:
    """One service, whose key is rotated by a setting."""
    config = pulumi.Config()
    return EncryptedAIServicesAccount(
        SERVICE,
        EncryptedAIServicesAccountArgs(
            location="westeurope",
            key=ServiceKeyArgs(generation=config.get_int("generation")),
            vault=ServiceVaultArgs(key_operators=["deployer"]),
            network=NetworkArgs(access="open"),
            audit=ServiceAuditArgs(new_workspace=True),
        ),
        pulumi.ResourceOptions(protect=False),
    )
