"""The situations: what is arranged, how far the identity may use the key, and what else stands in the way.

`access` is the level that everybody must say. `unmet` names the demands that do not hold, as `core.demands`
names them. `unknowable` says why a part that reads answers cannot know what the local Azure knows; `unread`,
what core and the evidence alone read, and why.
"""

from collections.abc import Callable
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Any

from core.rights import Access
from localazure import seed
from localazure.national_clouds import CHINA, US_GOVERNMENT
from tests.consistency import hsm_world
from tests.consistency.hsm_world import HsmWorld
from tests.consistency.world import GROUP, KEY, NEEDED, VAULT, World, entry
from tests.support.front import SUBSCRIPTION

ENCRYPTION_USER = "e147488a-f6f5-4113-8e2d-b22465e65bf6"
CRYPTO_USER = "12338af0-0e69-4776-bea7-57ae8d297424"
CRYPTO_OFFICER = "14b46e9e-c2b7-41b4-b07b-48a6ebf60603"
ADMINISTRATOR = "00482a5a-887f-4fb3-b363-3b7fe8e74483"
READER_OF_VAULT = "21090545-7ca7-4776-b22c-e363652d74d2"
VAULT_CONTRIBUTOR = "f25e0fa2-a7c8-4377-a976-54943a77a395"
OWNER = "8e3af657-a8ff-443c-a75c-2fe8c4bcb635"
READER = "acdd72a7-3385-48ef-bd42-f606fba81ae7"
LOCAL = hsm_world.ENCRYPTION_USER
OTHER = "99999999-0000-4000-8000-000000000009"
DAY = 86400
NATIONAL = {"usgovernment": US_GOVERNMENT, "china": CHINA}
URI_OF_AN_HSM = "URI of a managed HSM"
UNWRAP = "Microsoft.KeyVault/vaults/keys/unwrap/action"
_DENIALS = (
    "only the evidence reads deny assignments: no program declares them, and the service itself refuses "
    "a binding that one stops"
)


@dataclass(frozen=True)
class Situation:
    """One row. `rbac`: whether the vault grants by role assignments; `hsm`: the key is in a managed HSM,
    beside a vault of its name in which both accounts may do everything.

    `vault` and `location` are how the vault is from the beginning; where the service would refuse it, no
    account was bound in it. `unsaid` is what Resource Manager's answer for the vault leaves out.
    """

    name: str
    arrange: Callable[[Any], object]
    access: Access
    rbac: bool = False
    unmet: AbstractSet[str] = frozenset()
    unknowable: str = ""
    unread: str = ""
    location: str = ""
    cloud: str = "public"
    hsm: bool = False
    vault: tuple[tuple[str, object], ...] = ()
    unsaid: tuple[str, ...] = ()

    def world(self) -> World:
        """The cloud in which the situation holds."""
        made = HsmWorld if self.hsm else World
        world = made(self.rbac, self.location, dict(self.vault), self.unsaid, NATIONAL.get(self.cloud))
        if not self.unmet & {"same-region", "purge-protection"}:
            world.bind_first()
        self.arrange(world)
        return world


def _policies(keys: list[str]) -> Callable[[World], None]:
    return lambda world: world.policies(*world.each(keys))


def _role(role: str, scope: str) -> Callable[[World], None]:
    return lambda world: world.assign_each(role, scope)


def _granted(then: Callable[[World], object]) -> Callable[[World], None]:
    """What needs nothing but full access by access policies, and then something else."""

    def arrange(world: World) -> None:
        world.policies(*world.each(NEEDED))
        then(world)

    return arrange


def _spelt(change: Callable[[str], str]) -> Callable[[World], None]:
    return _granted(lambda world: setattr(world, "key_uri", change(world.key_uri)))


def _applications(world: World) -> None:
    world.policies(*world.each(NEEDED, applicationId=seed.READER.client_id))


def _application_beside(keys: list[str]) -> Callable[[World], None]:
    return lambda world: world.policies(
        *world.each(NEEDED, applicationId=seed.READER.client_id), *world.each(keys)
    )


def _secrets(world: World) -> None:
    world.policies(*(entry(one, [], permissions={"secrets": ["get", "all"]}) for one in world.principals))


def _upper(world: World) -> None:
    world.policies(*(entry(one.upper(), ["GET", "WRAPKEY", "UnwrapKey"]) for one in world.principals))


def _other_key(world: World) -> None:
    world.make_key("other")
    world.assign_each(ENCRYPTION_USER, f"{VAULT}/keys/other")


def _standalone(keys: list[str]) -> Callable[[World], None]:
    def arrange(world: World) -> None:
        path = f"{VAULT}/accessPolicies/add"
        body = {"properties": {"accessPolicies": world.each(keys)}}
        world.arm("PUT", path, body, api="2026-02-01")

    return arrange


def _removed(world: World) -> None:
    _standalone(NEEDED)(world)
    body = {"properties": {"accessPolicies": world.each(NEEDED)}}
    world.arm("PUT", f"{VAULT}/accessPolicies/remove", body, api="2026-02-01")


def _flipped_to_roles(world: World) -> None:
    world.policies(*world.each(NEEDED))
    world.rbac = True
    world.vault()


def _flipped_to_policies(world: World) -> None:
    world.assign_each(ENCRYPTION_USER, KEY)
    world.rbac = False
    world.vault()


def _version(**attributes: object) -> Callable[[World], None]:
    def arrange(world: World) -> None:
        version = world.key_uri.rsplit("/", 1)[1]
        world.data("PATCH", f"/keys/cmk-contoso/{version}", {"attributes": attributes})

    return _granted(arrange)


def _expiring(days: int) -> Callable[[World], None]:
    def arrange(world: World) -> None:
        _version(exp=int(world.door.cloud.clock.now()) + DAY)(world)
        world.door.cloud.clock.advance(days * DAY)

    return _granted(arrange)


def _another(name: str, **properties: object) -> Callable[[World], None]:
    return _granted(lambda world: setattr(world, "key_uri", world.make_key(name, **properties)))


def _rotated(world: World) -> None:
    world.key_uri = str(world.data("POST", "/keys/cmk-contoso/rotate")["key"]["kid"])


def _closed(**properties: object) -> Callable[[World], None]:
    return _granted(lambda world: world.vault(**properties))


def _account(**body: object) -> Callable[[World], None]:
    return _granted(lambda world: world.patch_account(**body))


def _outbound(*hosts: str) -> Callable[[World], None]:
    return _account(properties={"restrictOutboundNetworkAccess": True, "allowedFqdnList": list(hosts)})


_CONDITION = "(@Resource[Microsoft.KeyVault/vaults/keys:name] StringEquals 'cmk-contoso')"


def _conditional(world: World) -> None:
    world.assign_each(ENCRYPTION_USER, KEY, condition=_CONDITION, conditionVersion="2.0")


def _conditional_beside(world: World) -> None:
    _conditional(world)
    world.assign_each(CRYPTO_USER, VAULT)


def _denied(scope: str, denied: list[str], **more: bool) -> Callable[[World], None]:
    def arrange(world: World) -> None:
        world.assign_each(ENCRYPTION_USER, KEY)
        world.deny(scope, denied, **more)

    return arrange


def _of_another_tenant(world: World) -> None:
    """Azure takes no entry of another tenant than the vault's."""
    entries = world.each(NEEDED, tenantId=OTHER)
    path = f"{VAULT}/accessPolicies/add?api-version=2026-02-01"
    assert world.send("PUT", path, {"properties": {"accessPolicies": entries}}).status == 400


def _local(role: str, scope: str = "/keys/cmk-contoso") -> Callable[[Any], object]:
    return lambda world: world.grant_each(role, scope)


def _granted_in_hsm(then: Callable[[HsmWorld], object]) -> Callable[[Any], object]:
    def arrange(world: HsmWorld) -> None:
        world.grant_each(LOCAL, "/keys")
        then(world)

    return arrange


def _another_in_hsm(name: str, **more: object) -> Callable[[Any], object]:
    return _granted_in_hsm(lambda world: setattr(world, "key_uri", world.make_hsm_key(name, **more)))


def _disabled_in_hsm(world: HsmWorld) -> None:
    world.hsm("PATCH", "/keys/cmk-contoso", {"attributes": {"enabled": False}})


def _deleted_in_hsm(world: HsmWorld) -> None:
    world.hsm("DELETE", "/keys/cmk-contoso")


FULL, NARROWER, NONE, UNKNOWN = Access.FULL, Access.NARROWER, Access.NONE, Access.UNKNOWN
_EXACT = _policies(NEEDED)

SITUATIONS = (
    # Access policies: what they give.
    Situation("exact rights", _EXACT, FULL),
    Situation("wider rights", _policies([*NEEDED, "sign", "decrypt"]), FULL),
    Situation("all rights", _policies(["all"]), FULL),
    Situation("get alone", _policies(["get"]), NARROWER),
    Situation("wrapKey alone", _policies(["wrapKey"]), NARROWER),
    Situation("unwrapKey alone", _policies(["unwrapKey"]), NARROWER),
    Situation("get and wrapKey", _policies(["get", "wrapKey"]), NARROWER),
    Situation("get and unwrapKey", _policies(["get", "unwrapKey"]), NARROWER),
    Situation("wrapKey and unwrapKey", _policies(["wrapKey", "unwrapKey"]), NARROWER),
    Situation("unwrapKey and what is not needed", _policies(["unwrapKey", "sign", "list"]), NARROWER),
    Situation("nothing that is needed", _policies(["list", "sign", "decrypt", "encrypt"]), NONE),
    Situation("an entry without permissions", _policies([]), NONE),
    Situation("no entry", lambda world: world.policies(), NONE),
    Situation("another identity's entry", lambda world: world.policies(entry(OTHER, NEEDED)), NONE),
    Situation("rights on secrets", _secrets, NONE),
    Situation("capitals", _upper, FULL),
    Situation("an entry for an application", _applications, NONE),
    Situation("an application's entry beside a narrower one", _application_beside(["unwrapKey"]), NARROWER),
    Situation("an application's entry beside an exact one", _application_beside(NEEDED), FULL),
    Situation("a standalone entry", _standalone(NEEDED), FULL),
    Situation("a standalone entry, narrower", _standalone(["get", "unwrapKey"]), NARROWER),
    Situation("a standalone entry, removed", _removed, NONE),
    Situation("an entry of another tenant", _of_another_tenant, NONE),
    Situation("policies in a vault turned to roles", _flipped_to_roles, NONE),
    # Role assignments: which role, and where.
    Situation("role at the key", _role(ENCRYPTION_USER, KEY), FULL, rbac=True),
    Situation("role at the vault", _role(ENCRYPTION_USER, VAULT), FULL, rbac=True),
    Situation("role at the group", _role(ENCRYPTION_USER, GROUP), FULL, rbac=True),
    Situation("role at the subscription", _role(ENCRYPTION_USER, SUBSCRIPTION), FULL, rbac=True),
    Situation("role at the vault in capitals", _role(ENCRYPTION_USER, VAULT.upper()), FULL, rbac=True),
    Situation("role at another key", _other_key, NONE, rbac=True),
    Situation("Crypto User at the key", _role(CRYPTO_USER, KEY), FULL, rbac=True),
    Situation("Crypto User at the group", _role(CRYPTO_USER, GROUP), FULL, rbac=True),
    Situation("Crypto Officer at the vault", _role(CRYPTO_OFFICER, VAULT), FULL, rbac=True),
    Situation("Administrator at the vault", _role(ADMINISTRATOR, VAULT), FULL, rbac=True),
    Situation("Key Vault Reader at the vault", _role(READER_OF_VAULT, VAULT), NARROWER, rbac=True),
    Situation("Key Vault Contributor at the vault", _role(VAULT_CONTRIBUTOR, VAULT), NONE, rbac=True),
    Situation("Owner at the subscription", _role(OWNER, SUBSCRIPTION), NONE, rbac=True),
    Situation("Reader at the vault", _role(READER, VAULT), NONE, rbac=True),
    Situation("no role", lambda world: None, NONE, rbac=True),
    Situation(
        "another identity's role",
        lambda w: w.assign(seed.READER.object_id, CRYPTO_USER, KEY),
        NONE,
        rbac=True,
    ),
    Situation(
        "a role with a condition",
        _conditional,
        UNKNOWN,
        rbac=True,
        unknowable="what a condition comes to is decided when the key is used; nothing that is read tells it",
    ),
    Situation("a role with a condition beside one without", _conditional_beside, FULL, rbac=True),
    Situation("policies in a vault that goes by roles", _policies(NEEDED), NONE, rbac=True),
    Situation("a role in a vault turned to policies", _flipped_to_policies, NONE, rbac=True),
    # Deny assignments win over every role.
    Situation("unwrap denied at the key", _denied(KEY, [UNWRAP]), NARROWER, rbac=True, unread=_DENIALS),
    Situation("all of the vault denied", _denied(VAULT, ["*"]), NONE, rbac=True, unread=_DENIALS),
    Situation("all of the group denied", _denied(GROUP, ["*"]), NONE, rbac=True, unread=_DENIALS),
    Situation("denied, but not to the account", _denied(VAULT, ["*"], spared=True), FULL, rbac=True),
    Situation("denied on the vault alone", _denied(VAULT, ["*"], child_scopes=False), FULL, rbac=True),
    # The key and its version.
    Situation("a disabled version", _version(enabled=False), FULL, unmet={"key-usable"}),
    Situation("a version that will expire", _expiring(0), FULL),
    Situation("an expired version", _expiring(2), FULL, unmet={"key-usable"}),
    Situation("a version that is not valid yet", _version(nbf=4_000_000_000), FULL, unmet={"key-usable"}),
    Situation("a rotated key", _granted(_rotated), FULL),
    Situation("a key of 3072 bits", _another("big", keySize=3072), FULL, unmet={"key-type"}),
    Situation(
        "an elliptic curve",
        _another("ec", kty="EC", keySize=None, curveName="P-256", keyOps=["sign", "verify"]),
        FULL,
        unmet={"key-type", "key-operations"},
    ),
    Situation("a key in hardware", _another("hsm", kty="RSA-HSM"), FULL),
    Situation(
        "a key that cannot unwrap", _another("wrap", keyOps=["wrapKey"]), FULL, unmet={"key-operations"}
    ),
    Situation(
        "a deleted key",
        _granted(lambda world: world.data("DELETE", "/keys/cmk-contoso")),
        FULL,
        unmet={"key-exists"},
    ),
    Situation(
        "a deleted vault",
        _granted(lambda world: world.arm("DELETE", VAULT, api="2026-02-01")),
        NONE,
        unmet={"vault-exists"},
    ),
    # The key's URI.
    Situation("URI with the port", _spelt(lambda uri: uri.replace(".net/", ".net:443/")), FULL),
    Situation("URI with a trailing slash", _spelt(lambda uri: f"{uri}/"), FULL),
    Situation("URI in capitals", _spelt(lambda uri: uri.replace("kv-contoso", "KV-Contoso")), FULL),
    Situation("URI without a version", _spelt(lambda uri: uri.rsplit("/", 1)[0]), FULL, unmet={"key-uri"}),
    Situation(
        URI_OF_AN_HSM, _spelt(lambda uri: uri.replace(".vault.", ".managedhsm.")), FULL, unmet={"key-uri"}
    ),
    Situation(
        "URI of US Government",
        _spelt(lambda uri: uri.replace("vault.azure.net", "vault.usgovcloudapi.net")),
        FULL,
        unmet={"key-uri"},
    ),
    Situation(
        "URI of China",
        _spelt(lambda uri: uri.replace("vault.azure.net", "vault.azure.cn")),
        FULL,
        unmet={"key-uri"},
    ),
    # The vault and the account.
    Situation(
        "a closed vault", _closed(networkAcls={"defaultAction": "Deny", "bypass": "AzureServices"}), FULL
    ),
    Situation(
        "a closed vault without trusted services",
        _closed(networkAcls={"defaultAction": "Deny", "bypass": "None"}),
        FULL,
        unmet={"trusted-services"},
    ),
    Situation("a vault without a public endpoint", _closed(publicNetworkAccess="Disabled"), FULL),
    Situation("a vault in another region", _EXACT, FULL, unmet={"same-region"}, location="northeurope"),
    Situation("a region's display name", _EXACT, FULL, location="West Europe"),
    Situation(
        "a vault without purge protection",
        _EXACT,
        FULL,
        unmet={"purge-protection"},
        vault=(("enablePurgeProtection", None),),
    ),
    Situation("a vault that does not say enableSoftDelete", _EXACT, FULL, unsaid=("enableSoftDelete",)),
    Situation("outbound access restricted", _outbound(), FULL, unmet={"outbound"}),
    Situation("outbound access to the vault", _outbound("KV-contoso.vault.azure.net"), FULL),
    Situation("outbound access elsewhere", _outbound("example.com"), FULL, unmet={"outbound"}),
    # The other clouds.
    *(
        row
        for cloud in NATIONAL
        for row in (
            Situation(f"exact rights in {cloud}", _EXACT, FULL, cloud=cloud),
            Situation(f"unwrapKey alone in {cloud}", _policies(["unwrapKey"]), NARROWER, cloud=cloud),
            Situation(f"role in {cloud}", _role(ENCRYPTION_USER, KEY), FULL, rbac=True, cloud=cloud),
        )
    ),
    # A key in a managed HSM, by whose own roles alone it is used.
    *(
        Situation(f"{name}, of a managed HSM", arrange, access, hsm=True)
        for name, arrange, access in (
            ("no role", lambda world: None, NONE),
            ("role at the key", _local(LOCAL), FULL),
            ("role at all keys", _local(LOCAL, "/keys"), FULL),
            ("role at the HSM", _local(LOCAL, ""), FULL),
            ("role at another key", _local(LOCAL, "/keys/other"), NONE),
            ("Crypto User", _local(hsm_world.CRYPTO_USER), FULL),
            ("Crypto Auditor", _local("2c18b078-7c48-4d3a-af88-5a3a1b3f82b3"), NARROWER),
            ("Crypto Officer", _local("515eb02d-2335-4d2d-92f2-b1cbdf9c3778", "/keys"), NONE),
            ("Administrator", _local("a290e904-7015-4bba-90c8-60543313cdb4", ""), NONE),
            ("another's role", lambda hsm: hsm.grant(OTHER, LOCAL, "/keys"), NONE),
            ("the vault's role, by Resource Manager", _role(ENCRYPTION_USER, hsm_world.HSM), NONE),
            ("Administrator, by Resource Manager at the group", _role(ADMINISTRATOR, GROUP), NONE),
        )
    ),
    *(
        Situation(f"{name}, in a managed HSM", arrange, FULL, unmet={unmet}, hsm=True, **more)
        for name, arrange, unmet, more in (
            ("a disabled version", _granted_in_hsm(_disabled_in_hsm), "key-usable", {}),
            ("a key of 3072 bits", _another_in_hsm("big", key_size=3072), "key-type", {}),
            ("a key that cannot unwrap", _another_in_hsm("wrap", key_ops=["wrapKey"]), "key-operations", {}),
            ("a deleted key", _granted_in_hsm(_deleted_in_hsm), "key-exists", {}),
            ("another region", _local(LOCAL), "same-region", {"location": "northeurope"}),
            (
                "no purge protection",
                _local(LOCAL),
                "purge-protection",
                {"vault": (("enablePurgeProtection", None),)},
            ),
        )
    ),
    Situation("the free tier", _account(sku={"name": "F0"}), FULL, unmet={"tier"}),
)
