"""The service as a function that both the program and its test call."""

import pulumi
from language_cmk import EncryptedAIServicesAccount


def service() -> EncryptedAIServicesAccount:
    """An account of Azure AI Language, closed, with its own vault and key."""
    config = pulumi.Config()
    return EncryptedAIServicesAccount(
        config.require("name"),
        {
            "location": config.require("location"),
            # Count it up to rotate: the next update makes a new version of the key and binds the account to
            # it. It must reach the vault, as with `private`; if it cannot, the vault rotates by itself.
            "key": {"generation": config.get_int("generation")},
            # Nobody reaches the endpoints until you let them in: by `private`, or by `selected` with
            # `allowed_ip_ranges`.
            "network": {"access": "closed"},
            # Every use of the key is recorded in a Log Analytics workspace made here.
            "audit": {"new_workspace": True},
        },
        # What holds data is protected. `pulumi config set protect false` lets `pulumi destroy` delete it.
        pulumi.ResourceOptions(protect=config.get_bool("protect")),
    )
