"""The kinds of Azure AI services accounts that can hold data under a customer-managed key.

Owns: what differs between them: tiers, name prefixes, what cannot be undone, and the roles of callers.
account_kinds.json is the table of them, with its sources. Kinds that Azure has retired are not listed.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any, Final

from core import arm_ids, roles
from core.roles import Role

FREE_TIER: Final = "F0"
"""The free tier of every kind. It does not support customer-managed keys."""
FREE_TIERS: Final = (FREE_TIER, "F1", "Free")
"""The free tiers, with the names that other services have for theirs."""
KEY_SIZES: Final = (2048, 3072, 4096)
"""Bits of the RSA keys that Key Vault makes (azure/key-vault/keys/about-keys-details), of which every kind of
account takes the first."""


@dataclass(frozen=True)
class KindRetirement:
    """That Azure ends kinds of account, or `features` of them, on a day at the latest."""

    of: tuple[str, ...]
    by: date
    instead: str
    source: str
    features: str = ""


@dataclass(frozen=True)
class AccountKind:
    """One kind of account, by Azure's name for it.

    `tiers` are the paid ones, the default first. `callers` are the roles by which an application may use the
    service, the least privileged first; none of them may write keys. `approval` is the form without which
    Azure refuses a customer-managed key. `foundry`: the account may have projects, which keep it on a
    customer's key. `user_assigned`: a user-assigned identity may use the key.
    `terms`: Azure makes the first account of a subscription only in the portal, where its terms are accepted.
    `openai`, `language`: the account serves Azure OpenAI, or text analysis. `storage`: it may keep data in
    linked storage accounts; with `storage_stays` in one, which is named when the account is made and never
    changes. `search`: its question answering may keep data in a search service. `bypass`: its network rules
    may let Azure's trusted services pass. `rotates`: bound to a key without a version, it uses the newest by
    itself; the other kinds name one version. `key_roles`: wider than `roles.encryption_user`, the
    roles that its page gives the identity that uses the key, in a vault and in a managed HSM. `key_sizes`:
    bits of the RSA keys that it takes. `hsm`: Azure's table says that it takes keys of a managed HSM.
    `becomes`: the kind that Azure can turn an account into in place.
    """

    name: str
    product: str
    prefix: str
    tiers: tuple[str, ...] = ("S0",)
    callers: tuple[Role, ...] = (roles.AI_SERVICES_USER,)
    openai: bool = False
    language: bool = False
    foundry: bool = False
    user_assigned: bool = True
    approval: str = ""
    terms: bool = False
    storage: bool = False
    storage_stays: bool = False
    search: bool = False
    bypass: bool = False
    rotates: bool = False
    key_roles: tuple[Role, ...] = ()
    key_sizes: tuple[int, ...] = (KEY_SIZES[0],)
    hsm: bool = True
    becomes: str = ""

    @property
    def members(self) -> tuple[str, ...]:
        """The members of the group `account`: each has an address of a private endpoint
        (Azure/bicep-registry-modules, avm/res/cognitive-services/account/tests/e2e/max; OpenAI assumed)."""
        return ("default", "secondary", "third") if self.foundry else (VAULT_MEMBER,)


VAULT_MEMBER: Final = "default"
"""The one member of a vault's group (Azure/terraform-azurerm-avm-res-keyvault-vault#108)."""
_TWO_YEARS: Final = timedelta(days=730)


def _kind(row: Mapping[str, Any]) -> AccountKind:
    """A kind as the table has it: roles by their names, lists for tuples."""
    given = {
        name: tuple(roles.named(role) for role in row[name])
        for name in ("callers", "key_roles")
        if name in row
    }
    lists = {name: tuple(row[name]) for name in ("tiers", "key_sizes") if name in row}
    return AccountKind(**{**row, **lists, **given})


_TABLE: Final = json.loads(Path(__file__).with_name("account_kinds.json").read_text(encoding="utf-8"))
ALL: Final = tuple(map(_kind, _TABLE["kinds"]))
NAMES: Final = tuple(kind.name for kind in ALL)
LANGUAGE, FOUNDRY = ALL[:2]
RETIREMENTS: Final = tuple(
    KindRetirement(**{**row, "of": tuple(row["of"]), "by": date.fromisoformat(row["by"])})
    for row in _TABLE["retirements"]
)
WITHOUT_DATA: Final = ("ComputerVision",)
"""Kinds that store nothing, for which Azure has no customer-managed key."""
SKIPPED_BY_POLICY: Final = frozenset(_TABLE["skipped_by_policy"])
"""The kinds that Azure Policy's built-in 67121cc7-ff39-4ab8-b7e3-95b84dab487d leaves out by default, in lower
case."""
_BY_NAME: Final = {kind.name.lower(): kind for kind in ALL}


def named(name: str) -> AccountKind:
    """The kind of a name, in any casing. Raises KeyError for one that is not listed."""
    return _BY_NAME[name.lower()]


def find(name: str) -> AccountKind | None:
    """The kind of a name, in any casing; None for one that is not listed."""
    return _BY_NAME.get(name.lower())


def ends(kind: str, today: date, *, whole: bool = False) -> Iterator[tuple[str, str]]:
    """What Azure ends of a kind within the next two years or has ended, and what to do instead. `whole`: the
    end of the kind, and not that of features."""
    found = find(kind)
    for end in RETIREMENTS:
        if found and found.name in end.of and end.by - today < _TWO_YEARS and not (whole and end.features):
            what = f"these features of {found.product}: {end.features}" if end.features else found.product
            yield f"Azure ends {what} by {end.by}", end.instead


def names_role(kind: object, role_id: object) -> bool:
    """Whether Azure's page about a kind gives the identity that uses the key this role (by its GUID),
    although it is wider than the service needs. False for a kind or a role that is not known."""
    if not isinstance(kind, str):
        return False
    found = find(kind)
    return found is not None and role_id in {role.id for role in found.key_roles}


def role_by_page(kind: str, key_or_vault_id: str) -> Role:
    """The role that Azure's page about a kind gives the identity that uses a key there. If the page gives
    none: the role that gives exactly the permissions that the service needs."""
    found, in_hsm = find(kind), arm_ids.in_managed_hsm(key_or_vault_id)
    if found and found.key_roles:
        return found.key_roles[in_hsm]
    return roles.encryption_user(key_or_vault_id)


def tier_for_a_key(kind: str) -> str:
    """The tier to recommend for a customer-managed key; "" for a kind that is not listed."""
    found = find(kind)
    return found.tiers[0] if found else ""
