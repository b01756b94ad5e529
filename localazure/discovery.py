"""What the login host publishes about itself: OIDC configurations and the clouds that share it.

Source: the documents of login.microsoftonline.com, which anybody may read.
"""

from __future__ import annotations

from localazure.web import Host, Json

LOGIN = f"https://{Host.LOGIN}"
ANY_TENANT = ("common", "organizations")
"""Names that stand for the tenant of the user who signs in; an application must name its tenant."""


def instances(endpoint: str) -> Json:
    """The answer to an instance discovery for an authorization endpoint: this host and its aliases."""
    tenant = endpoint.removeprefix(f"{LOGIN}/").split("/", 1)[0] or "common"
    aliases = ["login.microsoftonline.com", "login.windows.net", "login.microsoft.com", "sts.windows.net"]
    cloud = {
        "preferred_network": str(Host.LOGIN),
        "preferred_cache": "login.windows.net",
        "aliases": aliases,
    }
    return {
        "tenant_discovery_endpoint": f"{LOGIN}/{tenant}/v2.0/.well-known/openid-configuration",
        "api-version": "1.1",
        "metadata": [cloud],
    }


def configuration_of_tokens(tenant: str) -> Json:
    """The configuration of the older endpoint, whose issuer is the one that access tokens here name."""
    base = f"{LOGIN}/{tenant}"
    return {
        **configuration(tenant),
        "token_endpoint": f"{base}/oauth2/token",
        "jwks_uri": f"{base}/discovery/keys",
        "issuer": f"https://sts.windows.net/{_issued_by(tenant)}/",
        "authorization_endpoint": f"{base}/oauth2/authorize",
        "device_authorization_endpoint": f"{base}/oauth2/devicecode",
        "userinfo_endpoint": f"{base}/openid/userinfo",
    }


def _issued_by(tenant: str) -> str:
    return "{tenantid}" if tenant in ANY_TENANT else tenant


def configuration(tenant: str) -> Json:
    """The OIDC configuration of a tenant by its id, or by a name that stands for any of them."""
    base = f"{LOGIN}/{tenant}"
    return {
        "token_endpoint": f"{base}/oauth2/v2.0/token",
        "token_endpoint_auth_methods_supported": [
            "client_secret_post",
            "private_key_jwt",
            "client_secret_basic",
        ],
        "jwks_uri": f"{base}/discovery/v2.0/keys",
        "response_modes_supported": ["query", "fragment", "form_post"],
        "subject_types_supported": ["pairwise"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "response_types_supported": ["code", "id_token", "code id_token", "id_token token"],
        "scopes_supported": ["openid", "profile", "email", "offline_access"],
        "issuer": f"{LOGIN}/{_issued_by(tenant)}/v2.0",
        "request_uri_parameter_supported": False,
        "userinfo_endpoint": "https://graph.microsoft.com/oidc/userinfo",
        "authorization_endpoint": f"{base}/oauth2/v2.0/authorize",
        "device_authorization_endpoint": f"{base}/oauth2/v2.0/devicecode",
        "http_logout_supported": True,
        "frontchannel_logout_supported": True,
        "end_session_endpoint": f"{base}/oauth2/v2.0/logout",
        "claims_supported": ["sub", "iss", "aud", "exp", "iat", "tid", "ver"],
        "tenant_region_scope": "WW",
        "cloud_instance_name": "microsoftonline.com",
        "cloud_graph_host_name": "graph.windows.net",
        "msgraph_host": "graph.microsoft.com",
        "rbac_url": "https://pas.windows.net",
    }
