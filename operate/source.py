"""Where a command reads: the cloud, whose certificate answers for it, and who asks.

A report about Azure is worth what its source is. A certificate of Resource Manager that no public authority
issued is the mark of another cloud (the local Azure, Azure Stack Hub) or of a proxy that reads the traffic.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import certifi
import requests
from requests.adapters import HTTPAdapter

from core import api_versions
from core.clouds import Cloud
from core.login import Login
from operate.errors import OperateError
from provider import credential

_ANONYMOUS = f"/metadata/endpoints?api-version={api_versions.ENDPOINTS}"
"""What Resource Manager answers without a login. Source: the az CLI, azure/cli/core/cloud.py
(`get_active_cloud` reads the endpoints of a cloud there)."""
_SECONDS = 30


class SourceError(OperateError):
    """Where the answers come from could not be found out; the message gives the reason."""


@dataclass(frozen=True)
class Source:
    """`certificate_issuer` issued the certificate that Resource Manager's host answers with; `is_public`:
    that is one of the public authorities of Mozilla's list. The reader's ids are those of the token for
    Resource Manager; each is "" where the token has none."""

    cloud: str
    arm_host: str
    certificate_issuer: str
    is_public: bool
    tenant_id: str
    reader_id: str
    reader_name: str
    application_id: str
    login: str

    @property
    def warning(self) -> str:
        """Why this is not from Azure; "" where it is."""
        if self.is_public:
            return ""
        return (
            f"not from Azure: the certificate of {self.arm_host} was issued by "
            f"{self.certificate_issuer or 'nobody it names'}, which is not a public certificate authority"
        )


def source_of(login: Login) -> Source:
    """The source of whatever is read with a login. Raises SourceError; AzureError where there is no token."""
    issuer, is_public = _certificate(login.cloud)
    claims = credential.claims(credential.credential(login), login.cloud.arm_scope)
    names = (claims.get(name, "") for name in ("upn", "unique_name", "app_displayname"))
    return Source(
        cloud=login.cloud.name,
        arm_host=login.cloud.arm_host,
        certificate_issuer=issuer,
        is_public=is_public,
        tenant_id=claims.get("tid", ""),
        reader_id=claims.get("oid", ""),
        reader_name=next(filter(None, names), ""),
        application_id=claims.get("appid", ""),
        login=login.method.value,
    )


class _Certificates(HTTPAdapter):
    """Remembers the certificate that a host showed: an answer may end its connection before one can ask."""

    shown: Mapping[str, Any] = {}

    def get_connection_with_tls_context(self, *words: Any, **more: Any) -> Any:
        pool = super().get_connection_with_tls_context(*words, **more)
        seen = self

        class Connection(pool.ConnectionCls):  # type: ignore[misc, name-defined]
            def connect(self) -> None:
                super().connect()
                seen.shown = self.sock.getpeercert()

        pool.ConnectionCls = Connection
        return pool


def _certificate(cloud: Cloud) -> tuple[str, bool]:
    """Who issued the certificate of Resource Manager's host, and whether that is a public authority."""
    url, certificates = cloud.resource_manager + _ANONYMOUS, _Certificates()
    try:
        with requests.Session() as session:
            session.mount("https://", certificates)
            session.get(url, timeout=_SECONDS)
        issuer = [value for part in certificates.shown["issuer"] for name, value in part if name in _NAMES]
        try:
            requests.get(url, timeout=_SECONDS, verify=certifi.where())
        except requests.exceptions.SSLError:
            return ", ".join(issuer), False
    except (requests.RequestException, KeyError) as error:
        raise SourceError(f"the certificate of {cloud.arm_host} could not be read: {error}") from error
    return ", ".join(issuer), True


_NAMES = frozenset({"organizationName", "commonName"})
"""The parts of an issuer's name that tell it from others."""
