"""Commands of this project that messages of several parts name."""


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
