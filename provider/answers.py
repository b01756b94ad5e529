"""Azure's answers turned into facts and failures. Reads the clients' models; holds no rule."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from provider.azure_calls import Progress
from provider.facts import (
    Account,
    Deleted,
    Encryption,
    KeyVersion,
    PolicyEntry,
    UserIdentity,
    Vault,
)
from provider.failure import ServiceError


def account_from(model: Any) -> Account:
    """A `azure.mgmt.cognitiveservices.models.Account` as facts."""
    properties, identity = model.properties, model.identity
    capabilities = properties.capabilities
    users = (identity.user_assigned_identities or {}) if identity else {}
    return Account(
        id=model.id,
        kind=model.kind or "",
        location=model.location or "",
        provisioning_state=properties.provisioning_state or "Succeeded",
        encryption=_encryption_from(properties.encryption),
        principal_id=(identity.principal_id or None) if identity else None,
        tenant_id=(identity.tenant_id or None) if identity else None,
        user_identities=tuple(
            UserIdentity(id, user.client_id or "", user.principal_id or "")
            for id, user in users.items()
            if user
        ),
        capabilities=tuple(c.name or "" for c in capabilities) if capabilities else None,
        restricts_outbound=bool(properties.restrict_outbound_network_access),
        allowed_fqdns=tuple(properties.allowed_fqdn_list or ()),
        manages_projects=bool(getattr(properties, "allow_project_management", False)),
    )


def _encryption_from(model: Any) -> Encryption | None:
    if model is None:
        return None
    key = model.key_vault_properties
    if key is None:
        return Encryption(model.key_source)
    return Encryption(
        model.key_source,
        key.key_vault_uri or None,
        key.key_name or None,
        key.key_version or None,
        key.identity_client_id or None,
    )


def vault_from(model: Any) -> Vault:
    """A `azure.mgmt.keyvault.models.Vault` as facts."""
    properties = model.properties
    acls = properties.network_acls
    return Vault(
        id=model.id,
        uri=properties.vault_uri or "",
        location=model.location or "",
        tenant_id=properties.tenant_id or "",
        soft_delete=properties.enable_soft_delete,
        purge_protection=properties.enable_purge_protection,
        uses_rbac=bool(properties.enable_rbac_authorization),
        policies=tuple(
            PolicyEntry(
                entry.object_id or "",
                entry.tenant_id or "",
                tuple(_word(p) for p in (entry.permissions.keys_property or ())),
                entry.application_id or None,
            )
            for entry in properties.access_policies or ()
            if entry.permissions
        ),
        default_action=_word(acls.default_action or "Allow") if acls else "Allow",
        bypass=_word(acls.bypass or "AzureServices") if acls else "AzureServices",
        public_network_access=properties.public_network_access or "Enabled",
    )


def key_version_from_arm(model: Any) -> KeyVersion:
    """A `azure.mgmt.keyvault.models.Key` as facts; lists tell less than reads do."""
    properties = model.properties
    attributes = properties.attributes
    uri = properties.key_uri_with_version or ""
    named = uri or (model.id or "")
    return KeyVersion(
        version=named.rstrip("/").rpartition("/")[2],
        kty=_word(properties.kty) if properties.kty else None,
        size=properties.key_size,
        operations=tuple(_word(o) for o in properties.key_ops) if properties.key_ops is not None else None,
        enabled=attributes is None or attributes.enabled is not False,
        created=attributes.created if attributes else None,
        not_before=attributes.not_before if attributes else None,
        expires=attributes.expires if attributes else None,
        uri=uri or None,
        tags=dict(model.tags or {}),
    )


def key_version_from_vault(properties: Any) -> KeyVersion:
    """A `azure.keyvault.keys.KeyProperties` as facts."""

    def seconds(moment: Any) -> int | None:
        return int(moment.timestamp()) if moment else None

    return KeyVersion(
        version=properties.version or "",
        enabled=properties.enabled is not False,
        created=seconds(properties.created_on),
        not_before=seconds(properties.not_before),
        expires=seconds(properties.expires_on),
        uri=properties.id,
        tags=dict(properties.tags or {}),
    )


def deleted_from(model: Any) -> Deleted:
    """A deleted account or vault of the management clients as facts."""
    properties = model.properties
    location = getattr(properties, "location", None) or getattr(model, "location", None) or ""
    return Deleted(
        id=model.id,
        name=model.name,
        location=location,
        deletion_date=_text(getattr(properties, "deletion_date", None)),
        scheduled_purge_date=_text(getattr(properties, "scheduled_purge_date", None)),
        resource_id=getattr(properties, "vault_id", None),
    )


def _word(value: Any) -> str:
    """The clients give enums for the words they know and text for those they do not."""
    return str(getattr(value, "value", value))


def _text(moment: Any) -> str | None:
    return None if moment is None else moment if isinstance(moment, str) else str(moment.isoformat())


def progress_from(response: Any) -> Progress:
    """One answer of an operation's URL; 202 without a status means that it is still running."""
    body = _json(response)
    status = body.get("status") or ("InProgress" if response.status_code == 202 else "Succeeded")
    error = body.get("error") or {}
    failure = None
    if error:
        failure = ServiceError(
            200,
            str(error.get("code") or status),
            str(error.get("message") or ""),
            "the operation ended",
            _inner_code(error),
            _correlation(response.headers),
        )
    return Progress(str(status), retry_after_from(response.headers), failure)


def failure_from(error: Any, doing: str) -> ServiceError:
    """An `azure.core.exceptions.AzureError` as a failure; one without an answer has status 0, or
    401 for a login."""
    response = getattr(error, "response", None)
    if response is None:
        name = type(error).__name__
        # azure-identity raises without an answer when it could not log in: never worth a retry.
        login = name in {"ClientAuthenticationError", "CredentialUnavailableError"}
        return ServiceError(401 if login else 0, name, _first_line(str(error)), doing)
    body = _json(response)
    found = body.get("error", body)
    if isinstance(found, str):
        # The login endpoint's shape: {"error": "invalid_client", "error_description": "AADSTS..."}.
        code, text, inner = found, str(body.get("error_description") or ""), ""
    else:
        code, text, inner = str(found.get("code") or ""), str(found.get("message") or ""), _inner_code(found)
    login = type(error).__name__ == "ClientAuthenticationError" and response.status_code == 400
    return ServiceError(
        401 if login else response.status_code,
        code or type(error).__name__,
        text or _first_line(str(getattr(error, "message", "") or error)),
        doing,
        inner,
        _correlation(response.headers),
        retry_after_from(response.headers),
    )


def retry_after_from(headers: Mapping[str, str]) -> float | None:
    """The seconds of Retry-After; Azure sends numbers there, never dates."""
    value = headers.get("Retry-After") or ""
    return float(value) if re.fullmatch(r"\d+(\.\d+)?", value) else None


def _json(response: Any) -> dict[str, Any]:
    try:
        body = json.loads(response.text() if callable(response.text) else response.text)
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}


def _inner_code(error: Mapping[str, Any]) -> str:
    inner = error.get("innererror") or {}
    return str(inner.get("code") or "") if isinstance(inner, dict) else ""


def _correlation(headers: Mapping[str, str]) -> str:
    return headers.get("x-ms-correlation-request-id") or headers.get("x-ms-request-id") or ""


def _first_line(text: str) -> str:
    return text.strip().partition("\n")[0]
