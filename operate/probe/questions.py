"""The table of questions: each is a switch of the local Azure, what is assumed, and how Azure is asked.

They are asked in the order of the table, since a later one may need what an earlier one made or found out.
`ask` gives the switch's value, or raises UnknownError with the reason why there is none.
"""

import math
import uuid
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from core import arm_ids, arm_template, demands, roles
from core.api_versions import (
    ACCOUNTS,
    ALERT_RULES,
    AUTHORIZATION,
    DEPLOYMENTS,
    DIAGNOSTIC_SETTINGS,
    KEYS,
    PROJECTS,
    RESOURCES,
    VAULTS,
)
from core.facts import CUSTOMER_MANAGED
from core.refusals import KEY_REFUSED
from operate.probe.conversation import Exchange
from operate.probe.scene import EMPTY, NEW_KEY, Scene, UnknownError, Waited, deleted_account

PARALLEL_WRITES = 6
ROLE_SECONDS = 1800.0
"""How long a binding is tried by a role: three times as long as a role is documented to take to count."""
BUCKET_READS = 250
"""The most reads that a bucket has (request limits and throttling)."""


@dataclass(frozen=True)
class Question:
    """One switch. `makes` is what it needs in Azure, for a reader."""

    switch: str
    assumed: Any
    makes: str
    ask: Callable[[Scene], Any]


QUESTIONS: list[Question] = []


def _question(assumed: Any, makes: str) -> Callable[[Callable[[Scene], Any]], Callable[[Scene], Any]]:
    """Adds a function to the questions, as the one about the switch of its name."""

    def add(ask: Callable[[Scene], Any]) -> Callable[[Scene], Any]:
        QUESTIONS.append(Question(ask.__name__, assumed, makes, ask))
        return ask

    return add


@_question("none", "a resource group")
def throttling(scene: Scene) -> str:
    """Whether the remaining reads, which answers count, fit into a bucket."""
    _ = scene.group
    left = scene.arm("GET", scene.group, RESOURCES).headers.get("x-ms-ratelimit-remaining-subscription-reads")
    if not (left or "").isdigit():
        raise UnknownError("no answer says how many reads are left")
    return "token_bucket" if int(str(left)) <= BUCKET_READS else "none"


@_question(15, "a second, empty group")
def group_retry_seconds(scene: Scene) -> int:
    """Asked of a second group, which is empty: the probe's own goes last."""
    other = f"{scene.group}{EMPTY}"
    if not scene.put(other, RESOURCES, {"location": scene.region}).ok:
        raise UnknownError("no second group could be made")
    gone = scene.arm("DELETE", other, RESOURCES)
    after = gone.headers.get("retry-after", "")
    if not after.isdigit():
        raise UnknownError("the answer has no Retry-After in seconds")
    return int(after)


@_question("as_observed", "a vault and an account without tags")
def empty_tags(scene: Scene) -> str:
    """How a vault and an account answer that have no tags."""
    vault, account = scene.arm("GET", scene.vault, VAULTS).body, scene.account_put.body
    shown = tuple(repr(body["tags"]) if "tags" in body else "absent" for body in (vault, account))
    known = {
        ("{}", "absent"): "as_observed",
        ("None", "None"): "null",
        ("{}", "{}"): "object",
        ("absent", "absent"): "absent",
    }
    return _known(known, shown, "a vault and an account without tags answer")


@_question(0.0, "a tag of the vault")
def read_lag_seconds(scene: Scene) -> float:
    """Two reads at each moment after a tag was changed: the lag is over when both show it."""
    body = {"tags": {"probe": "changed"}}
    scene.arm("PATCH", scene.vault, VAULTS, body)
    pairs: list[tuple[bool, bool]] = []

    def look() -> Exchange:
        answers = [scene.arm("GET", scene.vault, VAULTS) for _ in range(2)]
        shown = [(answer.body.get("tags") or {}).get("probe") == "changed" for answer in answers]
        pairs.append((shown[0], shown[1]))
        return answers[1]

    found = scene.until(look, lambda _: all(pairs[-1]))
    scene.lag = found.until
    scene.found["stale pairs"] = [pair for pair in pairs if not all(pair)]
    return found.until


@_question("all", "the same")
def lagging_reads(scene: Scene) -> str:
    """Whether one of two reads at the same moment was stale, or both."""
    stale = scene.found.get("stale pairs")
    if not stale:
        raise UnknownError("no read lagged")
    return "every_other" if any(any(pair) for pair in stale) else "all"


@_question("as_sent", "the account")
def ids_casing(scene: Scene) -> str:
    """The account's id, against the path that it was made with."""
    sent, id = scene.account_id, str(_account(scene)["id"])
    parts = sent.split("/")
    spelled = {
        sent: "as_sent",
        sent.lower(): "lower",
        "/".join(part.lower() if i in (3, 6) else part for i, part in enumerate(parts)): "lower_segments",
        "/".join(part.upper() if i == 4 else part for i, part in enumerate(parts)): "upper_group",
    }
    return _known(spelled, id, "the account's id is")


@_question("as_sent", "the account")
def location_spelling(scene: Scene) -> str:
    """The account's location, which was sent in capitals."""
    shown = str(_account(scene)["location"])
    if shown == scene.spelled_region:
        return "as_sent"
    return "name" if shown == shown.lower().replace(" ", "") else "display_name"


@_question(False, "the account")
def defaults_added(scene: Scene) -> bool:
    """Whether the account shows network rules that nobody sent."""
    return "networkAcls" in _account(scene)["properties"]


@_question(False, "the account")
def synchronous_creates(scene: Scene) -> bool:
    """The state in the answer to the account's create."""
    return bool(scene.account_put.body["properties"]["provisioningState"] == "Succeeded")


@_question(0.0, "a tag of the account")
def operation_seconds(scene: Scene) -> float:
    """Polls a change of the account to its end."""
    _ = scene.account_put
    accepted = scene.arm("PATCH", scene.account_id, ACCOUNTS, {"tags": {"probe": "operation"}})
    scene.found["operation"] = accepted
    ended = scene.ended(accepted)
    if ended is None:
        raise UnknownError("a change of an account has no operation")
    return ended.until


@_question("global", "the same")
def operation_hosts(scene: Scene) -> str:
    """The host of that operation's address."""
    accepted: Exchange | None = scene.found.get("operation")
    url = accepted.headers.get("azure-asyncoperation", "") if accepted else ""
    if not url:
        raise UnknownError("no answer named an operation")
    return "global" if url.startswith(scene.talk.cloud.resource_manager + "/") else "regional"


@_question("provider", "nothing: two templates are validated")
def validate_covers(scene: Scene) -> str:
    """Validates an account that could be made, and one that asks for a subdomain which is taken."""
    taken = _account(scene)["properties"]["customSubDomainName"]
    free, named = (_validated(scene, name) for name in (f"{taken}-free", taken))
    if not free.ok:
        return "refused"
    return "template" if named.ok else "provider"


def _validated(scene: Scene, subdomain: str) -> Exchange:
    """An account with a subdomain, as a template that nobody deploys."""
    body = scene.account_body()
    body["properties"] = {"customSubDomainName": subdomain}
    account = {
        "type": arm_ids.ACCOUNT,
        "apiVersion": ACCOUNTS,
        "name": f"{arm_ids.name_of(scene.account_id)}-new",
        **body,
    }
    path = arm_ids.child(scene.group, "Microsoft.Resources/deployments", "probe/validate")
    answer = scene.arm("POST", path, DEPLOYMENTS, {"properties": arm_template.properties([account])})
    if answer.status == 403:
        raise UnknownError(f"the login may not validate: {': '.join(answer.error)}")
    return answer


@_question("removes", "a PUT of the account, not bound yet")
def put_without_identity(scene: Scene) -> str:
    """Asked while the account is not bound, so that no data can be lost."""
    _ = scene.account_put
    sent = scene.put(scene.account_id, ACCOUNTS, scene.account_body(identity=False))
    if sent.status == 400:
        return "refused"
    _carried_out(scene, sent)
    if (scene.get_account().body.get("identity") or {}).get("principalId"):
        return "keeps"
    again = scene.arm("PATCH", scene.account_id, ACCOUNTS, {"identity": {"type": "SystemAssigned"}})
    _carried_out(scene, again)
    return "removes"


@_question("removes", "the same, with your storage account linked (--storage)")
def put_without_user_owned_storage(scene: Scene) -> str:
    """Links the storage account that was given, and PUTs the account without it."""
    if not scene.storage:
        raise UnknownError("no storage account was given; --storage ID names one that may be linked")
    _ = scene.account_put
    linked = [{"resourceId": scene.storage}]
    body = {"properties": {"userOwnedStorage": linked}}
    _carried_out(scene, scene.arm("PATCH", scene.account_id, ACCOUNTS, body))
    sent = scene.put(scene.account_id, ACCOUNTS, scene.account_body())
    if sent.ok:
        _carried_out(scene, sent)
    kept = bool(scene.get_account().body["properties"].get("userOwnedStorage"))
    if kept:
        # A later PUT says it, so that it is refused for nothing else.
        scene.found["linked"] = linked
    if sent.status == 400:
        return "refused"
    return "keeps" if kept else "removes"


@_question("believed", "an identity and two role assignments")
def principal_type(scene: Scene) -> str:
    """Asked at once after the identity was made, before it is known everywhere."""
    principal = _principal_of_identity(scene)
    typed = _assign(scene, roles.READER, principal, principalType=roles.SERVICE_PRINCIPAL)
    plain = _assign(scene, roles.CRYPTO_SERVICE_ENCRYPTION_USER, principal)
    scene.found["plain"] = plain
    if typed.error[0] == "AuthorizationFailed":
        raise UnknownError("the login may not assign roles")
    if plain.ok:
        raise UnknownError("the identity was known at once")
    return "believed" if typed.ok else "checked"


@_question(0.0, "the same")
def principals_visible_after(scene: Scene) -> float:
    """Assigns a role without a type until the identity is found."""
    principal = _principal_of_identity(scene)
    plain: Exchange | None = scene.found.get("plain")
    if plain is not None and plain.ok:
        return 0.0
    role = roles.CRYPTO_SERVICE_ENCRYPTION_USER
    found = scene.until(
        lambda: _assign(scene, role, principal),
        lambda answer: answer.error[0] != "PrincipalNotFound",
        since=scene.found["identity since"],
    )
    if not found.exchange.ok:
        raise UnknownError(f"the assignment was refused: {': '.join(found.exchange.error)}")
    return found.until


@_question(False, "a second vault, under Azure RBAC")
def arm_keys_need_data_role(scene: Scene) -> bool:
    """Makes a key through ARM in a vault on whose data the login has no role."""
    listed = scene.talk.send("GET", f"{scene.vault_uri(scene.role_vault)}/keys?api-version={KEYS}")
    scene.found["has data role"] = listed.ok
    if listed.ok:
        raise UnknownError(
            "the login has a role on the data of vaults, so that it is not refused in any case"
        )
    made = scene.put(f"{scene.role_vault}/keys/probe", VAULTS, {"properties": {"kty": demands.KEY_TYPES[0]}})
    if "ForbiddenByRbac" in (made.error[0] + made.error[1]):
        return True
    if not made.ok:
        raise UnknownError(f"the key was refused otherwise: {': '.join(made.error)}")
    return False


@_question(0.0, "a second key")
def deleted_keys_visible_after(scene: Scene) -> float:
    """Deletes a key, and looks for it among the deleted."""
    if not scene.key.ok:
        raise UnknownError(f"the login may not make keys: {', '.join(scene.key.error)}")
    made = scene.data("POST", "/keys/gone/create", NEW_KEY)
    if not made.ok:
        raise UnknownError(f"the key was refused: {': '.join(made.error)}")
    scene.data("DELETE", "/keys/gone")
    return scene.until(lambda: scene.data("GET", "/deletedkeys/gone"), lambda answer: answer.ok).until


@_question("forbidden", "a key, and a binding without a grant")
def missing_grant(scene: Scene) -> str:
    """A binding while the account's identity may not use the key; with a tag, for what a failure leaves."""
    _ = scene.principal()
    body = {"properties": {"encryption": scene.encryption()}, "tags": {"probe": "not granted"}}
    sent = scene.arm("PATCH", scene.account_id, ACCOUNTS, body)
    if sent.status == 202:
        ended = scene.ended(sent)
        if ended is None or str(ended.exchange.body.get("status")) != "Failed":
            raise UnknownError("the binding was accepted without a grant")
        scene.found["failed"] = scene.get_account().body
        return "fails_later"
    code, message = sent.error
    known = {
        "Forbidden": "forbidden",
        "AccessPolicyNotConfiguredForKeyVault": "access_policy_not_configured",
        "KeyVaultAuthenticationFailure": "authentication_failure",
    }
    if KEY_REFUSED in message:
        return "properties_invalid"
    return _known(known, code, f"the refusal is {sent.status}")


@_question("all", "the same")
def failed_operations_keep(scene: Scene) -> str:
    """What the account shows of the binding that failed in its operation."""
    left: dict[str, Any] | None = scene.found.get("failed")
    if left is None:
        raise UnknownError("no operation failed")
    if "encryption" in left["properties"]:
        return "all"
    return "all_but_encryption" if (left.get("tags") or {}).get("probe") == "not granted" else "none"


@_question(0.0, "an access policy, and bindings until one counts")
def grant_delay_seconds(scene: Scene) -> float:
    """Binds the account again and again after the grant, until it counts."""
    granted = scene.policies(scene.principal())
    if not granted.ok:
        raise UnknownError(f"the grant was refused: {': '.join(granted.error)}")
    found = _bound(scene)
    scene.found["bound"] = True
    return found.until


@_question(True, "a second version of the key, and the vault closed for a moment")
def trusted_services_reach_vault(scene: Scene) -> bool:
    """Binds the account to another version of the key while the vault is closed but for trusted services. Its
    access counts by then, so that nothing but the firewall can refuse it."""
    _ = _bound_key(scene)
    version = _next_version(scene)
    body = {"properties": {"encryption": scene.encryption(version)}}
    try:
        _firewall(scene, "Deny")
        scene.until(lambda: scene.data("GET", "/keys/probe"), lambda answer: answer.status == 403)
        sent = scene.arm("PATCH", scene.account_id, ACCOUNTS, body)
        ended = scene.ended(sent) if sent.status == 202 else None
    finally:
        _firewall(scene, "Allow")
    scene.until(lambda: scene.data("GET", "/keys/probe"), lambda answer: answer.ok)
    return sent.ok and (ended is None or str(ended.exchange.body.get("status")) == "Succeeded")


@_question("works", "a third version of the key, and the vault under Azure RBAC for a while")
def cmk_with_rbac_vault(scene: Scene) -> str:
    """Binds the account to another version of the key while the vault is under Azure RBAC, where only the
    account's role at the group allows it, until that counts."""
    _ = _bound_key(scene)
    version = _next_version(scene)
    _give(scene, roles.CRYPTO_SERVICE_ENCRYPTION_USER, scene.principal())
    with _under_rbac(scene):
        works = _binds(scene, scene.account_id, version)
    scene.found["rbac works"] = works
    return "works" if works else "refused"


@_question("encryption_user", "an account of kind AIServices, and the vault under Azure RBAC once more")
def foundry_key_role(scene: Scene) -> str:
    """Binds an account of kind AIServices by the narrower role, and by the wider where that is not enough."""
    _ = _bound_key(scene)
    if not scene.found.get("rbac works"):
        raise UnknownError("the service takes no key of a vault under Azure RBAC")
    narrow, wide = roles.CRYPTO_SERVICE_ENCRYPTION_USER, roles.CRYPTO_USER
    _ = scene.foundry_put
    principal = scene.principal(scene.foundry_id)
    _give(scene, narrow, principal)
    with _under_rbac(scene):
        if _binds(scene, scene.foundry_id, scene.key):
            return "encryption_user"
        _give(scene, wide, principal)
        if _binds(scene, scene.foundry_id, scene.key):
            return "crypto_user"
    raise UnknownError(f"the account was not bound by the role {wide.name}, either")


@_question("as_sent", "the binding, once more")
def key_vault_uri(scene: Scene) -> str:
    """Sends the vault's address without a slash, then with one."""
    without = _bound_key(scene)["keyVaultUri"].endswith("/")
    body = {"properties": {"encryption": scene.encryption(slash=True)}}
    _carried_out(scene, scene.arm("PATCH", scene.account_id, ACCOUNTS, body))
    with_one = _bound_key(scene)["keyVaultUri"].endswith("/")
    known = {(False, True): "as_sent", (True, True): "with_slash", (False, False): "without_slash"}
    return _known(known, (without, with_one), "the slash is")


@_question("echoed", "the same")
def key_version(scene: Scene) -> str:
    """Whether the bound account shows the version."""
    return "echoed" if _bound_key(scene).get("keyVersion") else "dropped"


@_question("documented", "bindings without a version")
def versionless_key(scene: Scene) -> str:
    """Binds the Language account without a version, and with one again. That an account of kind AIServices
    takes none is documented, and not asked."""
    _ = _bound_key(scene)
    encryption = scene.encryption()
    encryption["keyVaultProperties"]["keyVersion"] = ""
    sent = scene.arm("PATCH", scene.account_id, ACCOUNTS, {"properties": {"encryption": encryption}})
    try:
        _carried_out(scene, sent)
    except UnknownError as error:
        raise UnknownError(
            "kind TextAnalytics takes no key without a version, and AIServices was not asked"
        ) from error
    _bound(scene)
    return "taken"


@_question("absent", "the same")
def system_identity_client_id(scene: Scene) -> str:
    """Whether the bound account shows the client id of its own identity."""
    return "echoed" if _bound_key(scene).get("identityClientId") else "absent"


@_question("unbinds", "a PUT of the bound, empty account")
def put_without_encryption(scene: Scene) -> str:
    """PUTs the bound account, which holds no data, without its encryption."""
    _ = _bound_key(scene)
    sent = scene.put(scene.account_id, ACCOUNTS, scene.account_body())
    if sent.status == 400:
        return "refused"
    _carried_out(scene, sent)
    encryption = scene.get_account().body["properties"].get("encryption") or {}
    if encryption.get("keySource") == CUSTOMER_MANAGED:
        return "keeps"
    _bound(scene)
    return "unbinds"


@_question(0.0, "the access taken away")
def key_remembered_seconds(scene: Scene) -> float:
    """Reads the account's data, takes the access away, and reads until it is refused."""
    _ = _bound_key(scene)
    endpoint = f"https://{scene.account_id.rpartition('/')[2].lower()}.{scene.talk.cloud.account_suffix}"
    scene.talk.may_ask(endpoint)
    url = f"{endpoint}/language/authoring/analyze-conversations/projects?api-version={PROJECTS}"
    principal = scene.principal()
    # Removed first and given back at the end, so that the last read is the last use with access.
    first = scene.talk.send("GET", url)
    if not first.ok:
        raise UnknownError(f"the login may not read the account's data: {': '.join(first.error)}")
    since = scene.talk.clock.now()
    scene.policies()
    refused = scene.until(lambda: scene.talk.send("GET", url), lambda answer: not answer.ok, since=since)
    scene.policies(principal)
    return refused.until


@_question("kept", "a workspace and a diagnostic setting")
def diagnostic_settings(scene: Scene) -> str:
    """Whether a setting comes back as it was sent."""
    _ = scene.account_put
    id = arm_ids.child(scene.account_id, arm_ids.DIAGNOSTIC_SETTING, "probe")
    sent = {"workspaceId": scene.workspace, "logs": [{"category": "Audit", "enabled": True}]}
    made = scene.put(id, DIAGNOSTIC_SETTINGS, {"properties": sent})
    if not made.ok:
        raise UnknownError(f"the setting was refused: {': '.join(made.error)}")
    scene.talk.clock.sleep(scene.lag)
    shown = scene.arm("GET", id, DIAGNOSTIC_SETTINGS).body["properties"]
    same = shown["workspaceId"] == scene.workspace and len(shown["logs"]) == 1
    return "kept" if same else "rewritten"


@_question("checked", "a disabled alert rule")
def alert_queries(scene: Scene) -> str:
    """A rule over a column that no record has made yet."""
    id = arm_ids.child(scene.group, arm_ids.ALERT_RULE, "probe")
    condition = {
        "query": "AzureDiagnostics | where httpStatusCode_d == 403",
        "timeAggregation": "Count",
        "operator": "GreaterThan",
        "threshold": 0,
    }
    properties = {
        "enabled": False,
        "severity": 4,
        "evaluationFrequency": "PT1H",
        "windowSize": "PT1H",
        "scopes": [scene.workspace],
        "criteria": {"allOf": [condition]},
    }
    made = scene.put(id, ALERT_RULES, {"location": scene.region, "properties": properties})
    if made.ok:
        return "unchecked"
    if "SEM0100" in made.error[1]:
        return "checked"
    raise UnknownError(f"the rule was refused otherwise: {': '.join(made.error)}")


@_question(0.0, "tags of the vault, written at once")
def vault_write_seconds(scene: Scene) -> float:
    """Writes a vault several times at once; how much longer than a read a write takes, if one is refused."""
    vault = scene.vault

    def write(number: int) -> Exchange:
        return scene.arm("PATCH", vault, VAULTS, {"tags": {"probe": f"write {number}"}})

    read = scene.arm("GET", vault, VAULTS).seconds
    alone = write(0).seconds
    with ThreadPoolExecutor(PARALLEL_WRITES) as threads:
        answers = list(threads.map(write, range(PARALLEL_WRITES)))
    if all(answer.status != 409 for answer in answers):
        return 0.0
    return max(0.1, round(alone - read, 1))


@_question(0.0, "the account's deletion")
def deleted_resources_visible_after(scene: Scene) -> float:
    """Deletes the account, and looks for it among the deleted."""
    _ = scene.account_put
    gone = scene.arm("DELETE", scene.account_id, ACCOUNTS)
    if not gone.ok:
        raise UnknownError(f"the account was not deleted: {': '.join(gone.error)}")
    deleted = deleted_account(scene.account_id, scene.region)
    return scene.until(lambda: scene.arm("GET", deleted, ACCOUNTS), lambda answer: answer.ok).until


def _account(scene: Scene) -> dict[str, Any]:
    """The account as a GET shows it."""
    _ = scene.account_put
    shown: dict[str, Any] = scene.get_account().body
    return shown


def _bound_key(scene: Scene) -> dict[str, Any]:
    """The key of the account. Raises UnknownError while it is not bound."""
    if not scene.found.get("bound"):
        raise UnknownError("the account could not be bound")
    encryption = scene.get_account().body["properties"].get("encryption") or {}
    if "keyVaultProperties" not in encryption:
        raise UnknownError("the account does not show the key that it is bound to")
    key: dict[str, Any] = encryption["keyVaultProperties"]
    return key


def _next_version(scene: Scene) -> Exchange:
    made = scene.data("POST", "/keys/probe/create", NEW_KEY)
    if not made.ok:
        raise UnknownError(f"another version was refused: {': '.join(made.error)}")
    return made


def _give(scene: Scene, role: roles.Role, principal: str) -> None:
    """Gives an account's identity a role at the group. Raises UnknownError."""
    given = scene.until(
        lambda: _assign(scene, role, principal, principalType=roles.SERVICE_PRINCIPAL),
        lambda answer: answer.error[0] != "PrincipalNotFound",
    )
    if not given.exchange.ok:
        raise UnknownError(f"the role was refused: {': '.join(given.exchange.error)}")


@contextmanager
def _under_rbac(scene: Scene) -> Iterator[None]:
    """The vault under Azure RBAC; at the end it has its access policies back, and the account the first
    version of the key."""
    principal = scene.principal()
    try:
        changed = scene.policies(uses_rbac=True)
        if not changed.ok:
            raise UnknownError(f"the vault's access model was not changed: {': '.join(changed.error)}")
        if not scene.found["has data role"]:
            scene.until(lambda: scene.data("GET", "/keys/probe"), lambda answer: answer.status == 403)
        yield
    finally:
        scene.policies(principal)
        _bound(scene)


def _binds(scene: Scene, account_id: str, version: Exchange) -> bool:
    """Whether an account can be bound to a version of the key, by a role that may not count yet."""
    try:
        _until_bound(scene, account_id, scene.encryption(version), ROLE_SECONDS)
    except UnknownError:
        return False
    return True


def _bound(scene: Scene) -> Waited:
    """Binds the account to the first version of the key."""
    return _until_bound(scene, scene.account_id, scene.encryption())


def _until_bound(scene: Scene, account_id: str, encryption: Any, seconds: float = math.inf) -> Waited:
    """Binds an account, again while it is refused or fails. Raises UnknownError."""
    body = {"properties": {"encryption": encryption}}

    def bind() -> Exchange:
        sent = scene.arm("PATCH", account_id, ACCOUNTS, body)
        ended = scene.ended(sent) if sent.status == 202 else None
        return ended.exchange if ended else sent

    def is_bound(answer: Exchange) -> bool:
        return answer.ok and str(answer.body.get("status")) == "Succeeded"

    return scene.until(bind, is_bound, seconds=seconds)


def _carried_out(scene: Scene, sent: Exchange) -> None:
    """Waits for a write. Raises UnknownError where it is refused or fails."""
    if not sent.ok:
        raise UnknownError(f"a write was refused: {': '.join(sent.error)}")
    ended = scene.ended(sent)
    if ended and str(ended.exchange.body.get("status")) == "Failed":
        raise UnknownError(f"a write failed: {': '.join(ended.exchange.error)}")


def _firewall(scene: Scene, action: str) -> None:
    rules = {"defaultAction": action, "bypass": "AzureServices"}
    changed = scene.arm("PATCH", scene.vault, VAULTS, {"properties": {"networkAcls": rules}})
    if not changed.ok:
        raise UnknownError(f"the vault's firewall was not changed: {': '.join(changed.error)}")


def _principal_of_identity(scene: Scene) -> str:
    made = scene.identity
    scene.found.setdefault("identity since", scene.talk.clock.now())
    if not made.ok:
        raise UnknownError(f"the identity was refused: {': '.join(made.error)}")
    return str(made.body["properties"]["principalId"])


def _assign(scene: Scene, role: roles.Role, principal: str, **more: str) -> Exchange:
    # A name that follows from the role and its holder, so that each is assigned once.
    name = str(uuid.uuid5(uuid.NAMESPACE_URL, f"{scene.suffix}|{role.id}|{principal}"))
    properties = {
        "roleDefinitionId": role.definition_id(scene.subscription),
        "principalId": principal,
        **more,
    }
    id = arm_ids.child(scene.group, arm_ids.ROLE_ASSIGNMENT, name)
    return scene.put(id, AUTHORIZATION, {"properties": properties})


def _known(table: Mapping[Any, str], seen: Any, what: str) -> str:
    if seen not in table:
        raise UnknownError(f"{what} {seen!r}, which no value of the switch says")
    return table[seen]
