"""The writes to an account: create, replace (PUT on an existing one), update (PATCH).

Create and PATCH answer as recorded. Assumed: a replacing PUT answers 200 with a running operation, and drops
every property that it does not name, except the subdomain.
Every check comes before the first write, so that a refused write changes nothing.
"""

from dataclasses import replace

from localazure import definitions, limits, policy_evaluation
from localazure.cloud import Cloud
from localazure.cognitive import binding, children, deleted, identity, settling, validation
from localazure.cognitive import models as stored
from localazure.cognitive.kinds import Kind
from localazure.cognitive.models import TYPE, Account
from localazure.locations import REGIONS, location_in, require_same_location
from localazure.refusals import refused
from localazure.web import Json, Request, ServiceError, bad_request

_NO_IDENTITY = {"type": "None"}
_ENCRYPTION_SILENT = "The encryption of an account on a customer-managed key must be specified."
_STORAGE_SILENT = "The user owned storage of an account cannot be removed."
_REGIONS = ("global", *REGIONS)


def create_account(cloud: Cloud, request: Request, id: str) -> Account:
    """The new account: Creating, or Succeeded (`synchronous_creates`). Raises ServiceError."""
    name, body = request.params["account"], request.body
    location = location_in(body, TYPE, _REGIONS)
    if not stored.NAME.fullmatch(name):
        raise refused("AccountNameInvalid", name=name)
    kind, sku = validation.kind_and_sku(body.get("kind"), body.get("sku"))
    now = cloud.clock.now()
    new = Account(
        id=id,
        name=name,
        tenant_id=request.tenant_id,
        location=location,
        kind=kind.name,
        sku=sku,
        tags=body.get("tags"),
        identity=None,
        properties=validation.properties_of(body, kind),
        internal_id=cloud.new_hex(),
        date_created=now,
        etag=cloud.new_etag(),
        created_at=now,
        created_by=request.client_id,
        modified_at=now,
        modified_by=request.client_id,
        keys=[stored.new_key(), stored.new_key()],
        wrapping={},
    )
    policy_evaluation.require_customer_key(cloud, new.id, new.content)
    limits.require_account(cloud, request.params["subscription"], location, kind.name, sku["name"])
    _require_place(cloud, new, None)
    sent = body.get("identity") or _NO_IDENTITY
    new = replace(new, identity=identity.resolve(cloud, request.caller, new, sent, None))
    new, refusal = binding.bind_new(cloud, new, request.correlation_id)
    return _written(cloud, request, new, None, refusal)


def replace_account(cloud: Cloud, request: Request, old: Account) -> Account:
    """The account, made from the body alone. Raises ServiceError."""
    body = request.body
    _require_same_kind(cloud, old, body)
    location = location_in(body, TYPE, _REGIONS)
    require_same_location(old.name, old.location, location, old.group)
    kind, sku = validation.kind_and_sku(body.get("kind") or old.kind, body.get("sku"))
    sent = validation.properties_of(body, kind)
    if old.subdomain:
        sent.setdefault("customSubDomainName", old.subdomain)
    new = replace(
        old, kind=kind.name, location=location, sku=sku, tags=body.get("tags"), properties=sent, verb="PUT"
    )
    policy_evaluation.require_customer_key(cloud, new.id, new.content)
    kept = _kept_by_put(cloud, old, sent, kind)
    if cloud.behaviour.put_of_older_version == "keeps":
        unknown = definitions.later(TYPE, request.api_version)
        kept |= {name: value for name, value in old.properties.items() if name in unknown}
    new = replace(new, properties={**sent, **kept})
    _require_same_storage(old, new, kind)
    new, refusal = _changed(
        cloud, request, old, new, _identity_of_put(cloud, body, old), encrypts="encryption" in sent
    )
    return _written(cloud, request, new, old, refusal)


def update_account(cloud: Cloud, request: Request, old: Account) -> Account:
    """The account with the new values, and the operation to poll. Raises ServiceError."""
    body = request.body
    _require_same_kind(cloud, old, body)
    kind, sku = validation.kind_and_sku(body.get("kind") or old.kind, {**old.sku, **(body.get("sku") or {})})
    sent = validation.properties_of(body, kind)
    encrypts = "encryption" in sent
    if "apiProperties" in sent:
        sent["apiProperties"] = {**old.properties.get("apiProperties", {}), **sent["apiProperties"]}
    tags = old.tags if body.get("tags") is None else body["tags"]
    properties = {**old.properties, **sent}
    new = replace(old, kind=kind.name, sku=sku, tags=tags, properties=properties, verb="PATCH")
    _require_same_storage(old, new, kind)
    policy_evaluation.require_customer_key(cloud, new.id, new.content)
    new, refusal = _changed(cloud, request, old, new, body.get("identity"), encrypts=encrypts)
    return _written(cloud, request, new, old, refusal)


def _kept_by_put(cloud: Cloud, old: Account, sent: Json, kind: Kind) -> Json:
    """The encryption and storage that a PUT keeps if it does not name them (`put_without_encryption`,
    `put_without_user_owned_storage`). Codes and texts are assumed."""
    behaviour, encrypted = cloud.behaviour, old.key_vault_properties is not None
    kept = {}
    for name, does, silence in (
        ("encryption", behaviour.put_without_encryption, _ENCRYPTION_SILENT if encrypted else ""),
        ("userOwnedStorage", behaviour.put_without_user_owned_storage, _STORAGE_SILENT),
    ):
        if name in sent or not old.properties.get(name):
            continue
        if does == "refused" and silence:
            raise bad_request(silence)
        if does == "keeps" or (name == "userOwnedStorage" and kind.storage_stays):
            kept[name] = old.properties[name]
    return kept


def _require_same_storage(old: Account, new: Account, kind: Kind) -> None:
    """Raises 400 for another link of an account of a kind that keeps the one it was made with."""
    was, becomes = (
        [str(link.get("resourceId")).lower() for link in account.properties.get("userOwnedStorage") or []]
        for account in (old, new)
    )
    if kind.storage_stays and was != becomes:
        # Documented; code and text assumed.
        raise bad_request("The user owned storage of an account cannot be changed.")


def _identity_of_put(cloud: Cloud, body: Json, old: Account) -> Json | None:
    """The identity that a PUT asks for, None for the one that is there (`put_without_identity`)."""
    does = cloud.behaviour.put_without_identity
    if body.get("identity") or old.identity is None or does == "removes":
        return body.get("identity") or _NO_IDENTITY
    if does == "refused":
        # Code and text assumed.
        raise bad_request("The identity of an account cannot be removed by a PUT.")
    return None


def _changed(
    cloud: Cloud, request: Request, old: Account, new: Account, sent: Json | None, *, encrypts: bool
) -> tuple[Account, ServiceError | None]:
    """The account after a write: identity resolved, data key under the right key, nothing stored yet.

    With it, why its operation will fail; None where it will not. `sent` is the identity that was asked for,
    None for the one that is there; `encrypts` says that the body has an encryption block.
    """
    settling.require_settled(old)
    children.require_key_may_change(cloud, old, new)
    _require_place(cloud, new, old)
    if sent is not None:
        was = old.identity
        if new.verb == "PUT" and was:  # which names anew those that users made
            was = {name: value for name, value in was.items() if name == "principalId"}
        new = replace(new, identity=identity.resolve(cloud, request.caller, new, sent, was))
    bound = new.key_vault_properties is not None or old.key_vault_properties is not None
    if (encrypts and bound) or new.key_vault_properties != old.key_vault_properties:
        new, refusal = binding.rebind(cloud, old, new, request.correlation_id)
    else:
        refusal = None
        binding.check_settings(cloud, new)
    if not (new.identity or {}).get("principalId"):
        identity.drop_system(cloud, old)
    now = cloud.clock.now()
    return replace(new, etag=cloud.new_etag(), modified_at=now, modified_by=request.client_id), refusal


def _written(
    cloud: Cloud, request: Request, account: Account, before: Account | None, refusal: ServiceError | None
) -> Account:
    """Stores the account after a write, which has ended (`synchronous_creates`) or has begun an operation."""
    if cloud.behaviour.synchronous_creates and account.verb == "PUT":
        if refusal is not None:
            raise refusal
        written = replace(account, state="Succeeded", operation=None)
    else:
        running = "Updating" if before else "Creating"
        operation = settling.begin_operation(cloud, account, running, before=before, refusal=refusal)
        written = replace(account, state="Accepted" if before else running, operation=operation.id)
    stored.save(cloud, written)
    binding.record(cloud, written, written.verb, request.correlation_id)
    return written


def _require_place(cloud: Cloud, account: Account, old: Account | None) -> None:
    _require_subdomain(cloud, account, old)
    if "networkAcls" in account.properties and not account.subdomain:
        # Reported by users, too.
        raise bad_request("networkAcls needs a customSubDomainName.")
    _require_only_free(cloud, account)


def _require_subdomain(cloud: Cloud, account: Account, old: Account | None) -> None:
    """A subdomain belongs to one account of the cloud, a soft-deleted one included, and never changes."""
    if account.subdomain is None:
        return
    if old is not None and old.subdomain:
        if old.subdomain.lower() != account.subdomain.lower():
            # Text assumed; that it cannot change is users' experience (a change replaces the account).
            raise refused("SubdomainStays")
        return
    owner = deleted.owner_of_subdomain(cloud, account.subdomain)
    if owner is not None and owner.lower() != account.id.lower():
        raise refused("CustomDomainInUse", subdomain=account.subdomain)


def _require_only_free(cloud: Cloud, account: Account) -> None:
    """A subscription has one free account of a kind (code and text reported by users, the status assumed)."""
    free = account.sku["name"]
    if free != "F0":
        return
    for other in stored.under(cloud, f"/subscriptions/{account.subscription}"):
        same = (other.kind, other.sku["name"]) == (account.kind, free)
        if same and other.id.lower() != account.id.lower():
            raise refused("CanNotCreateMultipleFreeAccounts", kind=account.kind)


def _require_same_kind(cloud: Cloud, old: Account, body: Json) -> None:
    kind = body.get("kind")
    # Azure OpenAI becomes a Foundry resource in place, and back while it has nothing of Foundry's:
    # hashicorp/terraform-provider-azurerm#31063, azure/foundry/how-to/upgrade-azure-openai (2026-01-07).
    may = (old.kind, kind) == ("OpenAI", "AIServices")
    may = may or ((old.kind, kind) == ("AIServices", "OpenAI") and not children.only_of_foundry(cloud, old))
    if kind and kind.lower() != old.kind.lower() and not may:
        # Code and text assumed.
        raise refused("KindStays", was=old.kind, kind=kind)
