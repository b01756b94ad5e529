"""ARM ids: parsed, compared, covered."""

from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core import arm_ids
from tests.support.az import commands_in

SUBSCRIPTION = "11111111-2222-3333-4444-555555555555"
GROUP = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg-contoso"
VAULT = f"{GROUP}/providers/Microsoft.KeyVault/vaults/kv-contoso"
KEY = f"{VAULT}/keys/cmk-contoso"
ACCOUNT = f"{GROUP}/providers/Microsoft.CognitiveServices/accounts/lang-contoso"
HSM = VAULT.replace("/vaults/", "/managedHSMs/")
HSM_KEY = f"{HSM}/keys/cmk"


def test_an_id_is_taken_apart() -> None:
    """A nested resource tells its subscription, group, type, names and parent."""
    found = arm_ids.key_id(KEY)
    assert (found.subscription_id, found.group, found.type) == (SUBSCRIPTION, "rg-contoso", arm_ids.KEY)
    assert (found.names, found.name) == (("kv-contoso", "cmk-contoso"), "cmk-contoso")
    assert found.parent == arm_ids.vault_id(VAULT)
    assert found.scope == GROUP


def test_an_extension_resource_has_what_it_is_on_as_its_scope() -> None:
    """A role assignment's id begins with the scope that it was made at."""
    found = arm_ids.parse(f"{KEY}/providers/{arm_ids.ROLE_ASSIGNMENT}/abc")
    assert (found.scope, found.type, found.name) == (KEY, arm_ids.ROLE_ASSIGNMENT, "abc")
    assert arm_ids.parse(f"/providers/{arm_ids.ROLE_DEFINITION}/abc").subscription_id == ""


@pytest.mark.parametrize(
    ("parser", "text", "hint"),
    [
        (arm_ids.account_id, VAULT, "accounts/NAME"),
        (arm_ids.account_id, "lang-contoso", "accounts/NAME"),
        (arm_ids.account_id, "", "accounts/NAME"),
        (arm_ids.account_id, ACCOUNT + "/deployments/x", "accounts/NAME"),
        (arm_ids.account_id, ACCOUNT.replace(SUBSCRIPTION, "my-subscription"), "SUBSCRIPTION"),
        (
            lambda text: arm_ids.resource_id(text, arm_ids.VAULT),
            VAULT.replace("/vaults/", "/managedHSMs/"),
            "managed HSM is not supported here",
        ),
        (arm_ids.key_id, f"{HSM_KEY}/versions/{'0' * 32}", "leave out /versions/"),
        (arm_ids.key_id, HSM, "managedHSMs/NAME/keys/NAME"),
        (arm_ids.vault_id, VAULT.replace("kv-contoso", "kv_contoso"), "vaults/NAME"),
        (arm_ids.key_id, VAULT, "keys/NAME"),
        (arm_ids.key_id, KEY.replace("cmk-contoso", "cmk contoso"), "keys/NAME"),
        (arm_ids.parse, GROUP, "not an ARM id"),
        (arm_ids.parse, "/providers/Microsoft.KeyVault", "not an ARM id"),
        (arm_ids.local_scope, KEY, "in no managed HSM"),
    ],
)
def test_fails_on_what_is_no_such_id(parser: object, text: str, hint: str) -> None:
    """The message gives what was found and the shape that was expected."""
    assert callable(parser)
    with pytest.raises(arm_ids.MalformedError, match=hint) as error:
        parser(text)
    assert repr(text) in str(error.value)


PORTAL = "https://portal.azure.com/#@contoso.com/resource"
OWN_KEY = 'echo "$(az keyvault show {} --query id --output tsv)/keys/cmk"'
KEY_AS_FOUND = KEY.upper().replace("/SUBSCRIPTIONS/", "/subscriptions/")
BY_NAME = "az resource list --resource-type {} --name {} --query '[].id' --output tsv"


@pytest.mark.parametrize(
    ("type", "text", "command"),
    [
        (arm_ids.KEY, "https://kv-x.vault.azure.net/keys/cmk", OWN_KEY.format("--name kv-x")),
        (arm_ids.KEY, f"https://kv-x.vault.azure.cn/keys/cmk/{'0' * 32}", OWN_KEY.format("--name kv-x")),
        (arm_ids.KEY, "https://hsm-x.managedhsm.azure.net/keys/cmk/", OWN_KEY.format("--hsm-name hsm-x")),
        (arm_ids.VAULT, "https://kv-x.vault.azure.net/", "az keyvault show --name kv-x --query id"),
        (arm_ids.VAULT, "kv-x", "az keyvault show --name kv-x --query id --output tsv"),
        (arm_ids.ACCOUNT, "lang-x", BY_NAME.format(arm_ids.ACCOUNT, "lang-x")),
        (
            arm_ids.ACCOUNT,
            "https://lang-x.cognitiveservices.azure.com/",
            BY_NAME.format(arm_ids.ACCOUNT, "lang-x"),
        ),
        (
            arm_ids.STORAGE_ACCOUNT,
            "https://data.blob.core.windows.net",
            BY_NAME.format(arm_ids.STORAGE_ACCOUNT, "data"),
        ),
        (
            arm_ids.PRIVATE_DNS_ZONE,
            "privatelink.vaultcore.azure.net",
            BY_NAME.format(arm_ids.PRIVATE_DNS_ZONE, "privatelink.vaultcore.azure.net"),
        ),
        (
            arm_ids.WORKSPACE,
            SUBSCRIPTION,
            f"az monitor log-analytics workspace list --query \"[?customerId=='{SUBSCRIPTION}'].id\"",
        ),
    ],
)
def test_what_people_have_leads_to_the_id(type: str, text: str, command: str) -> None:
    """A name, an address and a key's URI: the message has the command of az that prints the id."""
    with pytest.raises(arm_ids.MalformedError) as error:
        arm_ids.resource_id(text, type)
    assert f"; run `{command}" in str(error.value)
    commands_in(str(error.value))


@pytest.mark.parametrize(
    ("type", "text", "id", "meant"),
    [
        (arm_ids.VAULT, f"{PORTAL}{VAULT}/overview", VAULT, True),
        (arm_ids.KEY, f"{PORTAL}{KEY.upper()}", KEY_AS_FOUND, True),
        (arm_ids.KEY, f"https://portal.azure.com/#view/x/id/{quote(KEY, safe='')}", KEY, True),
        (arm_ids.ACCOUNT, f"{ACCOUNT}?api-version=2025-06-01", ACCOUNT, True),
        (arm_ids.VAULT, KEY, VAULT, False),
    ],
)
def test_an_address_of_the_portal_has_the_id(type: str, text: str, id: str, *, meant: bool) -> None:
    """The message says it; it is meant, unless the text names something inside."""
    with pytest.raises(arm_ids.MalformedError) as error:
        arm_ids.resource_id(text, type)
    assert str(error.value).endswith(f"; give {id!r}")
    assert error.value.meant == (id if meant else None)


@given(st.randoms())
def test_casing_and_a_trailing_slash_make_no_other_id(random: object) -> None:
    """Whatever the casing, an id is the same one, is parsed, and is covered by the same scopes."""
    assert hasattr(random, "random")
    odd = "".join(c.upper() if random.random() < 0.5 else c.lower() for c in KEY) + "/"
    assert arm_ids.same(odd, KEY)
    assert arm_ids.key_id(odd).normalised == arm_ids.key_id(KEY).normalised
    assert arm_ids.covers(VAULT, odd)
    assert arm_ids.covers(odd, KEY)


@pytest.mark.parametrize(
    ("scope", "covered"),
    [
        (KEY, True),
        (VAULT, True),
        (GROUP, True),
        (f"/subscriptions/{SUBSCRIPTION}", True),
        ("/providers/Microsoft.Management/managementGroups/contoso", True),
        ("/", True),
        ("", True),
        (f"{VAULT}/keys/cmk-contoso2", False),
        (f"{VAULT}/keys/cmk", False),
        (f"{GROUP}-2", False),
        (f"{KEY}/versions/0", False),
        (f"{VAULT}/secrets/cmk-contoso", False),
    ],
)
def test_a_scope_covers_itself_and_what_is_below(scope: str, covered: bool) -> None:
    """Segments count as a whole: a name that another begins with covers nothing of it."""
    assert arm_ids.covers(scope, KEY) is covered


def test_parts_of_ids_of_any_shape() -> None:
    """What an id does not name is an empty text."""
    assert arm_ids.subscription_of(GROUP.upper()) == SUBSCRIPTION
    assert arm_ids.group_of(f"/subscriptions/{SUBSCRIPTION}") == ""
    deleted = "locations/westeurope/resourceGroups/rg-A/deletedAccounts/lang"
    assert arm_ids.group_of(f"/subscriptions/s/providers/Microsoft.CognitiveServices/{deleted}") == "rg-A"
    assert arm_ids.segments(KEY)["vaults"] == "kv-contoso"
    assert arm_ids.name_of(VAULT + "/") == "kv-contoso"


def test_a_scope_is_a_subscription_or_a_group() -> None:
    """What a policy can be assigned to here: not a resource, nor a management group."""
    subscription = "/subscriptions/11111111-1111-4111-8111-111111111111"
    right = [subscription, f"{subscription}/resourceGroups/rg"]
    wrong = ["", "/subscriptions/x", f"{subscription}/resourceGroups/rg/providers/a/b/c", f"{subscription}/"]
    assert [text for text in [*right, *wrong] if arm_ids.is_subscription_or_group(text)] == right


def test_a_key_of_a_managed_hsm_is_a_key() -> None:
    """Its id tells that it is in an HSM, in any casing, and where the HSM's own roles on it are given."""
    found = arm_ids.key_id(HSM_KEY.upper())
    assert found.in_managed_hsm
    assert found.parent.normalised == HSM.lower()
    assert arm_ids.vault_id(HSM).in_managed_hsm
    assert not arm_ids.key_id(KEY).in_managed_hsm


@pytest.mark.parametrize(("id", "scope"), [(HSM, "/"), (f"{HSM}/keys", "/keys"), (HSM_KEY, "/keys/cmk")])
def test_local_scopes_are_ids_and_back(id: str, scope: str) -> None:
    """Each scope of a managed HSM's roles is one id, and covers the key as that id does."""
    assert arm_ids.local_scope(id) == scope
    assert arm_ids.of_local_scope(HSM, scope) == id
    assert arm_ids.covers(id, HSM_KEY)
