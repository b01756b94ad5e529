"""Each refusal of a first year is brought about on the real engine, in this project's own program and in one
that installs the package, and what it prints is typed into a shell until the next plain preview is clean."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from localazure import seed
from localazure.authorization import assign_role
from tests.remediation.test_ways_out import disabled, vault_under_roles
from tests.remediation.test_what_is_printed import TEXTS, text_of
from tests.remediation.typed import FORMS, NoWayError, Projects, Somebody, follow
from tests.remediation.world import (
    EVERYDAY,
    OTHER_VAULT,
    SHARED_GROUP,
    SHARED_VAULT_ID,
    VAULT_ID,
    account_deleted,
    bound_version_expires,
    close_vault,
    forget_account,
    identity_anew,
    identity_off,
    make_other_vault,
    make_shared_key,
    narrow_grant,
    permit,
    take_grant,
    vault_deleted,
)
from tests.support.az import COMMAND, azure
from tests.support.azure import running_azure
from tests.support.crash import moment
from tests.support.front import SUBSCRIPTION
from tests.support.stack import ROOT

POLICIES, ROLES = EVERYDAY
Step = Callable[[Somebody], object] | Mapping[str, Any] | str
TAKEN_OVER = ("recover --stack dev", "recover --stack dev --yes")
ACCOUNT_MADE = moment("PUT", "{group*}/providers/Microsoft.CognitiveServices/accounts/{name}")
RESTORES = ("access: revoked", "pulumi up", "access: granted", "pulumi up")


def home(somebody: Somebody) -> None:
    """The service's own resource group, made before it."""
    somebody.arm("PUT", f"{SUBSCRIPTION}/resourceGroups/rg-claims", {"location": "westeurope"})


def shared_vault(somebody: Somebody, **properties: Any) -> None:
    """A vault of another team's, as it must be but for `properties`."""
    given = {
        "tenantId": seed.TENANT_ID,
        "sku": {"family": "A", "name": "standard"},
        "enablePurgeProtection": True,
        "enableRbacAuthorization": False,
        "accessPolicies": [],
        **properties,
    }
    somebody.arm("PUT", SHARED_GROUP, {"location": "westeurope"})
    somebody.arm("PUT", SHARED_VAULT_ID, {"location": "westeurope", "properties": given})


def delete_key(somebody: Somebody, key: str) -> None:
    azure(somebody.wire.door, "DELETE", f"https://kv-claims.vault.azure.net/keys/{key}", api="7.4", data=True)


def lock(somebody: Somebody) -> None:
    """Of the service's resource group."""
    group = f"{SUBSCRIPTION}/resourceGroups/rg-claims/providers/Microsoft.Authorization/locks/held"
    somebody.arm("PUT", group, {"properties": {"level": "ReadOnly"}})


def few_rights(somebody: Somebody) -> None:
    """The login may make resources, and may not give anybody a role."""
    listed = somebody.arm("GET", f"{SUBSCRIPTION}/providers/Microsoft.Authorization/roleAssignments")["value"]
    own = [one for one in listed if one["properties"]["principalId"] == seed.DEPLOYER.object_id]
    assign_role(somebody.wire.door.cloud, seed.DEPLOYER.object_id, "Contributor", SUBSCRIPTION)
    for one in own:
        somebody.arm("DELETE", one["id"])


def forgets(*names: str) -> str:
    """A line that takes resources out of the state, by the ends of their names."""
    chosen = " or ".join(f'endswith("{name}")' for name in names)
    urns = f"pulumi stack export | jq -r '.deployment.resources[].urn | select({chosen})'"
    return f'for urn in $({urns}); do pulumi state delete --yes --target-dependents "$urn" || true; done'


PURGE = (
    "az cognitiveservices account purge --name lang-claims --resource-group rg-claims --location westeurope"
)
LOSES_STATE = (
    "pulumi stack export | jq '.deployment.resources = []' > none.json "
    "&& pulumi stack import --file none.json"
)


@dataclass(frozen=True)
class Row:
    """What happens `before` to a service that stands (unless `stands` is False), and the `change` of settings
    after it. A step is what somebody does past Pulumi, settings that are deployed, or a line that is typed.

    `says` are words of the refusal. `rounds` are the ways, one for each refusal in turn: the beginning of a
    command that it prints, a setting that it names, as `name: value`, or `without name`.
    """

    what: str
    rounds: Sequence[Sequence[str]]
    before: Sequence[Step] = ()
    change: Mapping[str, Any] = field(default_factory=dict)
    says: str = ""
    mode: str = POLICIES
    forms: Sequence[str] = tuple(FORMS)
    stands: bool = True
    revoked: bool = False
    bound: bool = True


TAKEN = (
    *(
        Row(f"{drift.__name__} is restored, {mode}", [RESTORES], [drift], says=says, mode=mode)
        for drift, mode, says in (
            (take_grant, POLICIES, "was removed outside Pulumi"),
            (take_grant, ROLES, "was removed outside Pulumi"),
            (narrow_grant, POLICIES, "lacks unwrapKey"),
            (identity_anew, POLICIES, "was turned off; its new one"),
        )
    ),
    Row(
        "access that was taken away stays away",
        [("access: revoked", "pulumi up")],
        [take_grant],
        says="Somebody may have removed it on purpose",
        revoked=True,
    ),
    Row("a vault that was closed", [["az keyvault update"]], [close_vault], says="cut off outside Pulumi"),
    Row(
        "a vault that was closed while access is revoked",
        [["az keyvault update"]],
        [{"access": "revoked"}, close_vault],
        {"access": "granted"},
        says="by the firewall of",
    ),
    Row(
        "an identity that was turned off",
        [["az cognitiveservices account identity assign"], RESTORES],
        [identity_off],
        says="was turned off outside Pulumi, and its data is out of reach",
    ),
    Row(
        "an identity that was made anew while access is revoked",
        (),
        [{"access": "revoked"}, identity_anew],
        {"access": "granted"},
    ),
    Row(
        "a vault that somebody put under roles, with a refresh",
        [["accessModel: rbac"]],
        [vault_under_roles, "pulumi refresh"],
        says="before the new access is in effect",
    ),
    Row(
        "a vault that somebody put under roles",
        [["az keyvault update"]],
        [vault_under_roles],
        says="goes by Azure RBAC now, although access policies are declared",
    ),
    Row(
        "a first revocation",
        [["access: granted", "pulumi up", "access: revoked"]],
        change={"access": "revoked"},
        says="is not bound to a customer-managed key, so revoking",
        stands=False,
        revoked=True,
    ),
    Row(
        "another key after access was taken away",
        [["put back: Keep the setting as it was"], RESTORES],
        [take_grant],
        {"key": {"name": "second"}},
        says="but its identity can no longer use that key",
        mode=ROLES,
    ),
    Row(
        "an account leaves its key while access is revoked",
        [["access: granted"]],
        [{"access": "revoked"}],
        {"encryption": "microsoftManaged", "unbindAccount": "lang-claims"},
        says="off its key only while its identity can use that key",
        bound=False,
    ),
    Row(
        "another vault while access is revoked",
        [["put back: Keep the setting as it was until access is granted again"]],
        [{"access": "revoked"}, make_other_vault],
        {"vault": {"id": OTHER_VAULT}},
        says="until it can use that key again",
        revoked=True,
    ),
)
GONE = (
    Row(
        "a deleted vault",
        [["az keyvault recover"]],
        [vault_deleted],
        says="and the data under its key is out of reach until",
    ),
    Row(
        "a deleted key",
        [["az keyvault key recover"]],
        [partial(delete_key, key="cmk-claims")],
        says="a new key of that name would not open it",
    ),
    Row(
        "a deleted account",
        [["az cognitiveservices account recover", "pulumi up --refresh"]],
        [account_deleted],
        says="If it was deleted less than",
    ),
    Row(
        "a deleted account, with a refresh",
        [["az cognitiveservices account recover", "recover --stack dev --yes"]],
        [account_deleted, "pulumi refresh"],
        says="is held by a resource deleted",
    ),
    Row(
        "a deleted account that is given up",
        [["az cognitiveservices account purge"]],
        [account_deleted, "pulumi refresh"],
        says="delete its data for good",
    ),
    Row(
        "an account that was purged",
        [["pulumi refresh"]],
        [
            account_deleted,
            PURGE,
        ],
        says="Azure lists no deleted account of its name",
    ),
    Row(
        "a service that was destroyed",
        [
            [
                "az group create",
                "az keyvault recover",
                "az cognitiveservices account recover",
                "recover --stack dev --yes",
            ]
        ],
        ["pulumi destroy"],
        says="purge protection lets nobody purge it",
    ),
    Row(
        "a name that a deleted account holds",
        [["put back: give another accountName", "existingResourceGroupName: rg-claims"]],
        [home, partial(forget_account, name="lang-second")],
        {"accountName": "lang-second"},
        says="would come back without a system-assigned identity",
        stands=False,
    ),
    *(
        Row(
            f"a state that forgot {', '.join(names) or 'everything'}, {mode}",
            [TAKEN_OVER] if says else (),
            [forgets(*names) if names else LOSES_STATE],
            says=says,
            mode=mode,
        )
        for names, mode, says in (
            (("-access",), POLICIES, ""),
            (("-binding",), POLICIES, ""),
            (("-access",), ROLES, "exists, and this stack does not record it"),
            (("-account", "-binding", "-access"), POLICIES, "exists already"),
            (("-group",), POLICIES, "exists already"),
            ((), ROLES, "exists already"),
        )
    ),
)
VERSIONS = (
    *(
        Row(
            f"a change under a version that is unusable: {how.__name__}",
            [["az keyvault key set-attributes"]],
            [how],
            {"tags": {"owner": "night"}},
        )
        for how in (disabled, bound_version_expires)
    ),
    Row(
        "a key whose newest version is disabled",
        [["az keyvault key set-attributes"]],
        [disabled],
        says="the newest version of the key cmk-claims cannot be bound",
    ),
    Row(
        "a rotation by who may not rotate",
        [["az keyvault set-policy"]],
        change={"key": {"generation": 2}},
        says="unless this update grants the right",
    ),
    Row(
        "an operator who has access already",
        [["az keyvault delete-policy"]],
        [lambda somebody: permit(somebody, seed.DEPLOYER.object_id, {"keys": ["get"]})],
        {"vault": {"keyOperators": ["deployer"]}},
        says="the key operator has this access already",
    ),
)
CHANGES = (
    *(
        Row(what, [[way]], change=change, says=says)
        for what, change, says, way in (
            (
                "another kind",
                {"kind": "AIServices", "sku": "S0"},
                "keeps its kind",
                "put back: keeps its kind",
            ),
            (
                "another region",
                {"location": "northeurope"},
                "cannot move or be renamed",
                "put back: make a service of another name",
            ),
            (
                "another access model",
                {"accessModel": "rbac"},
                "before the new access is in effect",
                "accessModel: accessPolicy",
            ),
            (
                "another identity",
                {"identity": "userAssigned"},
                "-assigned one, that identity and its access are deleted",
                "put back: Keep the setting as it was",
            ),
            (
                "the vault that it made, as an existing one",
                {"vault": {"id": VAULT_ID}},
                "named as existing, it would be deleted",
                "without vault.id",
            ),
            (
                "another vault",
                {"vault": {"name": "kv-second"}},
                "which deletes the former one",
                "put back: Make the new vault elsewhere",
            ),
            (
                "a rotation in the update that closes the network",
                {"network": {"access": "closed"}, "key": {"generation": 2}},
                "in the update that closes the network of vault ",
                "put back: with network.access as it was",
            ),
            (
                "a key of a size that the kind does not take",
                {"key": {"size": 3072}},
                "expected 2048",
                "put back: expected 2048",
            ),
            (
                "a key of another type",
                {"key": {"type": "RSA-HSM"}, "vault": {"sku": "premium"}},
                "and a key keeps its type and size",
                "key.type: RSA",
            ),
            (
                "a setting that is there, too",
                {"netwrok": {"access": "open"}},
                "That is given, too",
                "without netwrok",
            ),
        )
    ),
    Row(
        "an account leaves its key",
        [["unbindAccount: lang-claims"]],
        change={"encryption": "microsoftManaged"},
        says="but revoking the key no longer takes the data out of reach",
        bound=False,
    ),
    Row(
        "a lock",
        [["az lock delete"]],
        [lock],
        {"tags": {"owner": "night"}},
        says="its owner removes it for this update",
    ),
    *(
        Row(what, [["--fix"]], change=change, says="did you mean", forms=("own program",))
        for what, change in (
            ("a region that is none", {"location": "westeurop"}),
            ("a setting that is none", {"network": None, "netwrok": {"access": "open"}}),
        )
    ),
    Row(
        "a region that is none, in a program",
        [["put back: did you mean 'westeurope'"]],
        change={"location": "westeurop"},
        says="did you mean",
        forms=("package",),
    ),
)
FIRST = (
    *(
        Row(what, [[way]], before, {"vault": {"id": SHARED_VAULT_ID}}, says=says, stands=False)
        for what, before, says, way in (
            (
                "a vault of others without purge protection",
                [partial(shared_vault, enablePurgeProtection=None)],
                "enablePurgeProtection",
                "az keyvault update",
            ),
            (
                "a vault of others that is closed",
                [partial(shared_vault, networkAcls={"defaultAction": "Deny", "bypass": "None"})],
                "bypass None",
                "az keyvault update",
            ),
            (
                "a vault of others of another model",
                [partial(shared_vault, enableRbacAuthorization=True)],
                "grants by",
                "accessModel: rbac",
            ),
            (
                "a vault of others that was deleted",
                [shared_vault, lambda somebody: somebody.arm("DELETE", SHARED_VAULT_ID)],
                "does not exist",
                "az keyvault recover",
            ),
        )
    ),
    Row(
        "a key of others by its name",
        [["without key.name", f"key.id: {SHARED_VAULT_ID}/keys/theirs"]],
        [shared_vault, partial(make_shared_key, id=f"{SHARED_VAULT_ID}/keys/theirs")],
        {"vault": {"id": SHARED_VAULT_ID}, "key": {"name": "theirs"}},
        says="already has a key",
        stands=False,
    ),
    Row(
        "a key of others that was deleted",
        [["az keyvault key recover"]],
        [
            shared_vault,
            partial(make_shared_key, id=f"{SHARED_VAULT_ID}/keys/theirs"),
            partial(delete_key, key="theirs"),
        ],
        {"key": {"id": f"{SHARED_VAULT_ID}/keys/theirs"}},
        says="there is no key",
        stands=False,
    ),
    Row(
        "a group that is not there",
        [["az group create"]],
        change={"existingResourceGroupName": "rg-claims"},
        says="which does not exist; create it with",
        stands=False,
    ),
    Row(
        "a login without rights",
        [["az role assignment create"]],
        [few_rights],
        says="Azure would refuse this login",
        mode=ROLES,
        stands=False,
    ),
)
ROWS = (*TAKEN, *GONE, *VERSIONS, *CHANGES, *FIRST)
EVERYDAY_ROW = "a vault that was closed, own program"
"""Lived every day, so that the machine itself is known to work."""
NO_ROW = {
    "deletes_data": "needs a kind of account whose data Azure deletes",
    "_kind": "needs an account that Azure has upgraded",
    "_encryption": "needs an account that manages projects, or one in a vault of others",
    "_projects": "needs a Foundry account",
    "_other_vault": "needs a kind of account that keeps its vault",
    "_formerly_made": "needs a state of an earlier version",
    "no_longer_declared": "needs several services in one stack",
    "elsewhere": "needs a login to another subscription or tenant",
    "unreadable_account": "needs a login that may write what it may not read",
    "gone": "needs a user-assigned identity",
    "revoked_at_unknown_key": "needs an account that somebody has bound to a key of another vault",
    "problems": "takes its words from _of_vault and _of_account, of which there are rows",
    "operator_has_access": "takes its words from leave_operator_out, of which there is a row",
}
"""Functions of core/service with a refusal that no row meets, and why; tests beside this one follow it on the
engine in their process, those of the last two excepted."""
_PRINTS = "prints what a setting takes, and a person has to paste it there"
_TEMPLATE = "has a gap that a person fills in"
_HSM = "needs a managed HSM, which no update makes"
NOT_TYPED = {
    "ad user show": _PRINTS,
    "keyvault show": _PRINTS,
    "monitor log-analytics workspace list": _PRINTS,
    "resource list": _PRINTS,
    "keyvault key list-versions": _PRINTS,
    "search admin-key show": _PRINTS,
    "identity show": _TEMPLATE,
    "cognitiveservices account show": _TEMPLATE,
    "network list-service-tags": _TEMPLATE,
    "keyvault key restore": _TEMPLATE,
    "keyvault security-domain download": _TEMPLATE,
    "keyvault role assignment create": _HSM,
    "keyvault update-hsm": _HSM,
    "cloud set": "logs in, which the local Azure's variables do",
    "login": "logs in, which the local Azure's variables do",
    "rest": "needs an account that Azure plans to upgrade",
    "keyvault key rotate": "needs a program that composes the binding alone",
    "role assignment delete": "needs access that the same person gave in two places",
    "storage account update": "needs an account that writes to storage",
    "provider register": "needs a subscription in which a namespace is not registered",
    "policy exemption create": "needs an assignment of Azure Policy",
}
"""Commands of az that a refusal prints and no row types, and why. Each is carried out by a test beside this
one, unless it only reads."""


@pytest.fixture(scope="module")
def projects(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Projects]:
    folder = tmp_path_factory.mktemp("typed")
    with running_azure(folder / "home") as azure, Projects(azure, folder).opened() as made:
        yield made


@pytest.mark.engine
@pytest.mark.timeout(600)
@pytest.mark.parametrize(
    ("row", "form"),
    [
        pytest.param(row, form, id=name, marks=[pytest.mark.long] * (name != EVERYDAY_ROW))
        for row in ROWS
        for form in row.forms
        for name in [f"{row.what}, {form}"]
    ],
)
def test_what_is_printed_is_typed(row: Row, form: str, projects: Projects) -> None:
    """And nothing else is done; the account is bound then, its data is as readable as it should be, and
    another update would change nothing."""
    person, somebody = projects.at(form, row.mode, stands=row.stands)
    for step in row.before:
        if callable(step):
            step(somebody)
        elif isinstance(step, str):
            run = person.types(step)
            assert run.ok, run.output
        else:
            person.deploys(step)
    person.changes(row.change)
    # What comes after an update does not depend on the form, and a package's Python starts each time.
    follow(person, row.says, row.rounds, settles=form != "package")
    assert somebody.is_bound is row.bound
    assert somebody.readable is not row.revoked


@pytest.mark.engine
@pytest.mark.long
@pytest.mark.timeout(600)
@pytest.mark.parametrize("form", FORMS)
def test_what_is_printed_of_a_killed_engine_is_typed(form: str, projects: Projects) -> None:
    """The refusal to create the account again leads to `recover`, which is told of the lock, and by what it
    goes."""
    person, somebody = projects.at(form, POLICIES, stands=False)
    assert projects.killed(person, ACCOUNT_MADE)
    way = [
        "recover --stack dev",
        "pulumi cancel",
        "recover --stack dev",
        "pulumi up --stack dev --refresh --run-program",
    ]
    follow(person, "exists already", [way])
    assert somebody.is_bound
    assert somebody.readable


@pytest.mark.engine
@pytest.mark.long
@pytest.mark.parametrize("form", FORMS)
def test_a_way_that_does_not_lead_out_is_noticed(form: str, projects: Projects) -> None:
    """An update that is typed at once asks the same question again."""
    person, somebody = projects.at(form, POLICIES, stands=True)
    take_grant(somebody)
    with pytest.raises(NoWayError, match="it is said still"):
        follow(person, "was removed outside Pulumi", [["pulumi up"]])


@pytest.mark.engine
@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("run `az keyvault update --nam kv-claims`", "has no option nam"),
        ("run `az keyvault open --name kv-claims`", "is not an az command"),
        ("run `az keyvault update --bypass AzureServices`", "requires name"),
        ("run `az keyvault update --name kv-none --bypass None`", "no vault 'kv-none'"),
        ("run `az keyvault update --name 'kv-claims`", "unexpected EOF"),
        ("run az keyvault update --name kv-claims --bypass None", "is not printed"),
        ("run `az keyvault update --name NAME`", "is not printed"),
    ],
)
def test_a_broken_command_is_noticed(text: str, says: str, projects: Projects, tmp_path: Path) -> None:
    """As it is printed: one that az lacks, or the shell; one without its quotes, or with a gap in it."""
    person = projects.anybody(tmp_path)
    with pytest.raises(NoWayError, match=says):
        person.goes(["az keyvault"], text)


def test_every_refusal_of_a_service_has_a_row() -> None:
    """Or a reason why there is none, by the function of core/service that says it."""
    said = [row.says for row in ROWS if row.says]
    found = {
        (name, text) for path in (ROOT / "core" / "service").glob("*.py") for name, text in _problems(path)
    }
    unmet = {name for name, text in found if not any(words in text for words in said)}
    assert unmet == {*NO_ROW}


def test_every_command_of_a_refusal_has_a_row() -> None:
    """That types it; or there is a reason why none does."""
    rooms = ("core/", "components/", "provider/", "settings/")
    printed = {
        found["words"] for place, text in TEXTS if place.startswith(rooms) for found in COMMAND.finditer(text)
    }
    typed = {
        step.removeprefix("az ")
        for row in ROWS
        for way in row.rounds
        for step in way
        if step.startswith("az ")
    }
    assert printed - typed == {*NOT_TYPED}
    assert typed - printed == set()


def _problems(path: Path) -> Iterator[tuple[str, str]]:
    """The text of each problem that a module constructs, with the name of the function."""
    for function in ast.walk(ast.parse(path.read_text())):
        if isinstance(function, ast.FunctionDef):
            for call in ast.walk(function):
                if (
                    isinstance(call, ast.Call)
                    and isinstance(call.func, ast.Name)
                    and call.func.id == "Problem"
                ):
                    yield function.name, text_of(call.args[1]) or ""
