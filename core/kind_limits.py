"""What an account of a kind cannot have. Components, provider, policies and review ask here.

`kinds` has the table and the source of each limit. A kind that it does not list is not judged.
"""

from collections.abc import Iterable
from typing import Final

from core import kinds
from core.demands import Fix, Judgement

_STORAGE: Final = Fix("", "change properties.userOwnedStorage", "change storageAccountIds")


def key_identity(kind: str, *, user_assigned: bool) -> Judgement | None:
    """Some kinds use a key only through the account's own identity."""
    found = kinds.find(kind)
    if found is None or found.user_assigned or not user_assigned:
        return None
    return Judgement(
        "kind-identity",
        f"accounts of kind {found.name} take a customer-managed key only through their own identity",
        "the account's own identity",
        own_fix=Fix(
            "",
            "name no identityClientId, and give the account a system-assigned identity",
            "set identity: systemAssigned",
        ),
    )


def key_version(kind: str, version: str) -> Judgement | None:
    """Some kinds follow a key without a version by themselves; for every other one, also one that `kinds`
    does not list, a version is named."""
    found = kinds.find(kind)
    if version or (found and found.rotates):
        return None
    return Judgement(
        "kind-key-version",
        f"accounts of kind {found.name if found else kind} do not follow a key by themselves",
        "one version of the key",
        own_fix=Fix(
            "", "name a version: take keyUriWithVersion from a KeyVersion", "set key.version: pinned"
        ),
    )


def storage(kind: str, count: int) -> Judgement | None:
    """Only some kinds keep data in linked storage, some of them in one storage account."""
    found = kinds.find(kind)
    if found is None or not count:
        return None
    if not found.storage:
        takes = ", ".join(one.name for one in kinds.ALL if one.storage)
        return Judgement(
            "kind-storage",
            f"kind {found.name}, which Azure links to no storage (BringOwnFeatureNotEnabled)",
            f"one of {takes}, or no linked storage",
            own_fix=_STORAGE,
        )
    if found.storage_stays and count > 1:
        return Judgement(
            "kind-storage",
            f"{count} storage accounts, but Azure links an account of kind {found.name} to one",
            "one of them",
            own_fix=_STORAGE,
        )
    return None


def storage_change(kind: str, before: Iterable[str], after: Iterable[str]) -> Judgement | None:
    """Of some kinds the linked storage is named when the account is made, and never changes."""
    found, had, wanted = kinds.find(kind), sorted(before), sorted(after)
    if found is None or not found.storage_stays or _folded(had) == _folded(wanted):
        return None
    return Judgement(
        "kind-storage-stays",
        f"{', '.join(map(repr, wanted)) or 'none'}, but Azure links an account of kind {found.name} to "
        "storage only when it is made",
        f"what it was made with: {', '.join(map(repr, had)) or 'none'}",
    )


def kind_change(before: str, after: str) -> Judgement | None:
    """An account keeps its kind, but for one of Azure OpenAI, which can become a Foundry resource."""
    one = kinds.find(before)
    if after.lower() in (before.lower(), one.becomes.lower() if one else ""):
        return None
    return Judgement("kind-stays", f"{after!r}, but an account of kind {before} keeps its kind", repr(before))


def vault_change(kind: str, before: str, after: str) -> Judgement | None:
    """A Foundry account takes later keys from the vault of its first one only."""
    found = kinds.find(kind)
    if found is None or not found.foundry or before.lower() == after.lower():
        return None
    return Judgement(
        "kind-vault-stays",
        f"a key in {after!r}, but an account of kind {found.name} only takes other keys of its vault",
        f"a key in {before!r}",
    )


def search(kind: str, *, linked: bool) -> Judgement | None:
    """Only some kinds have question answering, which keeps its data in a search service."""
    found = kinds.find(kind)
    if found is None or found.search or not linked:
        return None
    takes = ", ".join(one.name for one in kinds.ALL if one.search)
    return Judgement(
        "kind-search",
        f"kind {found.name}, which has no question answering",
        f"one of {takes}, or no search service",
        own_fix=Fix(
            "",
            "take qnaAzureSearchEndpointId and its key out of properties.apiProperties",
            "remove searchServiceId and searchServiceKey",
        ),
    )


def bypass(kind: str, *, stated: bool) -> Judgement | None:
    """Only the network rules of some kinds know an exception for Azure's trusted services."""
    found = kinds.find(kind)
    if found is None or found.bypass or not stated:
        return None
    takes = ", ".join(one.name for one in kinds.ALL if one.bypass)
    return Judgement(
        "kind-bypass",
        f"kind {found.name}, whose network rules have no bypass",
        f"one of {takes}, or networkAcls without bypass",
        own_fix=Fix("", "take bypass out of properties.networkAcls"),
    )


def projects(kind: str) -> Judgement | None:
    """Only Foundry accounts have projects."""
    found = kinds.find(kind)
    if found is None or found.foundry:
        return None
    fix = Fix("", "make the Foundry project below an account of that kind")
    said = f"kind {found.name}, which has no projects"
    return Judgement("kind-projects", said, "kind AIServices", own_fix=fix)


def deployments(kind: str) -> Judgement | None:
    """Models are deployed only to accounts that serve Azure OpenAI."""
    found = kinds.find(kind)
    if found is None or found.openai:
        return None
    takes = " or ".join(one.name for one in kinds.ALL if one.openai)
    fix = Fix("", "make the deployment of a model below an account of that kind")
    said = f"kind {found.name}, to which no models are deployed"
    return Judgement("kind-deployments", said, f"kind {takes}", own_fix=fix)


def _folded(ids: Iterable[str]) -> set[str]:
    return {id.lower() for id in ids}
