"""The table of questions: each asks Azure once, and tells what it does of one or more switches of the local
Azure.

They are asked in the order of the table, since a later one may need what an earlier one made or found out.
`ask` yields a switch and its value; what it has not told when it raises UnknownError stays unknown.
"""

import math
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

from core import arm_ids, clouds, demands, kinds, roles
from core.api_versions import ACCOUNTS, AUTHORIZATION, UPGRADES, VAULTS
from core.facts import KEY_VAULT_SOURCE
from core.refusals import KEY_REFUSED
from probe.conversation import Exchange, UnknownError
from probe.scene import NEW_KEY, Scene

Told = Iterator[tuple[str, Any]]
ROLE_SECONDS = 1800.0
"""How long a binding is tried by a role: three times as long as a role is documented to take to count."""
MODEL_SECONDS = 600.0
"""How long a change of a vault's access model may take to count."""


@dataclass(frozen=True)
class Question:
    """What is assumed of each switch that it tells of; `makes` is what it needs in Azure, for a reader."""

    assumed: Mapping[str, Any]
    makes: str
    ask: Callable[[Scene], Told]


QUESTIONS: list[Question] = []


def _question(makes: str, **assumed: Any) -> Callable[[Callable[[Scene], Told]], Callable[[Scene], Told]]:
    """Adds a function to the questions."""

    def add(ask: Callable[[Scene], Told]) -> Callable[[Scene], Told]:
        QUESTIONS.append(Question(assumed, makes, ask))
        return ask

    return add


@_question("a tag of the vault", read_lag_seconds=0.0, lagging_reads="all", empty_vault_patch="current")
def tag_changed(scene: Scene) -> Told:
    """An empty PATCH after a tag was changed, and two reads at each moment: the lag is over when both show
    it."""
    scene.patch(scene.vault, VAULTS, {"tags": {"probe": "changed"}})
    patched = _has_changed(scene.patch(scene.vault, VAULTS, {}))
    pairs: list[list[bool]] = []

    def look() -> Exchange:
        answers = [scene.arm("GET", scene.vault, VAULTS) for _ in range(2)]
        pairs.append([*map(_has_changed, answers)])
        return answers[1]

    scene.lag = scene.until(look, lambda _: all(pairs[-1]))[1]
    yield "read_lag_seconds", scene.lag
    if len(pairs) == 1:
        raise UnknownError("no read lagged")
    yield "empty_vault_patch", "current" if patched else "late"
    yield "lagging_reads", "every_other" if any(any(pair) for pair in pairs[:-1]) else "all"


def _has_changed(vault: Exchange) -> bool:
    return (vault.body.get("tags") or {}).get("probe") == "changed"


@_question("a PUT of the account, not bound yet", put_without_identity="removes")
def put_without_identity(scene: Scene) -> Told:
    """Asked while the account is not bound, so that no data can be lost."""
    _ = scene.account_put
    body = scene.account_body()
    identity = {"identity": body.pop("identity")}
    found = _left_out(scene, body, lambda account: bool((account.get("identity") or {}).get("principalId")))
    if not found:
        scene.carried_out(scene.patch(scene.account_id, ACCOUNTS, identity))
    yield "put_without_identity", found or "removes"


@_question("a PUT by an API version that lacks a property of the account", put_of_older_version="removes")
def put_of_older_version(scene: Scene) -> Told:
    """The property says only that Azure is not to upgrade the account, which it does to no account here."""
    name = "foundryAutoUpgrade"

    def is_shown() -> bool:
        return name in scene.arm("GET", scene.account_id, UPGRADES).body["properties"]

    _ = scene.account_put
    opted_out = {"properties": {name: {"mode": "Disabled"}}}
    scene.carried_out(scene.patch(scene.account_id, UPGRADES, opted_out))
    scene.talk.sleep(scene.lag)
    if not is_shown():
        raise UnknownError(f"Azure shows no {name} of this account, although it took one")
    yield "put_of_older_version", _left_out(scene, scene.account_body(), lambda _: is_shown()) or "removes"


@_question("a key, and a binding without a grant", missing_grant="forbidden", failed_operations_keep="all")
def not_granted(scene: Scene) -> Told:
    """A binding while the account's identity may not use the key; with a tag, for what a failure leaves."""
    _ = scene.principal()
    sent = scene.patch(scene.account_id, ACCOUNTS, scene.encryption() | {"tags": {"probe": "not granted"}})
    if sent.status == 202:
        ended = scene.ended(sent)
        if ended is None or ended.state != "Failed":
            raise UnknownError("the binding was accepted without a grant")
        yield "missing_grant", "fails_later"
        left = scene.account()
        tagged = (left.get("tags") or {}).get("probe") == "not granted"
        kept = "all" if "encryption" in left["properties"] else "all_but_encryption" if tagged else "none"
        yield "failed_operations_keep", kept
        return
    code, message = sent.error
    codes = {
        "Forbidden": "forbidden",
        "AccessPolicyNotConfiguredForKeyVault": "access_policy_not_configured",
        "KeyVaultAuthenticationFailure": "authentication_failure",
    }
    found = "properties_invalid" if KEY_REFUSED in message else codes.get(code)
    if found is None:
        raise UnknownError(f"the refusal is {code!r}, which no value of the switch says")
    yield "missing_grant", found
    raise UnknownError("no operation failed")


@_question("an access policy, and bindings until one counts", grant_delay_seconds=0.0)
def granted(scene: Scene) -> Told:
    """Binds the account again and again after the grant, until it counts."""
    scene.policies(scene.principal()).must("the grant")
    delay = _bound(scene, scene.account_id, scene.key)
    scene.bound = True
    yield "grant_delay_seconds", delay


@_question(
    "a second version of the key, and the vault closed for a moment", trusted_services_reach_vault=True
)
def vault_closed(scene: Scene) -> Told:
    """Binds the account to another version of the key while the vault is closed but for trusted services. Its
    access counts by then, so that nothing but the firewall can refuse it."""
    _ = _bound_key(scene)
    encryption = scene.encryption(_next_version(scene))
    try:
        _firewall(scene, "Deny")
        scene.until(lambda: scene.data("GET", "/keys/probe"), lambda answer: answer.status == 403)
        sent = scene.patch(scene.account_id, ACCOUNTS, encryption)
        ended = scene.ended(sent) if sent.status == 202 else None
    finally:
        _firewall(scene, "Allow")
    scene.until(lambda: scene.data("GET", "/keys/probe"), lambda answer: answer.ok)
    reached = sent.ok and (ended is None or ended.state == "Succeeded")
    yield "trusted_services_reach_vault", reached


@_question(
    "a third version of the key, an account of kind AIServices, and the vault under Azure RBAC for a while",
    cmk_with_rbac_vault="works",
    foundry_key_role="encryption_user",
    arm_keys_need_data_role=False,
)
def vault_under_rbac(scene: Scene) -> Told:
    """While the vault is under Azure RBAC: binds the account to another version of the key, where only its
    role at the group allows it, until that counts; binds an account of kind AIServices by the narrower role,
    and by the wider where that is not enough; and makes a key through Resource Manager, without a role on the
    vault's data."""
    _ = _bound_key(scene)
    version = _next_version(scene)
    narrow, wide = roles.CRYPTO_SERVICE_ENCRYPTION_USER, roles.CRYPTO_USER
    _give(scene, narrow, scene.principal())
    with _under_rbac(scene):
        has_data_role = True
        with suppress(UnknownError):
            scene.until(
                lambda: scene.data("GET", "/keys/probe"),
                lambda answer: answer.status == 403,
                seconds=MODEL_SECONDS,
            )
            has_data_role = False
        works = _binds(scene, scene.account_id, version)
        yield "cmk_with_rbac_vault", "works" if works else "refused"
        if works:
            _ = scene.foundry_put
            foundry = scene.id_of(kinds.FOUNDRY)
            principal = scene.principal(foundry)
            for role, value in ((narrow, "encryption_user"), (wide, "crypto_user")):
                _give(scene, role, principal)
                if _binds(scene, foundry, scene.key):
                    yield "foundry_key_role", value
                    break
        if has_data_role:
            raise UnknownError("the login has a role on the data of vaults, so that it is refused nowhere")
        key = {"properties": {"kty": demands.KEY_TYPES[0]}}
        new = scene.put(f"{scene.vault}/keys/through-arm", VAULTS, key)
        refused = "ForbiddenByRbac" in "".join(new.error)
        yield "arm_keys_need_data_role", refused or not new.must("the key").ok


@_question("nothing more", key_version="echoed", system_identity_client_id="absent")
def binding_shown(scene: Scene) -> Told:
    """What the bound account shows of its key."""
    key = _bound_key(scene)
    yield "key_version", "echoed" if key.get("keyVersion") else "dropped"
    yield "system_identity_client_id", "echoed" if key.get("identityClientId") else "absent"


@_question("a PUT of the bound, empty account", put_without_encryption="unbinds")
def put_without_encryption(scene: Scene) -> Told:
    """PUTs the bound account, which holds no data, without its encryption."""
    _ = _bound_key(scene)
    found = _left_out(scene, scene.account_body(), lambda account: _encryption(account) is not None)
    if not found:
        _bound(scene, scene.account_id, scene.key)
    yield "put_without_encryption", found or "unbinds"


@_question("the access taken away", key_remembered_seconds=0.0)
def access_taken(scene: Scene) -> Told:
    """Reads the account's data, takes the access away, and reads until it is refused."""
    _ = _bound_key(scene)
    name = arm_ids.name_of(scene.account_id).lower()
    url = clouds.projects_url(f"https://{name}.{scene.talk.cloud.account_suffix}")
    principal = scene.principal()

    def look() -> Exchange:
        return scene.talk.send("GET", url, scope=scene.talk.cloud.account_scope)

    # The last read is the last use with access.
    look().must("a read of the account's data")
    since = scene.talk.now()
    scene.policies()
    _, seconds = scene.until(look, lambda answer: not answer.ok, since=since)
    scene.policies(principal)
    yield "key_remembered_seconds", seconds


def _left_out(scene: Scene, body: Any, keeps: Callable[[dict[str, Any]], bool]) -> str:
    """Whether Azure refuses a PUT of the account without a part, or keeps the part; "" for neither."""
    sent = scene.put(scene.account_id, ACCOUNTS, body)
    if sent.status == 400:
        return "refused"
    scene.carried_out(sent)
    return "keeps" if keeps(scene.account()) else ""


def _encryption(account: dict[str, Any]) -> dict[str, Any] | None:
    """The key of an account under a customer's key, as it shows it."""
    shown = account["properties"].get("encryption") or {}
    return shown.get("keyVaultProperties", {}) if shown.get("keySource") == KEY_VAULT_SOURCE else None


def _bound_key(scene: Scene) -> dict[str, Any]:
    """The key of the account. Raises UnknownError while it is not bound."""
    key = _encryption(scene.account()) if scene.bound else None
    if not key:
        raise UnknownError("the account could not be bound, or does not show its key")
    return key


def _next_version(scene: Scene) -> Exchange:
    return scene.data("POST", "/keys/probe/create", NEW_KEY).must("another version")


def _give(scene: Scene, role: roles.Role, principal: str) -> None:
    """Gives an account's identity a role at the group. Raises UnknownError."""
    given, _ = scene.until(
        lambda: _assign(scene, role, principal, principalType=roles.SERVICE_PRINCIPAL),
        lambda answer: answer.error[0] != "PrincipalNotFound",
    )
    given.must("the role")


@contextmanager
def _under_rbac(scene: Scene) -> Iterator[None]:
    """The vault under Azure RBAC; at the end it has its access policies back, and the account the first
    version of the key."""
    principal = scene.principal()
    try:
        scene.policies(uses_rbac=True).must("the vault's access model")
        yield
    finally:
        scene.policies(principal)
        _bound(scene, scene.account_id, scene.key)


def _bound(scene: Scene, account_id: str, version: Exchange, seconds: float = math.inf) -> float:
    """Binds an account to a version of the key, again while that is refused or fails; the seconds that it
    took. Raises UnknownError."""

    def bind() -> Exchange:
        sent = scene.patch(account_id, ACCOUNTS, scene.encryption(version))
        ended = scene.ended(sent) if sent.status == 202 else None
        return ended or sent

    return scene.until(bind, lambda answer: answer.ok and answer.state == "Succeeded", seconds=seconds)[1]


def _binds(scene: Scene, account_id: str, version: Exchange) -> bool:
    """Whether an account can be bound by a role, which may not count yet."""
    with suppress(UnknownError):
        _bound(scene, account_id, version, ROLE_SECONDS)
        return True
    return False


def _firewall(scene: Scene, action: str) -> None:
    rules = {"defaultAction": action, "bypass": "AzureServices"}
    scene.patch(scene.vault, VAULTS, {"properties": {"networkAcls": rules}}).must("the vault's firewall")


def _assign(scene: Scene, role: roles.Role, principal: str, **more: str) -> Exchange:
    # A name that follows from the role and its holder, so that each is assigned once.
    name = str(uuid.uuid5(uuid.NAMESPACE_URL, f"{scene.suffix}|{role.id}|{principal}"))
    definition = {"roleDefinitionId": role.definition_id(scene.subscription)}
    id = arm_ids.child(scene.group, arm_ids.ROLE_ASSIGNMENT, name)
    return scene.put(id, AUTHORIZATION, {"properties": {**definition, "principalId": principal, **more}})
