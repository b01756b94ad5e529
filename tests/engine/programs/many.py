"""Ten services through the component package, as in any other language."""

import json
from typing import Any

import pulumi

said: dict[str, Any] = json.loads(pulumi.Config("claims").get("said") or "{}")


class EncryptedAIServicesAccount(pulumi.ComponentResource):
    """What `pulumi package add` writes, but for the types."""

    def __init__(self, name: str, args: dict[str, Any]) -> None:
        opts = pulumi.ResourceOptions(protect=False)
        super().__init__("language-cmk:index:EncryptedAIServicesAccount", name, args, opts, remote=True)


for number in range(10):
    EncryptedAIServicesAccount(f"claims-{number}", said)
