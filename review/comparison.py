"""What gets worse, or better, between two moments: settings, links, and what the service demands, as core
judges it of both.
"""

from collections.abc import Iterable, Iterator
from typing import Final

from core import arm_ids
from core.demands import Judgement
from review import settings
from review.protection import Protection
from review.verdict import Name, Verdict

_SHUT_OUT: Final = {
    "trusted-services": "vault's firewall does not let trusted Azure services in: the service is shut out",
    "outbound": "account may no longer reach {}, the vault of its key: the service can no longer read "
    "the data",
}
"""What keeps the service from its key, at once."""
_REFUSED: Final = "Azure will REFUSE this: found {}"
_KIND: Final = ("tier", "kind-")
"""How the names of demands begin that are about the kind of an account."""


def compared(before: Protection, after: Protection) -> Iterator[Verdict]:
    """One account and the vault of its key; or a vault or a key that no account uses."""
    yield from settings.compared(before.settings, after.settings)
    yield from unmet(before, after)
    linked = [settings.linked_of(one.account) if one.account else frozenset() for one in (before, after)]
    for what, id in sorted(linked[0] - linked[1]):
        words = f"linked {what} {{}} TAKEN AWAY: the account no longer reads what it keeps there"
        yield Verdict(Name.LINK_LOST, words, (arm_ids.name_of(id),))
    if before.vault and before.vault == after.vault:
        yield from settings.compared(before.vault_settings, after.vault_settings)


def unmet(before: Protection | None, after: Protection) -> Iterator[Verdict]:
    """What is unmet after and was not before; and what is not known after, where data is under a key."""
    has_key = before is not None and (before.bound or before.account is None)
    # Of an account that is made anew, the update knows more than a preview.
    stays = has_key and (after.account is None or bool(after.account.id))
    for demand, one in after.unmet.items():
        had = before.unmet.get(demand) if before else None
        if one.unmet and not (had and had.unmet):
            yield verdict(one, after.hosts, has_key=has_key)
        elif not one.unmet and stays and had is None and demand not in _SHUT_OUT:
            words = "the preview does not show whether the service still takes this: {}"
            yield Verdict(Name.UNDETERMINED, words, (one.text,))


def verdict(one: Judgement, hosts: Iterable[str] = (), *, has_key: bool = False) -> Verdict:
    """The verdict on a demand that is not met, for an account that uses a key already or does not."""
    if has_key and (words := _SHUT_OUT.get(one.demand)):
        return Verdict(Name.ACCESS_REVOKED, words, (min(hosts, default=None),) if "{}" in words else ())
    name = Name.NOT_FOR_KIND if one.demand.startswith(_KIND) else Name.DEMAND_UNMET
    return Verdict(name, _REFUSED, (one.text,))
