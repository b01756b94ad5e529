"""What an account of a kind cannot have. Components, provider, policies and review ask here.

`kinds` has the table and the source of each limit. A kind that it does not list is not judged.
"""

from typing import Final

from core import kinds
from core.demands import Judgement

_LACKS: Final = {
    "storage": (
        "kind-storage",
        "which Azure links to no storage (BringOwnFeatureNotEnabled)",
        "no linked storage",
    ),
    "search": ("kind-search", "which has no question answering", "no search service"),
    "bypass": ("kind-bypass", "whose network rules have no bypass", "networkAcls without bypass"),
    "foundry": ("kind-projects", "which has no projects", "no project"),
    "becomes": ("kind-upgrade", "which Azure turns into no other kind", "no foundryAutoUpgrade"),
    "openai": ("kind-deployments", "to which no models are deployed", "no deployment"),
}
"""What only some kinds have, by the field of AccountKind: the demand, what the others lack, and what they do
without."""


PROJECTS_STAY: Final = "Projects can be updated from Microsoft-managed keys to CMKs but not reverted."
"""Azure's own words (azure/foundry/concepts/encryption-keys-portal, 2026-08-10)."""


def lacks(kind: str, has: str) -> Judgement | None:
    """What an account of a kind cannot have, by the field of AccountKind that says which kinds can."""
    found = kinds.find(kind)
    if found is None or getattr(found, has):
        return None
    demand, lack, without = _LACKS[has]
    takes = [one.name for one in kinds.ALL if getattr(one, has)]
    expected = f"{'one of' if len(takes) > 1 else 'kind'} {', '.join(takes)}, or {without}"
    return Judgement(demand, f"kind {found.name}, {lack}", expected)


def key_identity(kind: str, *, user_assigned: bool) -> Judgement | None:
    """Some kinds use a key only through the account's own identity."""
    found = kinds.find(kind)
    if found is None or found.user_assigned or not user_assigned:
        return None
    said = f"accounts of kind {found.name} take a customer-managed key only through their own identity"
    return Judgement("kind-identity", said, "the account's own identity")


def key_version(kind: str, version: str) -> Judgement | None:
    """Some kinds follow a key without a version by themselves; for every other one, also one that `kinds`
    does not list, a version is named."""
    found = kinds.find(kind)
    if version or (found and found.rotates):
        return None
    said = f"accounts of kind {found.name if found else kind} do not follow a key by themselves"
    return Judgement("kind-key-version", said, "one version of the key")


def storage(kind: str, count: int) -> Judgement | None:
    """Only some kinds keep data in linked storage, some of them in one storage account."""
    found = kinds.find(kind)
    if found and found.storage_stays and count > 1:
        said = f"{count} storage accounts, but Azure links an account of kind {found.name} to one"
        return Judgement("kind-storage", said, "one of them")
    if not count:
        return None
    return lacks(kind, "storage")


def kind_change(before: str, after: str) -> Judgement | None:
    """An account keeps its kind, but for one of Azure OpenAI, which can become a Foundry resource."""
    known = kinds.find(before)
    becomes = known.becomes.lower() if known else ""
    if after.lower() in (before.lower(), becomes):
        return None
    return Judgement("kind-stays", f"{after!r}, but an account of kind {before} keeps its kind", repr(before))


def is_way_back(before: str, after: str) -> bool:
    """Whether Azure turned an account of the kind `after` into one of `before`, and can take that back."""
    found = kinds.find(after)
    return found is not None and found.becomes.lower() == before.lower() != ""


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
