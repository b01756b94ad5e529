"""Environment variables by which this project's commands speak to its program."""

from typing import Final

RECOVERS: Final = "LANGUAGE_CMK_RECOVERS"
"""Set for a preview that asks what a stack declares: resources that exist in Azure and that the state does
not have are then no reason to refuse. No update looks at it."""
