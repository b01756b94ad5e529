"""How a stack's file and this project's commands speak to its program."""

from typing import Final

NAMESPACE: Final = "language-cmk:"
"""The namespace of the settings in every stack's file, whatever `pulumi new` named the project."""
RECOVERS: Final = "LANGUAGE_CMK_RECOVERS"
"""Environment variable of a preview that asks what a stack declares: it then refuses nothing because a
resource exists in Azure and not in the state. Updates ignore it."""
IGNORES_VALIDATION: Final = "LANGUAGE_CMK_IGNORE_VALIDATION"
"""Environment variable that makes a refusal by Azure's own validation a warning, because that validation has
been wrong (Azure/terraform-provider-azapi#1207)."""
