"""How a stack's file and this project's commands speak to its program."""

from typing import Final

NAMESPACE: Final = "language-cmk:"
"""Of the settings in every stack's file, whatever `pulumi new` named the project."""
LOCK_NOTES: Final = "Holds data under a customer-managed key, or the key. Made by language-cmk."
"""The notes of the locks that a stack makes, by which it knows them."""
RECOVERS: Final = "LANGUAGE_CMK_RECOVERS"
"""Environment variable of a preview that asks what a stack declares: resources that exist in Azure and that
the state does not have are then no reason to refuse. No update looks at it."""


def take_over(stack: str = "STACK") -> str:
    """What to do about something that exists and that the state of a stack lacks."""
    return (
        f"if this stack made it, run `python -m operate recover --stack {stack}`, which lists what the state "
        "lacks and with --yes takes it in"
    )


def adopt(account_id: str) -> str:
    """What to do about an account that no stack records."""
    return (
        "if it was made elsewhere, take it into a stack of its own with `python -m operate adopt --stack NEW "
        f"--account {account_id} --name NAME`"
    )
