"""An account's Language projects at rest: nothing of them is readable without the account's data key.

Owns: where the ciphertext is. Does not own: the key (data.py), what a project is (language.py).
"""

from __future__ import annotations

from localazure.cloud import Cloud
from localazure.cognitive import data
from localazure.cognitive.account import Account
from localazure.web import Json

KIND = "account.project"


def get(cloud: Cloud, account: Account, data_key: bytes, name: str) -> Json | None:
    """A project by name, in any case; None if it does not exist."""
    id = _id(account, data_key, name)
    sealed = cloud.store.get(KIND, id)
    return None if sealed is None else data.unseal(data_key, id, sealed)


def put(cloud: Cloud, account: Account, data_key: bytes, name: str, project: Json) -> None:
    """Stores a project under its name, replacing the one that was there."""
    id = _id(account, data_key, name)
    cloud.store.put(KIND, id, data.seal(data_key, id, project))


def delete(cloud: Cloud, account: Account, data_key: bytes, name: str) -> None:
    """Takes a project away, if it is there."""
    cloud.store.delete(KIND, _id(account, data_key, name))


def all_of(cloud: Cloud, account: Account, data_key: bytes) -> list[Json]:
    """Every project of an account, in no order."""
    return [data.unseal(data_key, id, sealed) for id, sealed in cloud.store.scan(KIND, _prefix(account))]


def delete_all(cloud: Cloud, account: Account) -> None:
    """Takes an account's ciphertext away, which needs no key."""
    for id, _ in cloud.store.scan(KIND, _prefix(account)):
        cloud.store.delete(KIND, id)


def _prefix(account: Account) -> str:
    return f"{account.id.lower()}/projects/"


def _id(account: Account, data_key: bytes, name: str) -> str:
    return _prefix(account) + data.label(data_key, name)
