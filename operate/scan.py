"""The command `python -m operate scan --subscription ID ...`: one row and one next step for each AI account,
whichever tool made it.

It is what a platform team runs first. Each list is read once by subscription, with the role Reader, so that
a thousand accounts are a few requests; `evidence --account ID` then reads one account whole. Exit code: 0 if
no account needs anything, 1 otherwise.
"""

import argparse
import json
import re
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date

from core import adapters, arm_ids, commands, coverage, demands, kinds, regions
from core.api_versions import ACCOUNTS, DEPLOYMENTS, UPGRADES, VAULTS, VAULTS_RETIRE_ON
from core.demands import Judgement
from core.facts import Account, Upgrade, Vault
from operate import login
from operate.azure import Json, LiveAzure, UnansweredError
from operate.errors import OperateError
from operate.evidence.model import counted


@dataclass(frozen=True)
class AccountRow:
    """One account. `key` is `Microsoft's`, or `yours: VAULT/KEY`, with the version if it names one; `vault`
    says how that vault grants its keys and whether it can be purged. `remarks` are what else a reader has to
    know, and `next_step` is the one thing to do, "" for nothing."""

    id: str
    kind: str
    location: str
    key: str
    vault: str
    remarks: tuple[str, ...]
    next_step: str

    @property
    def lines(self) -> Iterator[str]:
        """The row as the terminal has it."""
        yield f"{arm_ids.name_of(self.id)} ({self.kind}, {self.location}, {arm_ids.group_of(self.id)})"
        yield f"  key: {self.key}"
        if self.vault:
            yield f"  vault: {self.vault}"
        yield from (f"  {remark}" for remark in self.remarks)
        yield f"  next: {self.next_step or 'nothing'}"


def run(arguments: argparse.Namespace) -> int:
    """Runs the command; its exit code."""
    azure = LiveAzure(login.of_environment())
    try:
        today = azure.now().date()
        rows = scan(azure, arguments.subscription, today)
    except UnansweredError as error:
        raise OperateError(f"the accounts could not be listed: {error}") from error
    needing = [row for row in rows if row.next_step]
    if arguments.json:
        print(json.dumps([asdict(row) for row in rows], indent=2))
    else:
        print("\n".join(line for row in rows for line in row.lines))
        under_key = [row for row in rows if row.key.startswith("yours")]
        print(
            f"{counted(len(rows), 'account')}: {len(under_key)} under your own key, "
            f"{len(needing)} with something to do"
        )
    return 1 if needing else 0


def scan(azure: LiveAzure, subscription_ids: Sequence[str], today: date) -> list[AccountRow]:
    """A row for each account of the subscriptions that stores data, by subscription, group and name. Raises
    UnansweredError if the accounts of one cannot be listed; what else cannot be read is said, in the rows or
    on standard error."""
    vaults, unread = _vaults(azure, subscription_ids)
    read: list[tuple[Account, Upgrade]] = []
    for number, subscription in enumerate(subscription_ids, start=1):
        print(f"scan: subscription {number} of {len(subscription_ids)}, {subscription}", file=sys.stderr)
        path = arm_ids.of_subscription(subscription, arm_ids.ACCOUNT)
        accounts = [adapters.account(body) for body in azure.list(path, ACCOUNTS)]
        upgrades = {
            str(body["id"]).lower(): adapters.upgrade(body)
            for body in _listed(azure, path, UPGRADES, "whether Azure plans upgrades")
        }
        accounts.sort(key=lambda account: account.id.lower())
        read += [
            (account, upgrades.get(account.id.lower(), Upgrade()))
            for account in accounts
            if account.kind not in kinds.WITHOUT_DATA
        ]
    templates = _old_templates(azure, filter(None, (_vault_of(account, vaults) for account, _ in read)))
    return [row_of(account, vaults, upgrade, unread, today, templates=templates) for account, upgrade in read]


def _vault_of(account: Account, vaults: Mapping[str, Vault]) -> Vault | None:
    key = account.encryption.key
    return vaults.get(key.vault_name) if key else None


def _old_templates(azure: LiveAzure, vaults: Iterable[Vault]) -> Mapping[str, str]:
    """By the ids of vaults, in lower case: what to change in the template of the deployment that wrote the
    vault last, if Azure refuses its version of Key Vault's API from VAULTS_RETIRE_ON on. One question for
    each resource group with such vaults."""
    groups = sorted({vault.id.lower().partition("/providers/")[0] for vault in vaults})
    writers: dict[str, tuple[str, str]] = {}
    for number, group in enumerate(groups, start=1):
        print(f"scan: deployments of resource group {number} of {len(groups)}, {group}", file=sys.stderr)
        path = arm_ids.child(group, arm_ids.DEPLOYMENT)
        listed = _listed(azure, path, DEPLOYMENTS, "which templates write the vaults there")
        for body in sorted(listed, key=lambda body: str(body["properties"].get("timestamp"))):
            for written in body["properties"].get("outputResources") or []:
                version = str(written.get("apiVersion") or VAULTS)
                writers[str(written.get("id")).lower()] = (str(body["name"]), version)
    return {
        vault: f"in the template of deployment {name}, change the vault's version {version} to {VAULTS}: "
        f"Azure refuses it from {VAULTS_RETIRE_ON:%d %B %Y} on"
        for vault, (name, version) in writers.items()
        if version < VAULTS
    }


def _vaults(azure: LiveAzure, asked: Sequence[str]) -> tuple[Mapping[str, Vault], tuple[str, ...]]:
    """The vaults and managed HSMs of all subscriptions that the login sees, by name, and why some were not
    listed: a vault may be in another subscription than its account."""
    seen: list[str] = []
    unread: list[str] = []
    try:
        seen += azure.subscriptions()
    except UnansweredError as error:
        unread.append(f"other subscriptions: {error}")
    vaults: dict[str, Vault] = {}
    for subscription in dict.fromkeys([*asked, *seen]):
        for type in (arm_ids.VAULT, arm_ids.MANAGED_HSM):
            try:
                listed = azure.list(arm_ids.of_subscription(subscription, type), VAULTS)
            except UnansweredError as error:
                unread.append(f"{type} of {subscription}: {error}")
                continue
            vaults |= {str(body["name"]).lower(): adapters.vault(body) for body in listed}
    return vaults, tuple(unread)


def _listed(azure: LiveAzure, path: str, version: str, not_checked: str) -> Sequence[Json]:
    """A list of Resource Manager; nothing if Azure refuses it, which standard error then says."""
    try:
        return azure.list(path, version)
    except UnansweredError as error:
        print(f"scan: not checked: {not_checked}, because {error}", file=sys.stderr)
        return ()


def row_of(
    account: Account,
    vaults: Mapping[str, Vault],
    upgrade: Upgrade,
    unread: Sequence[str],
    today: date,
    *,
    templates: Mapping[str, str],
) -> AccountRow:
    """The row of one account; `unread` says which vaults could not be listed, and `templates`, by vaults'
    ids, what to change in the template of a vault."""
    bound = account.encryption.key
    vault = _vault_of(account, vaults)
    template = templates.get(vault.id.lower(), "") if vault else ""
    key = "Microsoft's"
    if bound:
        version = account.encryption.key_version
        key = f"yours: {bound.vault_name}/{bound.name}" + (f", version {version}" if version else "")
    elif account.encryption.is_customer_managed:
        key = "yours, and Azure does not show which"
    uris = [account.encryption.key_vault_uri] if bound else []
    unmet = [judgement for judgement in demands.judge(account, vault, None, uris) if judgement.unmet]
    return AccountRow(
        account.id,
        account.kind,
        account.location,
        key,
        _vault_words(vault),
        (*_remarks(account, upgrade, unmet, today), *filter(None, [template])),
        _next_step(account, vault, unmet, unread) or template,
    )


def _vault_words(vault: Vault | None) -> str:
    if vault is None:
        return ""
    model = "a managed HSM's own roles" if vault.is_managed_hsm else "access policies"
    if vault.uses_rbac and not vault.is_managed_hsm:
        model = "Azure RBAC"
    purge = "cannot be purged" if vault.purge_protection else "can be purged"
    return f"grants by {model}, {purge}"


def _remarks(account: Account, upgrade: Upgrade, unmet: Sequence[Judgement], today: date) -> Iterator[str]:
    """What a reader of the row has to know besides."""
    if account.encryption.is_customer_managed:
        yield from (f"not under the key: {what}" for what in coverage.named(account.kind).elsewhere)
    yield from (f"not met: {judgement.text}" for judgement in unmet)
    if upgrade.text:
        yield f"{upgrade.text}; to opt out: {commands.opt_out(account.id)}"
    yield from (f"{what}; {instead}" for what, instead in kinds.ends(account.kind, today))
    if account.kind.lower() in kinds.SKIPPED_BY_POLICY:
        yield (
            "Azure Policy's built-in about customers' keys leaves this kind out by default: `compliant` says "
            "nothing about it"
        )


def _next_step(
    account: Account, vault: Vault | None, unmet: Sequence[Judgement], unread: Sequence[str]
) -> str:
    """The one thing to do next."""
    kind = kinds.find(account.kind)
    if not account.encryption.is_customer_managed:
        if kind is None:
            return "find out whether a customer's key is possible: this project does not know the kind"
        if regions.normalised(account.location) == coverage.GLOBAL:
            return "make it anew in a region: a global account can have no customer's key"
        if any(judgement.demand == "tier" for judgement in unmet):
            return f"move it to tier {kind.tiers[0]}, which can have a customer's key, and scan again"
        adopt = commands.operate(f"adopt --stack adopted --account {account.id} --name {_service(account)}")
        return f"take it into a stack with `{adopt}`; its settings with encryption: customerManaged bind it"
    if vault is None:
        why = f" ({'; '.join(unread)})" if unread else ""
        return f"find the vault of its key, which this login does not see{why}: without it the data is lost"
    for judgement in unmet:
        if command := judgement.az(vault_id=vault.id):
            return f"run `{command}`"
    if unmet:
        return f"correct that {unmet[0].text}"
    return ""


def _service(account: Account) -> str:
    """A name of a service that resembles the account's, whose own may have capitals, dots and underscores."""
    words = "-".join(re.findall(r"[a-z0-9]+", account.name.lower()))
    return words if words[:1].isalpha() else f"ai-{words}"
