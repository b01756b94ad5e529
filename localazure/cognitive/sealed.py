"""An account's data at rest: nothing of it is readable without the account's data key.

Owns: the place of the ciphertext. Does not own: the key (data.py), the data (language.py, translator.py).
"""

from dataclasses import dataclass

from localazure.cloud import Cloud
from localazure.cognitive import data
from localazure.cognitive.data_access import Opened
from localazure.cognitive.models import Account
from localazure.web import Json


@dataclass(frozen=True)
class Sealed:
    """One kind of data that accounts keep, by names in any case; `kind` is the store's."""

    kind: str

    def get(self, cloud: Cloud, opened: Opened, name: str) -> Json | None:
        id = self._id(opened, name)
        return cloud.store.made(self.kind, id, lambda found: data.unseal(opened.data_key, _label(id), found))

    def put(self, cloud: Cloud, opened: Opened, name: str, value: Json) -> None:
        id = self._id(opened, name)
        cloud.store.put(self.kind, id, data.seal(opened.data_key, _label(id), value))

    def delete(self, cloud: Cloud, opened: Opened, name: str) -> None:
        cloud.store.delete(self.kind, self._id(opened, name))

    def all_of(self, cloud: Cloud, opened: Opened) -> list[Json]:
        """Everything of an account, in no order."""
        found = cloud.store.scan(self.kind, f"{opened.account.id.lower()}/")
        return [data.unseal(opened.data_key, _label(id), one) for id, one in found]

    def delete_all(self, cloud: Cloud, account: Account) -> None:
        """Deletes an account's ciphertext, which needs no key."""
        for id, _ in cloud.store.scan(self.kind, f"{account.id.lower()}/"):
            cloud.store.delete(self.kind, id)

    def _id(self, opened: Opened, name: str) -> str:
        return f"{opened.account.id.lower()}/sealed/{data.label(opened.data_key, name)}"


def _label(id: str) -> str:
    """What the ciphertext of an id is bound to, wherever the account is moved."""
    return id.rpartition("/")[2]


PROJECTS, DOCUMENTS = Sealed("account.project"), Sealed("account.document")
