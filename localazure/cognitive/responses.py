"""The body of ARM's answer about an account: key order, defaults, keys that are absent rather than null, and
keys that depend on the year of the api-version (recordings of 2021 to 2026). Assumed: the api-version decides
over these, not the day of the recording."""

from collections.abc import Sequence
from dataclasses import replace

from localazure import definitions
from localazure.arm_type import system_data
from localazure.cloud import Cloud, iso
from localazure.cognitive.kinds import KINDS, Form
from localazure.cognitive.models import PROJECTS, TYPE, Account
from localazure.locations import normal_location
from localazure.private_links import connections_of
from localazure.web import Json

_PLACED = (
    "customSubDomainName",
    "networkAcls",
    "publicNetworkAccess",
    "apiProperties",
    "allowProjectManagement",
)
_ONLY_WHEN_TRUE = ("disableLocalAuth", "dynamicThrottlingEnabled")
_SYSTEM_DATA_SINCE = "2021"
_PROJECTS_SINCE = "2025-09-01"
_YEAR_OF_LIMITS = "2022"
_BACKUPS_IN = ("2022-03-01", "2022-10-01")
_BACKUP_LIMIT = 20
_OF_RULE = ("key", "renewalPeriod", "count")


def account_body(account: Account, api_version: str, connections: Sequence[Json] = ()) -> Json:
    """An account as GET, PUT and PATCH answer it, its keys in Azure's order."""
    body: Json = {
        "id": account.id,
        "name": account.name,
        "type": TYPE,
        "etag": account.etag,
        "location": account.location,
        "sku": account.sku,
        "kind": account.kind,
    }
    if account.tags is not None:
        body["tags"] = account.tags
    if account.identity is not None:
        body["identity"] = account.identity
    body["properties"] = _properties(account, api_version, connections)
    if api_version >= _SYSTEM_DATA_SINCE or not api_version:
        made, changed = (account.created_by, account.created_at), (account.modified_by, account.modified_at)
        body["systemData"] = system_data(made, changed)
    return definitions.of_version(TYPE, body, api_version)


def answered(cloud: Cloud, account: Account, api_version: str) -> Json:
    """An account as Azure answers it, with its private endpoints and projects, and the key version as
    `versionless_key_shown` says."""
    account = _with_projects(cloud, account)
    target = account.key_vault_properties
    if target and not target.get("keyVersion") and cloud.behaviour.versionless_key_shown == "resolved":
        key = {**target, "keyVersion": account.wrapping["keyVersion"]}
        encryption = {**(account.encryption or {}), "keyVaultProperties": key}
        account = replace(account, properties={**account.properties, "encryption": encryption})
    return account_body(account, api_version, connections_of(cloud, account.id))


def _with_projects(cloud: Cloud, account: Account) -> Account:
    """The account with the names of its projects, the default one by itself; as it is where it has none."""
    projects = [body for _, body in cloud.store.scan(PROJECTS, f"{account.id}/projects/")]
    if not projects:
        return account
    names = [project["id"].rpartition("/")[2] for project in projects]
    defaults = [name for name, one in zip(names, projects, strict=True) if one["properties"]["isDefault"]]
    known = {"defaultProject": (defaults or names)[0], "associatedProjects": names}
    return replace(account, properties={**account.properties, **known})


def deleted_body(account: Account, api_version: str) -> Json:
    """A soft-deleted account: the same body under its deletedAccounts id, with the two dates."""
    body = account_body(account, api_version)
    # Its location comes before its resource group.
    place = f"locations/{account.location}/resourceGroups/{account.group}/deletedAccounts/{account.name}"
    body["id"] = f"/subscriptions/{account.subscription}/providers/Microsoft.CognitiveServices/{place}"
    body["type"] = "Microsoft.CognitiveServices/deletedAccounts"
    body["properties"] |= {
        "deletionDate": iso(account.deleted_at or 0.0),
        "scheduledPurgeDate": iso(account.purge_at),
    }
    return body


def endpoint_of(account: Account, api_version: str) -> str:
    """The data plane's address, as answers of an api-version show it."""
    kind = KINDS[account.kind.lower()]
    if account.subdomain:
        return f"https://{account.subdomain.lower()}.{kind.suffix}/"
    return kind.form(api_version).endpoint.format(region=normal_location(account.location))


def _properties(account: Account, api_version: str, connections: Sequence[Json]) -> Json:
    kind = KINDS[account.kind.lower()]
    sent = {**kind.shows, **account.properties}
    form, endpoint = kind.form(api_version), endpoint_of(account, api_version)
    state = {"provisioningState": account.state}
    found: Json = {"endpoint": endpoint}
    if account.verb == "PATCH":
        found |= state
    found |= {"internalId": account.internal_id, "dateCreated": iso(account.date_created)}
    found |= _limits(account, form, api_version)
    if api_version >= _PROJECTS_SINCE or not api_version or "allowProjectManagement" in sent:
        found["allowProjectManagement"] = sent.get("allowProjectManagement", False)
    found["isMigrated"] = False
    found |= {name: sent[name] for name in ("customSubDomainName", "networkAcls") if name in sent}
    found |= {
        "privateEndpointConnections": list(connections),
        "publicNetworkAccess": sent.get("publicNetworkAccess", "Enabled"),
    }
    found["capabilities"] = kind.capabilities(account.sku["name"], api_version)
    if "apiProperties" in sent:
        found["apiProperties"] = {**sent["apiProperties"], **kind.shows.get("apiProperties", {})}
    found |= {
        name: value
        for name, value in sent.items()
        if name not in _PLACED and (value or name not in _ONLY_WHEN_TRUE or name in kind.shows)
    }
    found["endpoints"] = {name: _address(account, form.at.get(name), endpoint) for name in form.endpoints}
    if account.verb != "PATCH":
        found |= state
    return found


def _address(account: Account, template: str | None, endpoint: str) -> str:
    """The address of one of the endpoints; the account's own where it has no template of its own, or where
    that needs a subdomain which the account lacks."""
    if template is None or ("{label}" in template and not account.subdomain):
        return endpoint
    return template.format(region=normal_location(account.location), label=(account.subdomain or "").lower())


def _limits(account: Account, form: Form, api_version: str) -> Json:
    """Rate and backup limits. Answers of 2022 have more: also the limits of a Language account of SKU S, and
    until October those of backups."""
    in_2022 = api_version.startswith(_YEAR_OF_LIMITS)
    backups = {"backupUpperLimit": _BACKUP_LIMIT} if api_version in _BACKUPS_IN else {}
    language = account.kind.lower() == "textanalytics"
    dynamic = bool(account.properties.get("dynamicThrottlingEnabled"))
    if language and not (in_2022 and account.sku["name"] == "S"):
        return backups
    throttling = {"dynamicThrottlingEnabled": dynamic} if in_2022 or dynamic else {}
    rules = [
        {**{name: rule[name] for name in _OF_RULE}, **throttling, "matchPatterns": rule["matchPatterns"]}
        for rule in form.rules
    ]
    limits: Json = {"callRateLimit": {"rules": rules}}
    if language:
        # That it had a quota was recorded, not what the quota was.
        limits["quotaLimit"] = {}
    return {**limits, **backups}
