"""The route table of Microsoft.KeyVault: vaults and managed HSMs, ARM and data plane."""

from collections.abc import Iterator
from dataclasses import replace

from localazure import private_links
from localazure.cloud import Cloud
from localazure.keyvault import (
    backups,
    data_plane,
    deleted_vaults,
    keys_arm,
    keys_data,
    local_role_routes,
    secrets,
    vaults,
)
from localazure.keyvault.vaults import one_at_a_time
from localazure.routes import Handler, Route
from localazure.web import Host, Request, Response, ServiceError

_SUBSCRIPTION = "/subscriptions/{subscription}/providers/Microsoft.KeyVault"
_VAULT = vaults.VAULTS.path
_KEY = _VAULT + "/keys/{key}"
_ACCESS, _CHECK = _VAULT + "/accessPolicies/{operation}", "checkNameAvailability"
_RESULT = _SUBSCRIPTION + "/locations/{location}/operationResults/{operation}"
_HEADERS = {"x-ms-keyvault-service-version": "1.5.1455.0"}
_ACCESS_ASSUMED = "what replace and remove do beyond the provider's description of them"
_CHECK_ASSUMED = "the answer for an invalid name"
_POLICY_ASSUMED = "texts of errors; the notification that a policy without one gets"
_HSM_ASSUMED = "that keys are answered as a vault answers them, and which action rotation policies take"
_CRYPTO_ASSUMED = "texts for disabled, not yet valid and expired keys, and for bad parameters"
_KEY_ASSUMED = "texts of errors; bodies are the specification's"
_ROW_ASSUMED = "which properties a row has"


def _marked(handler: Handler) -> Handler:
    """The handler whose answers carry the provider's header, errors (assumed), too; ARM's own do not."""

    def handle(cloud: Cloud, request: Request) -> Response:
        try:
            response = handler(cloud, request)
        except ServiceError as error:
            if not error.gateway:
                error.headers = {**_HEADERS, **error.headers}
            raise
        return replace(response, headers={**_HEADERS, **response.headers})

    return handle


def _arm(method: str, template: str, action: str, handler: Handler, assumed: str = "") -> Route:
    return Route(method, Host.ARM, template, f"Microsoft.KeyVault/{action}", handler, assumed)


def _deleted(collection: str, name: str, assumed: str = "") -> Iterator[Route]:
    many, one = f"{_SUBSCRIPTION}/{collection}", f"{_SUBSCRIPTION}/locations/{{location}}/{collection}/{name}"
    yield _arm("GET", many, f"{collection}/read", deleted_vaults.list_all, assumed)
    yield _arm("GET", one, f"locations/{collection}/read", deleted_vaults.get, assumed)
    yield _arm("POST", f"{one}/purge", f"locations/{collection}/purge/action", deleted_vaults.purge, assumed)


def _data(method: str, template: str, handler: Handler, assumed: str = "") -> Route:
    return Route(method, Host.VAULT, template, "", handler, assumed)


def _crypto(name: str, handler: Handler) -> tuple[Route, ...]:
    """A cryptographic operation on a version, or on the current one: an empty segment, or none at all."""
    templates = ("/keys/{key}/{version}/" + name, "/keys/{key}//" + name, "/keys/{key}/" + name)
    return tuple(_data("POST", template, handler, _CRYPTO_ASSUMED) for template in templates)


_KEYS: tuple[Route, ...] = (
    _data("POST", "/keys/{key}/create", keys_data.create, "texts of errors; hsmPlatform of hardware keys"),
    _data("POST", "/keys/{key}/rotate", keys_data.rotate, "tags and operations of the new version"),
    *(row for name, handler in keys_data.CRYPTO.items() for row in _crypto(name, handler)),
    _data("GET", "/keys", keys_data.list_keys),
    _data("GET", "/keys/{key}/versions", keys_data.list_versions),
    _data("GET", "/keys/{key}/rotationpolicy", keys_data.get_rotation_policy),
    _data("PUT", "/keys/{key}/rotationpolicy", keys_data.put_rotation_policy, _POLICY_ASSUMED),
    _data("PUT", "/keys/{key}", keys_data.import_key, "texts of errors"),
    _data("DELETE", "/keys/{key}", keys_data.delete),
    _data("GET", "/keys/{key}", keys_data.get, "that a disabled key can be read"),
    _data("GET", "/keys/{key}/{version}", keys_data.get, "that a disabled key can be read"),
    _data("PATCH", "/keys/{key}", keys_data.update, "texts of errors"),
    _data("PATCH", "/keys/{key}/{version}", keys_data.update, "texts of errors"),
    _data("GET", "/deletedkeys", keys_data.list_deleted),
    _data("GET", "/deletedkeys/{key}", keys_data.get_deleted),
    _data("POST", "/deletedkeys/{key}/recover", keys_data.recover),
    _data("DELETE", "/deletedkeys/{key}", keys_data.purge, "the text for a purge-protected vault"),
)
"""The operations on keys that vaults and managed HSMs share."""

_ARM: tuple[Route, ...] = (
    *vaults.VAULTS.routes(),
    *vaults.HSMS.routes(),
    _arm("PUT", _ACCESS, "vaults/accessPolicies/write", one_at_a_time(vaults.put_policies), _ACCESS_ASSUMED),
    _arm("POST", f"{_SUBSCRIPTION}/{_CHECK}", f"{_CHECK}/read", vaults.check_name, _CHECK_ASSUMED),
    *_deleted("deletedVaults", "{vault}"),
    *_deleted("deletedManagedHSMs", "{hsm}", "all of it"),
    _arm("GET", _RESULT, "locations/operationResults/read", deleted_vaults.purge_result),
    _arm("PUT", _KEY, "vaults/keys/write", one_at_a_time(keys_arm.put), _KEY_ASSUMED),
    _arm("GET", _KEY, "vaults/keys/read", keys_arm.get, _KEY_ASSUMED),
    _arm("GET", _VAULT + "/keys", "vaults/keys/read", keys_arm.list_all, _ROW_ASSUMED),
    _arm("GET", _KEY + "/versions", "vaults/keys/versions/read", keys_arm.list_versions, _ROW_ASSUMED),
    _arm("GET", _KEY + "/versions/{version}", "vaults/keys/versions/read", keys_arm.get),
    *secrets.ARM_ROUTES,
)

ROUTES: tuple[Route, ...] = (
    *(replace(route, handler=_marked(route.handler)) for route in _ARM),
    *private_links.routes(_VAULT, vaults.VAULTS.required),
    _data("POST", "/keys/restore", backups.restore, "texts of errors; geographies"),
    _data("POST", "/keys/{key}/backup", backups.backup, "how long the value is"),
    _data("GET", "/certificates/contacts", data_plane.no_contacts, "code and text"),
    *_KEYS,
    *secrets.DATA_ROUTES,
    *local_role_routes.ROUTES,
    *(replace(route, host=Host.HSM, assumed=_HSM_ASSUMED) for route in _KEYS),
)
