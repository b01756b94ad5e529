"""Which settings log in, in which order, and which cannot."""

import re

import pytest

from core import clouds
from core.login import SECRETS, SETTINGS, Login, LoginError, Method, configured, login, unknown_settings
from tests.support.logins import CASES, CLIENT, OTHER, TENANT, Case

WHO = {"tenantId": TENANT, "clientId": CLIENT}


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_login_is_what_azure_native_makes_of_it(case: Case) -> None:
    """Method, cloud and values of each configuration are azure-native's."""
    found = login(configured(case.own, case.azure_native), case.environ)
    assert found.method is Method[case.method]
    assert found.cloud.name == case.cloud
    assert {name: found.get(name) for name in case.values} == case.values


@pytest.mark.parametrize(
    ("name", "variable"), [(name, one) for name, variables in SETTINGS.items() for one in variables]
)
def test_each_variable_is_read_unless_the_setting_is_there(name: str, variable: str) -> None:
    """A setting counts before its variable, whatever it says."""
    if name == "metadataHost":
        with pytest.raises(LoginError, match="metadataHost"):
            login({}, {variable: "https://host"})
        return
    value, other = ("china", "public") if name == "environment" else ("value", "other")
    who = {"ARM_TENANT_ID": TENANT, "ARM_CLIENT_ID": CLIENT}
    assert login({}, {**who, variable: value}).get(name) == value
    assert login({**WHO, name: other}, {**who, variable: value}).get(name) == other
    assert login({name: ""}, {variable: value}).get(name) == ""


def test_the_settings_have_azure_natives_names() -> None:
    """Each setting of azure-native's provider exists here under the same name. `oidcAudience` is read by its
    source and absent from its Python SDK (3.29.0)."""
    from pulumi_azure_native.provider import ProviderArgs

    properties = [name for name, found in vars(ProviderArgs).items() if isinstance(found, property)]
    camel = {re.sub(r"_(\w)", lambda found: found[1].upper(), name) for name in properties}
    assert camel | {"oidcAudience"} == set(SETTINGS)
    assert set(SETTINGS) > SECRETS


def test_a_login_shows_no_secret() -> None:
    """Printing a login, in a log or a traceback, shows no secret."""
    assert "hunter2" not in repr(login({**WHO, "clientSecret": "hunter2"}, {}))


@pytest.mark.parametrize(
    ("config", "reason"),
    [
        ({"environment": "mars"}, r"'mars' is unknown.*ARM_ENVIRONMENT"),
        ({"metadataHost": "https://example.com"}, "metadataHost .* is not supported"),
        ({"clientSecret": "s"}, r"tenantId \(ARM_TENANT_ID\) and clientId \(ARM_CLIENT_ID\)"),
        ({"useOidc": "true", "tenantId": "t"}, "OIDC needs clientId"),
        ({"clientCertificatePath": "/x"}, "a client certificate needs tenantId"),
        ({**WHO, "useOidc": "true"}, r"oidcRequestUrl \(ARM_OIDC_REQUEST_URL\) and oidcRequestToken"),
        (
            {**WHO, "useOidc": "true", "oidcRequestUrl": "http://a.example", "oidcRequestToken": "ask"},
            "not an https URL",
        ),
    ],
)
def test_fails_for_a_login_that_cannot_work(config: dict[str, str], reason: str) -> None:
    """An unknown cloud never means the public one, and half a login names its other half."""
    with pytest.raises(LoginError, match=reason) as failed:
        login(config, {})
    assert "ask" not in str(failed.value)


def test_misspelt_settings_are_found() -> None:
    """A setting that azure-native does not know is reported."""
    assert unknown_settings({"clientID": "x", "clientId": "y", "version": "1"}) == ["clientID"]


def test_a_switch_that_is_almost_on_is_named() -> None:
    """Whoever wrote ARM_USE_OIDC=1 is told that it does nothing."""
    found = login({}, {"ARM_USE_OIDC": "1", "ARM_USE_MSI": "false"})
    assert found.ignored_switches == ("useOidc (ARM_USE_OIDC) is '1', and only 'true' turns it on",)


def test_the_audience_of_a_federated_token() -> None:
    """The audience is Entra's unless another is configured."""
    assert Login().oidc_audience == "api://AzureADTokenExchange"
    assert login({}, {"ARM_OIDC_AUDIENCE": "api://contoso"}).oidc_audience == "api://contoso"


def test_the_azure_cli_says_what_is_not_configured() -> None:
    """Cloud and subscription of the CLI's account count where none are configured."""
    found = login({}, {}).with_cli_account("AzureUSGovernment", "sub", TENANT)
    assert (found.cloud, found.subscription_id) == (clouds.US_GOVERNMENT, "sub")
    kept = login({"subscriptionId": "mine"}, {}).with_cli_account("AzureCloud", "mine", TENANT)
    assert kept.subscription_id == "mine"


@pytest.mark.parametrize(
    ("config", "reason"),
    [
        ({"environment": "china"}, "az cloud set --name AzureChinaCloud"),
        ({"tenantId": OTHER}, f"az login --tenant {OTHER}"),
    ],
)
def test_fails_when_the_azure_cli_is_somebody_else(config: dict[str, str], reason: str) -> None:
    """A token for another cloud or tenant is never used in silence."""
    with pytest.raises(LoginError, match=reason):
        login(config, {}).with_cli_account("AzureCloud", "sub", TENANT)
