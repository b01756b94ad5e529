"""Facts made by hand: one account under a customer's key as it should be, and what tests change of it."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from core.facts import (
    Account,
    DiagnosticSetting,
    Encryption,
    Key,
    KeyVersion,
    Network,
    PolicyEntry,
    RoleAssignment,
    RotationPolicy,
    Vault,
)
from core.roles import Permissions, Role
from operate.evidence.model import (
    Deployment,
    Drill,
    Facts,
    KeyUseLog,
    NotChecked,
    Service,
    StackRecord,
    UseRow,
)

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
SUBSCRIPTION = "/subscriptions/00000000-0000-0000-0000-00000000000a"
GROUP = f"{SUBSCRIPTION}/resourceGroups/rg-contoso"
OWN = "11111111-1111-1111-1111-111111111111"
OTHER = "22222222-2222-2222-2222-222222222222"
TENANT = "33333333-3333-3333-3333-333333333333"
OLD, NEW = "a" * 32, "b" * 32
CLOSED = Network("Enabled", "Deny", "AzureServices", ("52.1.2.3",), private_endpoints=1)
OPEN = Network()
BOUND = Encryption("Microsoft.KeyVault", "https://kv-contoso.vault.azure.net/", "cmk", NEW)
NEEDED = ("get", "unwrapkey", "wrapkey")


def days(n: float) -> timedelta:
    return timedelta(days=n)


def version(name: str, age: float, *, enabled: bool = True, expires_in: float | None = 400) -> KeyVersion:
    """A version that was created `age` days ago."""
    now = int(NOW.timestamp())
    ends = None if expires_in is None else now + int(expires_in * 86400)
    return KeyVersion(name, enabled=enabled, created=now - int(age * 86400), expires=ends)


def account(name: str = "lang-contoso", **changes: Any) -> Account:
    whole = Account(
        id=f"{GROUP}/providers/Microsoft.CognitiveServices/accounts/{name}",
        name=name,
        kind="TextAnalytics",
        sku="S",
        location="westeurope",
        tenant_id=TENANT,
        provisioning_state="Succeeded",
        subdomain=name,
        local_auth=False,
        network=CLOSED,
        principal_id=OWN,
        encryption=BOUND,
        capabilities=("VirtualNetworks", "CustomerManagedKey"),
    )
    return replace(whole, **changes)


def policy(**changes: Any) -> PolicyEntry:
    """The account's own access policy, by default exactly as this project makes it."""
    return replace(PolicyEntry(OWN, ("get", "wrapKey", "unwrapKey"), TENANT), **changes)


def vault(**changes: Any) -> Vault:
    whole = Vault(
        id=f"{GROUP}/providers/Microsoft.KeyVault/vaults/kv-contoso",
        name="kv-contoso",
        location="West Europe",
        tenant_id=TENANT,
        uses_rbac=False,
        soft_delete=True,
        retention_days=90,
        purge_protection=True,
        network=CLOSED,
        policies=(policy(),),
    )
    return replace(whole, **changes)


def key(*versions: KeyVersion, **changes: Any) -> Key:
    whole = Key(
        id=f"{vault().id}/keys/cmk",
        name="cmk",
        type="RSA",
        size=2048,
        operations=("unwrapKey", "wrapKey"),
        versions=versions or (version(NEW, 30),),
        rotation=RotationPolicy(rotates_after_create="P540D", expires_after="P730D"),
    )
    return replace(whole, **changes)


def assignment(
    principal_id: str, role: str, scope: str, *blocks: Permissions, **changes: Any
) -> RoleAssignment:
    """A role assignment whose definition was read."""
    whole = RoleAssignment(
        scope, principal_id, role, Role(role, role, blocks), principal_type="ServicePrincipal"
    )
    return replace(whole, **changes)


def data(*actions: str) -> Permissions:
    """A block of data actions on keys."""
    return Permissions(data_actions=tuple(f"Microsoft.KeyVault/vaults/keys/{action}" for action in actions))


def row(
    age: int, identity: str = OWN, operation: str = "KeyUnwrap", of: str = NEW, uses: int = 1, **changes: Any
) -> UseRow:
    """Uses of a version `age` days ago."""
    day = (NOW - days(age)).replace(hour=0)
    uri = f"https://kv-contoso.vault.azure.net/keys/cmk/{of}"
    whole = UseRow(
        day, identity, operation, uri, False, uses, day + timedelta(hours=9), day + timedelta(hours=11)
    )
    return replace(whole, **changes)


def use(*rows: UseRow) -> KeyUseLog:
    since = (NOW - days(90)).replace(hour=0)
    return KeyUseLog(f"{GROUP}/providers/Microsoft.OperationalInsights/workspaces/log", since, NOW, rows)


def service(**changes: Any) -> Service:
    """An account as it should be: nothing is to be found about it."""
    made = changes.pop("account", None) or account()
    whole = Service(
        account_id=made.id if isinstance(made, Account) else account().id,
        account=made,
        vault=vault(),
        key=key(),
        assignments=(),
        audit=(DiagnosticSetting("audit", f"{GROUP}/workspaces/log", ("auditevent",), dedicated=False),),
        use=use(row(29, operation="KeyWrap"), row(20)),
    )
    return replace(whole, **changes)


def of_account(**changes: Any) -> Service:
    """As it should be, but for the account."""
    return service(account=account(**changes))


def at_vault(**changes: Any) -> Service:
    """As it should be, but for the vault."""
    return service(vault=vault(**changes))


def with_key(*versions: KeyVersion, **changes: Any) -> Service:
    """As it should be, but for the key."""
    return service(key=key(*versions, **changes))


def used(*rows: UseRow, **changes: Any) -> Service:
    """As it should be, but for the audit log."""
    return service(use=replace(use(*rows), **changes))


def given(role: RoleAssignment, **changes: Any) -> Service:
    """An account whose vault grants by Azure RBAC, with this one role."""
    return service(vault=vault(uses_rbac=True), assignments=(role,), **changes)


def facts(*services: Service, **changes: Any) -> Facts:
    whole = Facts(NOW, "Stack test", services or (service(),))
    return replace(whole, names=((OWN, "identity of account lang-contoso"),), **changes)


def rich() -> Facts:
    """Everything that a page can show, good and bad."""
    versions = (
        version("1c" * 16, 1500, enabled=False, expires_in=-770),
        version("2d" * 16, 960, enabled=False, expires_in=-230),
        version(OLD, 420, expires_in=310),
        version(NEW, 12, expires_in=718),
    )
    rows = [row(n, uses=6 + n * 7 % 11, of=OLD) for n in range(88, 9, -1) if n % 7 not in (0, 1)]
    rows += [row(9, operation="KeyWrap"), *(row(n, uses=5 + n % 4) for n in range(8, 0, -1))]
    rows += [row(33, OTHER, refused=True, uses=3), row(5, OTHER, uses=2, operation="KeyDecrypt")]
    rows += [row(9, refused=True, uses=4)]
    owner = assignment("4" * 36, "Owner", SUBSCRIPTION, Permissions(("*",)))
    officer = assignment(
        "5" * 36, "Key Vault Crypto Officer", SUBSCRIPTION, data("*"), principal_type="Group"
    )
    own = data("read", "wrap/action", "unwrap/action")
    user = assignment(OWN, "Key Vault Crypto Service Encryption User", key().id, own)
    bound = service(
        key=key(*versions),
        vault=vault(policies=(*vault().policies, PolicyEntry(OTHER, ("all",)))),
        use=use(*rows),
        assignments=(owner,),
    )
    roles = service(
        account=account("lang-fabrikam", network=OPEN, local_auth=True),
        vault=vault(uses_rbac=True, policies=(), network=OPEN, purge_protection=False),
        assignments=(owner, officer, user),
        key=key(version(NEW, 700, expires_in=30), rotation=None),
        audit=(),
        use=NotChecked("no diagnostic setting of the vault sends its audit log to a workspace"),
    )
    plain = Service(account("lang-plain").id, account("lang-plain", encryption=Encryption()))
    refusal = NotChecked("403 AuthorizationFailed: The client does not have authorization to perform action")
    updates = [deployment(n, kind) for n in range(1, 80, 7) for kind in ("refresh", "update")]
    drills = (Drill("lang-contoso", NOW - days(40), 61.0, 12.0, OTHER),)
    return facts(
        *(bound, roles, plain, Service(account("lang-unread").id, refusal)),
        stack=StackRecord(tuple(updates), drills),
    )


def deployment(age: int, kind: str = "update") -> Deployment:
    """An update by a saved plan in a CI's run, or the refresh of the same run, `age` days ago."""
    plan = "9f" * 32 if kind == "update" else ""
    return Deployment(
        *(NOW - days(age), kind, "succeeded", f"{age:02}" * 20, "118", "ada.lovelace@contoso.example"),
        *(f"Move to the new key (plan sha256:{plan})" if plan else "Move to the new key", bool(plan), plan),
        *("grace.hopper" if plan else "", f"https://github.com/contoso/services/actions/runs/{age:011}"),
    )
