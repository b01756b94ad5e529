"""The settings that come in groups: vault, key, network and audit.

Owns: what can be checked on one of them alone. Does not own: rules between settings (rules.py), Azure's
limits (components/names.py and its neighbours).
"""

from __future__ import annotations

import re
from collections import Counter
from typing import Annotated, Literal
from uuid import UUID

from pydantic import AfterValidator, BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

from components import names
from components.network import ZONES, checked_ip_range


def _resource_id(type: str) -> AfterValidator:
    def checked(text: str) -> str:
        names.parse_resource_id(text, type)
        return text

    return AfterValidator(checked)


def _version(text: str) -> str:
    if not re.fullmatch(r"[0-9a-f]{32}", text):
        raise ValueError(f"{text!r} is no key version, which has 32 hexadecimal digits")
    return text


def _operator(text: str) -> str:
    if text == "deployer":
        return text
    try:
        return str(UUID(text))
    except ValueError:
        raise ValueError(f"{text!r} is neither an object id nor 'deployer'") from None


def _zone(text: str) -> str:
    found = names.parse_resource_id(text, names.ZONE_TYPE).names[0]
    if found.lower() not in ZONES.values():
        raise ValueError(
            f"{found!r} is no zone of a private endpoint here, which are {', '.join(ZONES.values())}"
        )
    return text


def _email(text: str) -> str:
    if not re.fullmatch(r"[^@\s]+@[^@\s]+\.[^@\s]+", text):
        raise ValueError(f"{text!r} is no e-mail address")
    return text


def _distinct(listed: list[str]) -> list[str]:
    """Each thing once: two resources would be made for it, or Azure refuses the list."""
    for text, count in Counter(text.lower() for text in listed).items():
        if count > 1:
            raise ValueError(f"{text!r} is listed {count} times; once is enough")
    return listed


ONCE = AfterValidator(_distinct)


class Group(BaseModel):
    """Settings that belong together: camelCase in the stack's file, and none but those that are declared."""

    model_config = ConfigDict(
        alias_generator=to_camel, extra="forbid", frozen=True, strict=True, serialize_by_alias=False
    )


class VaultSettings(Group):
    """The vault: made here, or one that exists."""

    name: Annotated[str, AfterValidator(names.VAULT.checked)] | None = Field(
        default=None,
        description="Name of the vault made here, unique in the world. Default: `kv-` and the service's "
        "name.",
    )
    id: Annotated[str, _resource_id(names.VAULT_TYPE)] | None = Field(
        default=None,
        description="ARM id of an existing vault, also in another subscription of the same tenant. None is "
        "made then.",
    )
    key_operators: Annotated[list[Annotated[str, AfterValidator(_operator)]], ONCE] = Field(
        default=[],
        description="Object ids of who may make a new version of the key, which a changed `key.generation` "
        "does; "
        "`deployer` is whoever runs Pulumi. For access policies; with `accessModel: rbac` they need the role "
        "Key Vault "
        "Crypto Officer.",
    )


class KeySettings(Group):
    """The key: made here, or one that exists."""

    name: Annotated[str, AfterValidator(names.KEY.checked)] | None = Field(
        default=None, description="Name of the key made here. Default: `cmk-` and the service's name."
    )
    id: Annotated[str, _resource_id(names.KEY_TYPE)] | None = Field(
        default=None,
        description="ARM id of an existing RSA 2048 key, without a version. Neither vault nor key is made "
        "then.",
    )
    generation: int | None = Field(
        default=None,
        ge=0,
        description="A higher number makes a new version of the key and binds the account to it. It only "
        "counts up: a lower one is refused.",
    )
    pin: Annotated[str, AfterValidator(_version)] | None = Field(
        default=None,
        description="The version (32 hexadecimal digits) to stay on. Default: the newest that is enabled.",
    )
    expires_after_days: int | None = Field(
        default=None,
        ge=28,
        le=3650,
        description="Days for which a version made by rotation can be used. Taken when the key is made. "
        "Default: 730.",
    )
    rotates_after_days: int | None = Field(
        default=None,
        ge=7,
        le=3620,
        description="Days after which the vault makes a new version by itself; `pulumi up` binds it. "
        "Taken when the key is made. Default: 540.",
    )


class NetworkSettings(Group):
    """Who may reach the endpoints of the account and of the vault made here."""

    access: Literal["closed", "selected", "open", "private"] = Field(
        default="closed",
        description="`closed`: nobody; `selected`: the networks listed; `open`: everyone who can log in; "
        "`private`: nobody but a network of your own, through private endpoints.",
    )
    allowed_ip_ranges: Annotated[list[Annotated[str, AfterValidator(checked_ip_range)]], ONCE] = Field(
        default=[], description="Public IPv4 addresses or CIDR ranges that have access; with `selected`."
    )
    allowed_subnet_ids: Annotated[list[Annotated[str, _resource_id(names.SUBNET_TYPE)]], ONCE] = Field(
        default=[], description="ARM ids of subnets that have access; with `selected`."
    )
    subnet_id: Annotated[str, _resource_id(names.SUBNET_TYPE)] | None = Field(
        default=None,
        description="ARM id of the subnet that the private endpoints of account and vault are in; with "
        "`private`.",
    )
    private_dns_zone_ids: Annotated[list[Annotated[str, AfterValidator(_zone)]], ONCE] = Field(
        default=[],
        description="ARM ids of existing private DNS zones, `privatelink.cognitiveservices.azure.com` and "
        "`privatelink.vaultcore.azure.net`; with `private`. One that is not given is made here.",
    )


class AuditSettings(Group):
    """Where the audit logs of the account and of the vault made here go."""

    new_workspace: bool | None = Field(
        default=None,
        description="Whether a Log Analytics workspace is made for the audit logs: `log-` and the service's "
        "name. Default: `true`, unless `workspaceId` is given. With `false` and none given nothing is kept, "
        "which the policy pack refuses of a vault.",
    )
    workspace_id: Annotated[str, _resource_id(names.WORKSPACE_TYPE)] | None = Field(
        default=None, description="ARM id of an existing Log Analytics workspace for the audit logs."
    )
    alerts: bool = Field(
        default=False,
        description="Keeps queries in the workspace (key use by identity, failed unwraps, key changes), and "
        "alerts on failed unwraps and on keys that expire soon. For a vault made here.",
    )
    alert_emails: Annotated[list[Annotated[str, AfterValidator(_email)]], ONCE] = Field(
        default=[], description="Addresses that alerts are sent to; with `alerts`."
    )
    alert_action_group_ids: Annotated[list[Annotated[str, _resource_id(names.ACTION_GROUP_TYPE)]], ONCE] = (
        Field(
            default=[],
            description="ARM ids of existing action groups that alerts are sent to; with `alerts`.",
        )
    )
