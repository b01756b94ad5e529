"""As many bare custom resources as the components register, of a like size: what the engine itself takes."""

from __future__ import annotations

import os

import pulumi

inputs = {"location": "westeurope", "tags": {f"tag{number}": "x" * 40 for number in range(8)}}
for number in range(int(os.environ["RESOURCES"])):
    pulumi.CustomResource(
        "azure-native:resources:ResourceGroup",
        f"bench-{number:05}",
        {"resourceGroupName": f"rg-bench-{number:05}", **inputs},
    )
