"""Azure's answers turned into facts. Reads the clients' models; holds no rule."""

from __future__ import annotations

from typing import Any

from provider.facts import (
    Account,
    Deleted,
    Encryption,
    KeyVersion,
    PolicyEntry,
    UserIdentity,
    Vault,
)


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
        principal_id=getattr(getattr(model, "identity", None), "principal_id", None),
    )


def _word(value: Any) -> str:
    """The clients give enums for the words they know and text for those they do not."""
    return str(getattr(value, "value", value))


def _text(moment: Any) -> str | None:
    return None if moment is None else moment if isinstance(moment, str) else str(moment.isoformat())
