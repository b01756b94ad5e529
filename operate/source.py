"""Where a command reads: the cloud, whose certificate answers for it, and who asks.

A report about Azure is worth what its source is. A certificate of Resource Manager that no public authority
issued is the mark of another cloud (the local Azure, Azure Stack Hub) or of a proxy that reads the traffic.
"""

from __future__ import annotations

from dataclasses import dataclass

import certifi
import requests

from core import api_versions
from core.clouds import Cloud
from core.login import Login
from operate.errors import OperateError
from provider import credential
from provider.azure_client import LOGIN_RETRIES, OneAtATime

_ANONYMOUS = f"/metadata/endpoints?api-version={api_versions.ENDPOINTS}"
"""The answer that Resource Manager gives without a login. Source: the az CLI, azure/cli/core/cloud.py
(`get_active_cloud` reads the endpoints of a cloud there)."""
_SECONDS = 30


@dataclass(frozen=True)
class Source:
    """`is_public`: one of the public authorities of Mozilla's list issued the certificate that Resource
    Manager's host answers with. The reader's ids are those of the token for Resource Manager; each is ""
    where the token has none."""

    cloud: str
    arm_host: str
    is_public: bool
    tenant_id: str
    reader_id: str
    reader_name: str
    application_id: str
    login: str

    @property
    def warning(self) -> str:
        """Why this is not from Azure; "" if it is."""
        if self.is_public:
            return ""
        return f"not from Azure: no public certificate authority issued the certificate of {self.arm_host}"


def source_of(login: Login) -> Source:
    """The source of everything that a login reads. Raises OperateError, and AzureError without a token."""
    is_public = _is_public(login.cloud)
    claims = credential.claims(OneAtATime(credential.credential(login), LOGIN_RETRIES), login.cloud.arm_scope)
    names = (claims.get(name, "") for name in ("upn", "unique_name", "app_displayname"))
    return Source(
        cloud=login.cloud.name,
        arm_host=login.cloud.arm_host,
        is_public=is_public,
        tenant_id=claims.get("tid", ""),
        reader_id=claims.get("oid", ""),
        reader_name=next(filter(None, names), ""),
        application_id=claims.get("appid", ""),
        login=login.method.value,
    )


def _is_public(cloud: Cloud) -> bool:
    """Whether a public authority issued the certificate of Resource Manager's host."""
    url = cloud.resource_manager + _ANONYMOUS
    try:
        requests.get(url, timeout=_SECONDS)
        try:
            requests.get(url, timeout=_SECONDS, verify=certifi.where())
        except requests.exceptions.SSLError:
            return False
    except requests.RequestException as error:
        raise OperateError(f"the certificate of {cloud.arm_host} could not be read: {error}") from error
    return True
