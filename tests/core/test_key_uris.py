"""Key URIs and vault URIs."""

import pytest

from core import arm_ids, clouds, key_uris
from core.arm_ids import MalformedError

_GROUP = "/subscriptions/11111111-2222-3333-4444-555555555555/resourceGroups/rg"
VERSION = "0123456789abcdef0123456789abcdef"


@pytest.mark.parametrize(
    "text",
    [
        f"https://kv-contoso.vault.azure.net/keys/cmk/{VERSION}",
        f"https://KV-Contoso.Vault.Azure.NET/keys/cmk/{VERSION}",
        f"https://kv-contoso.vault.azure.net:443/keys/cmk/{VERSION}/",
        f"HTTPS://kv-contoso.vault.azure.net/keys/CMK/{VERSION.upper()}",
    ],
)
def test_one_version_in_every_spelling(text: str) -> None:
    """Port, slash and capitals make no other version."""
    found = key_uris.parse(text, clouds.PUBLIC)
    wanted = key_uris.parse(f"https://kv-contoso.vault.azure.net/keys/cmk/{VERSION}")
    assert found.same_version(wanted)
    assert (found.host, found.vault_name) == ("kv-contoso.vault.azure.net", "kv-contoso")


def test_versions_of_one_key() -> None:
    """Another version is the same key, another vault or name is not."""
    one = key_uris.parse(f"https://kv1.vault.azure.net/keys/cmk/{VERSION}")
    assert one.same_key(key_uris.parse("https://kv1.vault.azure.net/keys/cmk"))
    assert not one.same_version(key_uris.parse("https://kv1.vault.azure.net/keys/cmk"))
    assert not one.same_key(key_uris.parse("https://kv2.vault.azure.net/keys/cmk"))
    assert not one.same_key(key_uris.parse("https://kv1.vault.azure.net/keys/cmk2"))
    assert key_uris.parse(one.text) == one


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("http://kv1.vault.azure.net/keys/cmk", "not an https URI"),
        ("kv1.vault.azure.net/keys/cmk", "not an https URI"),
        ("https://kv1.vault.azure.net.evil.example/keys/cmk", "not a key vault"),
        ("https://kv1.vault.azure.cn/keys/cmk", "this cloud"),
        ("https://hsm1.managedhsm.azure.cn/keys/cmk", "this cloud"),
        ("https://westus.hsm1.managedhsm.azure.net/keys/cmk", "not a key vault"),
        ("https://kv1.vault.azure.net/secrets/cmk", "does not name a key"),
        ("https://kv1.vault.azure.net/keys", "does not name a key"),
        ("https://kv1.vault.azure.net/keys/cmk?x=1", "does not name a key"),
        ("https://kv1.vault.azure.net:8443/keys/cmk", "not a key vault"),
        ("https://user@kv1.vault.azure.net/keys/cmk", "not a key vault"),
        ("https://kv1.vault.azure.net/keys/c_k", "not a key name"),
        ("https://kv1.vault.azure.net/keys/cmk/latest", "32 hexadecimal"),
    ],
)
def test_fails_on_what_is_no_key_of_this_cloud(text: str, hint: str) -> None:
    """Each is refused with what was expected."""
    with pytest.raises(MalformedError, match=hint):
        key_uris.parse(text, clouds.PUBLIC)


@pytest.mark.parametrize("cloud", clouds.ALL)
def test_each_cloud_is_known_by_its_vaults(cloud: clouds.Cloud) -> None:
    """A vault's URI tells the cloud, with a port, too."""
    uri = key_uris.vault_uri("Kv1", cloud)
    assert key_uris.cloud_of(f"{uri}:443/") is cloud
    assert key_uris.vault_name(f"{uri}/") == "kv1"
    assert key_uris.same_vault(uri.upper(), f"{uri}:443/")
    assert clouds.of_endpoint(uri) is cloud


@pytest.mark.parametrize(
    "uri", ["", "http://kv1.vault.azure.net", "https://vault.azure.net", "https://a.b.c"]
)
def test_what_is_no_vault_has_no_name(uri: str) -> None:
    """Nothing is made up for another host."""
    assert key_uris.vault_name(uri) is None


@pytest.mark.parametrize("cloud", clouds.ALL)
def test_a_managed_hsm_holds_keys_as_a_vault_does(cloud: clouds.Cloud) -> None:
    """A key's URI tells the cloud and that it is in an HSM, which is no vault of the same name."""
    hsm = arm_ids.vault_id(f"{_GROUP}/providers/{arm_ids.MANAGED_HSM}/Keys1")
    vault = arm_ids.vault_id(f"{_GROUP}/providers/{arm_ids.VAULT}/keys1")
    uri = key_uris.uri_of(hsm, cloud)
    assert uri == f"https://keys1.{cloud.hsm_suffix}"
    found = key_uris.parse(f"{uri}:443/keys/cmk/{VERSION}", cloud)
    assert found.in_managed_hsm
    assert (found.is_in(hsm), found.is_in(vault)) == (True, False)
    in_vault = key_uris.KeyUri.of(key_uris.uri_of(vault, cloud), "cmk")
    assert (in_vault.is_in(hsm), in_vault.is_in(vault)) == (False, True)
    assert key_uris.cloud_of(uri) is cloud
    assert clouds.of_endpoint(uri) is cloud
    assert (key_uris.place(uri), key_uris.vault_name(uri)) == ("keys1.managedhsm", None)
    assert cloud.token_scope(f"{uri}/keys/cmk")
    assert not cloud.token_scope(f"{uri}.example.com/keys/cmk")
