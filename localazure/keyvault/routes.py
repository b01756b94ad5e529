"""The route table of Microsoft.KeyVault: vaults and managed HSMs, ARM and data plane."""

from __future__ import annotations

from dataclasses import replace

from localazure import private_links
from localazure.cloud import Cloud
from localazure.keyvault import (
    arm,
    backups,
    data_plane,
    deleted_vaults,
    keys_arm,
    keys_crypto,
    keys_data,
    keys_deleted,
    local_role_routes,
    managed_hsms,
    vaults,
)
from localazure.keyvault.in_flight import one_at_a_time
from localazure.keyvault.vault_body import HEADERS
from localazure.routes import Handler, Route
from localazure.web import Host, Request, Response, ServiceError

_SUBSCRIPTION = "/subscriptions/{subscription}/providers/Microsoft.KeyVault"
_VAULTS = "/subscriptions/{subscription}/resourceGroups/{group}/providers/Microsoft.KeyVault/vaults"
_VAULT = _VAULTS + "/{vault}"
_KEY = _VAULT + "/keys/{key}"
_HSMS, _ALL = "deletedManagedHSMs", "all of it"
_DELETED_HSM = _SUBSCRIPTION + "/locations/{location}/deletedManagedHSMs/{hsm}"
_DELETED = _SUBSCRIPTION + "/locations/{location}/deletedVaults/{vault}"

_PUT_ASSUMED = (
    "a PUT on an existing vault drops what it does not name, except soft delete, its retention, purge "
    "protection and the permission model; texts for invalid properties"
)
_POLICY_ASSUMED = "texts of errors; the notification that a policy without one gets"
_HSM_ASSUMED = "that keys are answered as a vault answers them, and which action rotation policies take"
_CRYPTO_ASSUMED = "texts for disabled, not yet valid and expired keys, and for bad parameters"


def _marked(handler: Handler) -> Handler:
    """The handler whose own errors, too, carry the provider's header (assumed); ARM's do not."""

    def handle(cloud: Cloud, request: Request) -> Response:
        try:
            return handler(cloud, request)
        except ServiceError as error:
            if not error.gateway:
                error.headers = {**HEADERS, **error.headers}
            raise

    return handle


def _arm(method: str, template: str, action: str, handler: Handler, assumed: str = "") -> Route:
    return Route(method, Host.ARM, template, f"Microsoft.KeyVault/{action}", _marked(handler), assumed)


def _data(method: str, template: str, handler: Handler, assumed: str = "") -> Route:
    return Route(method, Host.VAULT, template, "", handler, assumed)


def _crypto(name: str, handler: Handler) -> tuple[Route, ...]:
    """A cryptographic operation on a version, or on the current one: an empty segment, or none at all."""
    templates = ("/keys/{key}/{version}/" + name, "/keys/{key}//" + name, "/keys/{key}/" + name)
    return tuple(_data("POST", template, handler, _CRYPTO_ASSUMED) for template in templates)


_KEYS: tuple[Route, ...] = (
    _data("POST", "/keys/{key}/create", keys_data.create, "texts of errors; hsmPlatform of hardware keys"),
    _data("POST", "/keys/{key}/rotate", keys_data.rotate, "tags and operations of the new version"),
    *(row for name, handler in keys_crypto.HANDLERS.items() for row in _crypto(name, handler)),
    _data("GET", "/keys", keys_data.list_keys),
    _data("GET", "/keys/{key}/versions", keys_data.list_versions),
    _data("GET", "/keys/{key}/rotationpolicy", keys_data.get_rotation_policy),
    _data("PUT", "/keys/{key}/rotationpolicy", keys_data.put_rotation_policy, _POLICY_ASSUMED),
    _data("PUT", "/keys/{key}", keys_data.import_key, "texts of errors"),
    _data("DELETE", "/keys/{key}", keys_deleted.delete),
    _data("GET", "/keys/{key}", keys_data.get, "that a disabled key can be read"),
    _data("GET", "/keys/{key}/{version}", keys_data.get, "that a disabled key can be read"),
    _data("PATCH", "/keys/{key}", keys_data.update, "texts of errors"),
    _data("PATCH", "/keys/{key}/{version}", keys_data.update, "texts of errors"),
    _data("GET", "/deletedkeys", keys_deleted.list_all),
    _data("GET", "/deletedkeys/{key}", keys_deleted.get),
    _data("POST", "/deletedkeys/{key}/recover", keys_deleted.recover),
    _data("DELETE", "/deletedkeys/{key}", keys_deleted.purge, "the text for a purge-protected vault"),
)
"""What a vault and a managed HSM both do with keys."""

ROUTES: tuple[Route, ...] = (
    _arm("PUT", _VAULT, "vaults/write", one_at_a_time(vaults.put), _PUT_ASSUMED),
    _arm("PATCH", _VAULT, "vaults/write", one_at_a_time(vaults.patch), "texts for invalid properties"),
    _arm("GET", _VAULT, "vaults/read", vaults.get),
    _arm("DELETE", _VAULT, "vaults/delete", one_at_a_time(vaults.delete)),
    _arm("GET", _VAULTS, "vaults/read", vaults.list_by_group),
    _arm("GET", _SUBSCRIPTION + "/vaults", "vaults/read", vaults.list_by_subscription),
    _arm(
        "PUT",
        _VAULT + "/accessPolicies/{operation}",
        "vaults/accessPolicies/write",
        one_at_a_time(vaults.put_policies),
        "what replace and remove do beyond the provider's description of them",
    ),
    _arm(
        "POST",
        _SUBSCRIPTION + "/checkNameAvailability",
        "checkNameAvailability/read",
        vaults.check_name,
        "the answer for an invalid name",
    ),
    _arm("GET", _SUBSCRIPTION + "/deletedVaults", "deletedVaults/read", deleted_vaults.list_all),
    _arm("GET", _DELETED, "locations/deletedVaults/read", deleted_vaults.get),
    _arm("POST", _DELETED + "/purge", "locations/deletedVaults/purge/action", deleted_vaults.purge),
    _arm("GET", _SUBSCRIPTION + "/deletedManagedHSMs", f"{_HSMS}/read", deleted_vaults.list_hsms, _ALL),
    _arm("GET", _DELETED_HSM, f"locations/{_HSMS}/read", deleted_vaults.get, _ALL),
    _arm("POST", _DELETED_HSM + "/purge", f"locations/{_HSMS}/purge/action", deleted_vaults.purge, _ALL),
    _arm(
        "GET",
        _SUBSCRIPTION + "/locations/{location}/operationResults/{operation}",
        "locations/operationResults/read",
        deleted_vaults.purge_result,
    ),
    _arm(
        "PUT",
        _KEY,
        "vaults/keys/write",
        one_at_a_time(keys_arm.put),
        "texts of errors; bodies are the specification's",
    ),
    _arm("GET", _KEY, "vaults/keys/read", keys_arm.get, "texts of errors; bodies are the specification's"),
    _arm("GET", _VAULT + "/keys", "vaults/keys/read", keys_arm.list_all, "which properties a row has"),
    _arm(
        "GET",
        _KEY + "/versions",
        "vaults/keys/versions/read",
        keys_arm.list_versions,
        "which properties a row has",
    ),
    _arm("GET", _KEY + "/versions/{version}", "vaults/keys/versions/read", keys_arm.get_version),
    *private_links.routes(_VAULT, arm.require_vault),
    _data("POST", "/keys/restore", backups.restore, "texts of errors; geographies"),
    _data("POST", "/keys/{key}/backup", backups.backup, "how long the value is"),
    _data("GET", "/certificates/contacts", data_plane.no_contacts, "code and text"),
    *_KEYS,
    *managed_hsms.ROUTES,
    *local_role_routes.ROUTES,
    *(replace(route, host=Host.HSM, assumed=_HSM_ASSUMED) for route in _KEYS),
)
