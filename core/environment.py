"""How a stack's file and this project's commands speak to its program."""

from typing import Final

NAMESPACE: Final = "language-cmk:"
"""Of the settings in every stack's file, whatever `pulumi new` named the project."""
RECOVERS: Final = "LANGUAGE_CMK_RECOVERS"
"""Environment variable of a preview that asks what a stack declares: resources that exist in Azure and that
the state does not have are then no reason to refuse. No update looks at it."""
IGNORES_VALIDATION: Final = "LANGUAGE_CMK_IGNORE_VALIDATION"
"""Environment variable by which what Azure's own validation would refuse is a warning: it has been wrong
(Azure/terraform-provider-azapi#1207)."""
