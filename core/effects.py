"""What an update does to the data of an account, in the words that a preview and its review share. Each
`{}` is a key, a version or a grant."""

from typing import Final

from core.facts import HOURS_HELD

BOUND: Final = "will be bound to {}"
NOT_ENCRYPTED: Final = "new account WITHOUT a customer key: its data is under Microsoft-managed keys"
ROTATED: Final = "will be re-bound to version {} (rotation)"
REBOUND: Final = "will be re-bound to version {} instead of {}"
OLDER_VERSION: Final = "will be re-bound to version {}, which is not the key's newest ({})"
KEY_CHANGED: Final = "will be re-bound to ANOTHER KEY: {} instead of {}"
UNBOUND: Final = "UNBOUND: its data goes back to Microsoft-managed keys"
ACCESS_REMOVED: Final = "access to the key REMOVED ({}): the service can no longer read the data"
ACCESS_GIVEN: Final = "access to the key GIVEN ({}): the service can read the data again"
REPLACED: Final = "its data is lost, the new account starts empty"
DELETED: Final = f"its data is lost unless the account is restored within {HOURS_HELD} hours"
NEWEST: Final = "the newest (rotates by itself)"
"""The version of a binding that names none."""


def key(vault: str, name: str, version: str) -> str:
    """A key and its version, for a reader."""
    return f"{vault}/{name}, version {version}"
