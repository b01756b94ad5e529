"""The page's content as JSON: figures, and sections that are tables of texts.

The page must not count as a look at a key or an operation. So it asks the services themselves for an
account's state, and whether its data can be read, and undoes their writes. A cell is a text, or
`{"text", "kind"?, "title"?}`: kind is `good`, `bad`, `warn` or `code`, the title shows on hovering; or
`{"states"}`, an account's history.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime

from localazure import authorization, facts
from localazure.cloud import Cloud
from localazure.cognitive import data, settling
from localazure.cognitive import models as stored
from localazure.cognitive.binding import key_uri
from localazure.cognitive.identity import key_user
from localazure.cognitive.models import Account
from localazure.directory import list_principals
from localazure.keyvault import access
from localazure.keyvault.models import Key, KeyVersion, Vault, key_of, vault_of
from localazure.keyvault.trusted_services import KeyRefused
from localazure.operations import Operation
from localazure.web import Json

MOST = 200
"""So many rows of a table are shown, and it says how many there are: a search leads to the others."""
_MOST_STATES, _MOST_NAMES = 6, 20
_WORDS = facts.read("page/words.json")
_UNWRAP = access.OPERATIONS["KeyUnwrap"]


def version(cloud: Cloud) -> str:
    """A word that changes with every change of the cloud, cheap to ask for."""
    return str(cloud.store.changes)


def snapshot(cloud: Cloud, find: str = "") -> Json:
    """The cloud now; of each table the rows that have a text in them. To be taken inside a transaction."""
    return _Look(cloud, find.strip().lower()).seen()


class _Look:
    def __init__(self, cloud: Cloud, find: str) -> None:
        self.cloud, self.find, self.now = cloud, find, cloud.clock.now()
        scan = cloud.store.scan
        self.names = {principal.object_id: principal.name for principal in list_principals(cloud)}
        self.vaults = [vault_of(body) for kind in ("vault", "vault.deleted") for _, body in scan(kind)]
        self.keys = [key_of(body) for kind in ("vault.key", "vault.key.deleted") for _, body in scan(kind)]
        known = [Account(**body) for kind in (stored.KIND, stored.DELETED) for _, body in scan(kind)]
        with cloud.store.undone():
            self.accounts = [settling.settle(cloud, account) or account for account in known]
            self.unreadable = {account.id: self._unreadable(account) for account in self.accounts}

    def seen(self) -> Json:
        started = [Operation(**body) for _, body in self.cloud.store.scan("operation")]
        # Operations that merely wait for a last look are as good as ended.
        running = [operation for operation in started if self.now < operation.ends]
        return {
            "version": version(self.cloud),
            "find": self.find,
            "figures": self._figures(len(running)),
            "sections": [
                self._table("accounts", "Accounts", map(self._account, self.accounts)),
                self._table("vaults", "Vaults and keys", self._versions()),
                self._table("unwrap", "Who can unwrap with which key", self._grants()),
                self._table("operations", "Running operations", map(self._operation, running)),
                self._audit(),
            ],
        }

    def _table(self, id: str, title: str, every: Iterable[Mapping[str, Json]]) -> Json:
        rows = list(every)
        found = [row for row in rows if self.find in str(list(row.values())).lower()]
        return _section(id, title, found[:MOST], len(found), len(rows))

    def _figures(self, running: int) -> Json:
        live = [account for account in self.accounts if account.deleted_at is None]
        bound = sum(account.key_vault_properties is not None for account in live)
        lost = sum(bool(self.unreadable[account.id]) for account in live)
        return [
            [f"{bound} of {len(live)}", "accounts on a customer-managed key", ""],
            [str(lost), "accounts with unreadable data", "bad" if lost else ""],
            [str(sum(vault.deleted is None for vault in self.vaults)), "live vaults", ""],
            [str(running), "running operations", "warn" if running else ""],
            [_moment(self.now), "UTC on the cloud's clock", ""],
        ]

    def _account(self, account: Account) -> Mapping[str, Json]:
        unreadable, bound = self.unreadable[account.id], account.key_vault_properties is not None
        data = {"text": unreadable, "kind": "bad"} if unreadable else {"text": "readable", "kind": "good"}
        state = "soft-deleted" if account.deleted_at is not None else account.state
        principal = str(key_user(self.cloud, account)[0] or "")
        return {
            "account": {"text": account.name, "title": account.id},
            "kind": f"{account.kind} {account.sku['name']}, {account.location}",
            "state": {"text": state, "kind": "good" if state == "Succeeded" else "warn"},
            "key": {"text": key_uri(account), "kind": "code"} if bound else "Microsoft-managed key",
            "used by": {"text": self.names.get(principal, principal), "title": principal},
            "data": data,
            "history": {"states": self._history(account)},
        }

    def _unreadable(self, account: Account) -> str:
        """Why the account's data key cannot be unwrapped now, empty if it can."""
        try:
            data.unwrap(self.cloud, account, "")
        except KeyRefused as error:
            return str(_WORDS["reasons"].get(error.code, error.message))
        return ""

    def _history(self, account: Account) -> list[Json]:
        """The account's encryptions, one after another; an entry that repeats the one before is left out."""
        found: list[Json] = []
        for event in self.cloud.store.events("encryption", account.id):
            state = _state_of(event)
            if not found or state["label"] != found[-1]["label"]:
                found.append(state)
        unreadable = self.unreadable[account.id]
        if account.deleted_at is None and unreadable and found and found[-1]["kind"] == "customer":
            found.append({"kind": "unreadable", "label": "unreadable", "when": "now", "note": unreadable})
        return found[-_MOST_STATES:]

    def _versions(self) -> Iterator[Mapping[str, Json]]:
        """Every version of every vault's keys, newest first; a vault without keys has a row, too."""
        users: dict[str, list[str]] = {}
        for account in self.accounts:
            if account.key_vault_properties is not None:
                users.setdefault(key_uri(account).lower(), []).append(account.name)
        for vault in self.vaults:
            recovery = "purge protected" if vault.purge_protected else "not purge protected"
            deleted = "" if vault.deleted is None else "soft-deleted, "
            row = {
                "vault": {"text": vault.name, "title": vault.id},
                "is": f"{deleted}{recovery}, {'roles' if vault.rbac else 'access policies'}",
            }
            mine = [one for one in self.keys if one.vault_id.lower() == vault.id.lower()]
            for key, found in ((one, each) for one in mine for each in reversed(one.versions)):
                uri = f"{vault.uri}keys/{key.name}/{found.version}".lower()
                yield {
                    **row,
                    "key": key.name,
                    "version": {"text": found.version, "kind": "code"},
                    "type": f"{found.kty} {found.size or found.curve}",
                    "created": _moment(found.created),
                    "state": _key_state(key, found, self.now),
                    "bound accounts": _named(users.get(uri, ())),
                }
            if not mine:
                yield {**row, **dict.fromkeys(("key", "version", "type", "created", "state"), "-")}

    def _grants(self) -> Iterator[Mapping[str, Json]]:
        latest = self.now - self.cloud.behaviour.grant_delay_seconds
        roles = [*self._unwrapping_roles()]
        for vault in (vault for vault in self.vaults if vault.deleted is None):
            for object_id, how, scope, since in _ways_in(vault, roles):
                name, state = self.names.get(object_id), {"text": "in effect", "kind": "good"}
                if name is None:
                    state = {"text": "principal deleted", "kind": "bad"}
                elif since > latest:
                    state = {"text": "not propagated yet", "kind": "warn"}
                yield {
                    "vault": vault.name,
                    "principal": {"text": name or object_id, "title": object_id},
                    "granted by": how,
                    "scope": {"text": scope.rsplit("/", 1)[-1] or "/", "title": scope},
                    "since": _moment(since) if since else "always",
                    "state": state,
                }

    def _unwrapping_roles(self) -> Iterator[tuple[str, str, str, float]]:
        for _, document in self.cloud.store.scan(authorization.KIND):
            role = authorization.role_of(self.cloud, document["body"])
            properties = document["body"]["properties"]
            if role is not None and role.allows_data(_UNWRAP.data_action):
                scope = str(properties["scope"]).rstrip("/")
                yield properties["principalId"], role.name, scope, float(document["since"])

    def _operation(self, operation: Operation) -> Mapping[str, Json]:
        about = operation.about
        id = str(about.get("account") or about.get("group") or about.get("id") or "")
        return {
            "id": {"text": operation.id, "kind": "code"},
            "service": about.get("service") or "resource group",
            "resource": {"text": id.rsplit("/", 1)[-1] or "-", "title": id},
            "started": _moment(operation.started),
            "time left": f"{operation.ends - self.now:.0f} s",
        }

    def _audit(self) -> Json:
        """The latest events of the audit log. The store searches them; a search also finds a user's name."""
        named = [id for id, name in self.names.items() if self.find and self.find in name.lower()]
        texts = [self.find, *named] if self.find else []
        total = self.cloud.store.count("audit")
        found = self.cloud.store.count("audit", with_any=texts) if texts else total
        rows = [self._use(event) for event in self.cloud.store.latest("audit", MOST, with_any=texts)]
        return _section("audit", "Audit log of key uses, latest first", rows, found, total)

    def _use(self, event: Mapping[str, Json]) -> Mapping[str, Json]:
        key, good = event["keyId"] or event["vaultId"], event["result"] == "Success"
        return {
            "time": str(event["time"])[:19].replace("T", " "),
            "operation": event["operation"],
            "key": {"text": key.removeprefix("https://"), "kind": "code"},
            "by": self.names.get(event["objectId"] or "", event["objectId"] or "the vault itself"),
            "result": {"text": event["result"], "kind": "good" if good else "bad"},
            "correlation": {"text": event["correlationId"], "kind": "code"},
        }


def _section(id: str, title: str, rows: Sequence[Mapping[str, Json]], found: int, total: int) -> Json:
    """A table of rows, each a cell by the name of its column."""
    columns = list(rows[0]) if rows else []
    cells = [[row.get(column, "-") for column in columns] for row in rows]
    return {"id": id, "title": title, "columns": columns, "rows": cells, "found": found, "total": total}


def _ways_in(
    vault: Vault, roles: Iterable[tuple[str, str, str, float]]
) -> Iterator[tuple[str, str, str, float]]:
    """Each principal that can unwrap with a vault's keys, its grant, scope and start (cloud's seconds)."""
    if vault.rbac:
        places = ("", f"/subscriptions/{vault.subscription_id}", vault.group_id, vault.id)
        lower = [place.lower() for place in places]
        yield from (one for one in roles if one[2].lower().partition("/keys/")[0] in lower)
        return
    for entry in vault.properties.get("accessPolicies") or []:
        held = [one for one in access.permissions(entry) if one in (_UNWRAP.permission, "all")]
        if held:
            since = min(vault.granted.get(access.grant_key(entry, one), 0.0) for one in held)
            yield entry["objectId"], "access policy", vault.id, since


def _key_state(key: Key, version: KeyVersion, now: float) -> Json:
    if key.deleted is not None:
        return {"text": "deleted", "kind": "bad"}
    if not version.enabled:
        return {"text": "disabled", "kind": "bad"}
    if not version.is_usable(now):
        return {"text": "expired or not yet valid", "kind": "warn"}
    return {"text": "current", "kind": "good"} if version == key.current else "enabled"


def _state_of(event: Mapping[str, Json]) -> Json:
    when = f"{str(event['time'])[5:19].replace('T', ' ')} {_WORDS['why'].get(event['why'], event['why'])}"
    if event["keyUri"] is None:
        return {"kind": "microsoft", "label": "Microsoft-managed key", "when": when, "note": ""}
    note = f"{event['keyUri']} as {event['identity']}"
    if not event["readable"] and event["why"] != "DELETE":
        return {"kind": "unreadable", "label": "unreadable", "when": when, "note": note}
    label = f"key version {event['keyUri'].rsplit('/', 1)[-1][:8]}"
    return {"kind": "customer", "label": label, "when": when, "note": note}


def _moment(seconds: float) -> str:
    """`2026-01-31 12:00:00`, UTC."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M:%S")


def _named(found: Sequence[str]) -> str:
    """Names in one cell: the first of them where they are many, and how many more there are."""
    more = f" and {len(found) - _MOST_NAMES} more" if len(found) > _MOST_NAMES else ""
    return (", ".join(found[:_MOST_NAMES]) or "-") + more
