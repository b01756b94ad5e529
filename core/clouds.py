"""The Azure clouds: endpoints, token scopes and DNS suffixes.

clouds.json is the table of them, with its sources. Azure Germany was closed in October 2021.
"""

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from core.api_versions import PROJECTS


@dataclass(frozen=True)
class Cloud:
    """One cloud. `name` is azure-native's word for it, `cli_name` what `az cloud set` takes.

    Suffixes are what follows a resource's name in its host, without a leading dot. Scopes are those a token
    is requested for. A DNS zone is "" where the cloud has no such endpoints. `also_called` are other
    spellings that azure-native and the SDKs take, lower case.
    """

    name: str
    cli_name: str
    resource_manager: str
    arm_scope: str
    authority: str
    vault_suffix: str
    hsm_suffix: str
    account_suffix: str
    log_analytics: str
    graph: str
    account_dns_zone: str
    vault_dns_zone: str
    openai_dns_zone: str = ""
    foundry_dns_zone: str = ""
    also_called: tuple[str, ...] = field(default=(), compare=False)

    @property
    def arm_host(self) -> str:
        """Resource Manager's host."""
        return urlsplit(self.resource_manager).netloc

    @property
    def account_scope(self) -> str:
        """The scope of tokens for an account's own API."""
        return f"https://{self.account_suffix}/.default"

    @property
    def vault_scope(self) -> str:
        """The scope of tokens for a vault's own API."""
        return f"https://{self.vault_suffix}/.default"

    def is_resource_manager(self, url: str) -> bool:
        """Whether a URL is one of Resource Manager's, by https. It also answers in each region
        (`westeurope.management.azure.com`), and may name such a host for an operation."""
        host = _https_host(url)
        return host == self.arm_host or host.endswith(f".{self.arm_host}")

    def token_scope(self, url: str) -> str:
        """The scope of the tokens that a request to a URL may carry: by https, to Resource Manager, Microsoft
        Graph, a vault or a managed HSM of this cloud. "" for any other URL."""
        host = _https_host(url)
        if host == urlsplit(self.graph).netloc:
            return f"{self.graph}/.default"
        if self.is_resource_manager(url):
            return self.arm_scope
        own = (self.vault_suffix, self.hsm_suffix)
        return next((f"https://{suffix}/.default" for suffix in own if host.endswith(f".{suffix}")), "")


def _https_host(url: str) -> str:
    """The host of an https URL at the usual port; "" for any other."""
    parts = urlsplit(url)
    if parts.scheme != "https" or parts.port not in (None, 443):
        return ""
    return (parts.hostname or "").lower()


_TABLE: Final = json.loads(Path(__file__).with_name("clouds.json").read_text(encoding="utf-8"))
ALL: Final = tuple(Cloud(**{**row, "also_called": tuple(row["also_called"])}) for row in _TABLE["clouds"])
PUBLIC, US_GOVERNMENT, CHINA = ALL


def named(environment: str) -> Cloud:
    """The cloud that an `environment` setting or `ARM_ENVIRONMENT` names; "" is the public one.

    Raises ValueError: a misspelt cloud must not send a secret to the public one.
    """
    word = environment.strip().lower()
    found = next((cloud for cloud in ALL if word in (cloud.name, *cloud.also_called)), None)
    if found is None and word:
        known = ", ".join(cloud.name for cloud in ALL)
        raise ValueError(f"the Azure environment {environment!r} is unknown; expected one of {known}")
    return found or PUBLIC


def projects_url(endpoint: str) -> str:
    """The list of an account's projects of Language (azure-ai-language-conversations 1.1.0)."""
    path = f"language/authoring/analyze-conversations/projects?api-version={PROJECTS}"
    return f"{endpoint.rstrip('/')}/{path}"


def of_endpoint(url: str) -> Cloud:
    """The cloud of an account's endpoint, or of the URI of a vault or managed HSM; the public one where none
    fits."""
    host = (urlsplit(url if "://" in url else f"https://{url}").hostname or "").lower()
    for cloud in (US_GOVERNMENT, CHINA):
        own = (cloud.account_suffix, cloud.vault_suffix, cloud.hsm_suffix)
        # An account without a subdomain of its own answers at REGION.api.cognitive.microsoft.us or
        # REGION.api.cognitive.azure.cn, one of Azure OpenAI with a subdomain at NAME.openai.azure.us.
        others = ("microsoft.us", "openai.azure.us") if cloud is US_GOVERNMENT else ("cognitive.azure.cn",)
        if host.endswith(tuple(f".{suffix}" for suffix in (*own, *others))):
            return cloud
    return PUBLIC
