"""For each kind of account: which data the key covers, which data it does not cover, and what a revocation
does.

Owns the one table that evidence, `operate verify`, the settings, the review and docs/coverage.md show. A kind
of `kinds` that the table does not name stores its data in the account, and a revocation puts the data out of
reach until access is given back. For a kind that `kinds` does not list, a revocation may delete data.
"""

from dataclasses import dataclass
from typing import Final

from core import kinds
from core.kinds import AccountKind

GLOBAL: Final = "global"
"""The location of a Translator that belongs to no region, and can have no customer's key."""
COVERED: Final = "the data that the service stores in the account, except the data listed as not under it"
"""The data that the key covers, for every kind."""
_CUSTOM_TRANSLATOR: Final = "deletes all data uploaded to Custom Translator and undeploys its models"
_NOT_KNOWN: Final = "may delete data (this project does not know this kind of account)"
_FINE_TUNED: Final = "fine-tuned models that are deployed keep answering until their deployment is deleted"
_SPEECH: Final = "data and models of custom speech and voice, unless the account has linked storage"


@dataclass(frozen=True)
class Coverage:
    """What the key covers. `elsewhere`: what is not under it. `deletes`: what Azure does at a revocation
    that no restored access undoes, "" for nothing; a lost identity and a deleted vault do the same. `keeps`:
    what a revocation does not stop. `where`: where a customer's key is possible, "" for wherever the kind is.
    """

    elsewhere: tuple[str, ...] = ()
    deletes: str = ""
    keeps: str = ""
    where: str = ""

    @property
    def revoked(self) -> str:
        """What a revocation does, in words that follow "the key"."""
        found = ["data under it answers 403 until access is granted again"]
        if self.deletes:
            found.append(f"Azure {self.deletes}, and restored access does not undo that")
        found += [one for one in (self.keeps, *(f"not under it: {one}" for one in self.elsewhere)) if one]
        return "; ".join(found)


_BY_KIND: Final = {
    "TextTranslation": Coverage(deletes=_CUSTOM_TRANSLATOR, where="in a region; not in location: global"),
    "CognitiveServices": Coverage(("data and models of custom speech and voice",), _CUSTOM_TRANSLATOR),
    "AIServices": Coverage(
        (
            "agents in the basic setup: their conversations, files and vector stores",
            "the $HOME of hosted agents, which Azure keeps for 30 days after a session",
            _SPEECH,
            "OpenAI Assistants",
            "data of Content Understanding, which needs storage of your own",
            "the cache of managed compute, and the temporary files of fine-tuning while it runs",
        ),
        _CUSTOM_TRANSLATOR,
        _FINE_TUNED,
        "in regions where Azure AI Search has capacity",
    ),
    "OpenAI": Coverage(keeps=_FINE_TUNED),
    "SpeechServices": Coverage((_SPEECH,)),
    "FormRecognizer": Coverage(
        ("results of analyses, if the key was set before 2023-07-31 and not disabled and enabled since",)
    ),
}


def of(kind: AccountKind) -> Coverage:
    """The coverage of a kind of account."""
    found = _BY_KIND.get(kind.name, Coverage())
    places = {
        "data in a linked storage account, which its own settings encrypt": kind.storage,
        "question answering's data in a search service, which its own key encrypts": kind.search,
        "data of connected resources (storage, search, Cosmos DB), each under its own key": kind.foundry,
    }
    elsewhere = (*found.elsewhere, *(place for place, may in places.items() if may))
    return Coverage(elsewhere, found.deletes, found.keeps, found.where)


def named(kind: str) -> Coverage:
    """The coverage of an account by the name of its kind, in any casing; "" where nothing shows it."""
    if found := kinds.find(kind):
        return of(found)
    return Coverage((f"data that this project does not know, in an account of kind {kind!r}",), _NOT_KNOWN)
