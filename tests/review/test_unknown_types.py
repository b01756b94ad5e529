"""Resources of types that the review does not know: they pass only where they are known to be unable to touch
a key, an account or a grant."""

import json
from typing import Any

import pytest

from core.verdicts import Name
from review import plan, report
from review.preview import PreviewError
from tests.review.build import TODAY, bound, state, step, urn, verdicts
from tests.review.test_plan import entry, planned, refresh

GENERIC, AZAPI = "azure-native:resources:Resource", "azapi:index:Resource"
RUNS_ANYTHING = (
    "command:local:Command",
    "command:remote:Command",
    "pulumi-python:dynamic:Resource",
    "pulumi-nodejs:dynamic:Resource",
    "azure-native:resources:AzureCliScript",
    "azure-native:resources:AzurePowerShellScript",
    "azure-native:resources/v20231001:AzureCliScript",
    "azure-native:resources:DeploymentScript",
    "azure-native:automation:Runbook",
    "azure-native:automation:Job",
    "azure-native:compute:VirtualMachineRunCommandByVirtualMachine",
    "azure-native:web:WebApp",
    "azure-native:logic:Workflow",
    "azure-native:authorization:PolicyAssignment",
    "azure-native:policyinsights:RemediationAtSubscription",
    "azuread:index/groupMember:GroupMember",
    "docker:index/container:Container",
    "kubernetes:batch/v1:Job",
    "pulumiservice:index:DeploymentSettings",
    "terraform-provider:index:Resource",
    "randomly:index:Resource",
    "azure-native:networkanalytics:DataProduct",
    "",
)
HARMLESS = (
    "random:index/randomId:RandomId",
    "tls:index/privateKey:PrivateKey",
    "time:index/sleep:Sleep",
    "pulumi:providers:azure-native",
    "pulumi:pulumi:StackReference",
    "azure-native:network:VirtualNetwork",
    "azure-native:network/v20240501:Subnet",
    "azure-native:privatedns:PrivateZone",
    "azure-native:operationalinsights:Workspace",
    "azure-native:monitor:ActionGroup",
    "azure-native:storage:StorageAccount",
    "azure-native:keyvault:Secret",
    "azure-cmk:index:KeyAccessValidation",
)
Inputs = dict[str, Any]


def generic(type: str) -> Inputs:
    namespace, _, last = type.partition("/")
    return {"resourceProviderNamespace": namespace, "resourceType": last, "resourceName": "x"}


def verdicts_on(op: str, token: str, inputs: Inputs | None = None, *, custom: bool = True) -> list[str]:
    """The verdicts on one resource beside a bound account to which nothing happens."""
    one = state(inputs or {"a": "b"}, {}, custom=custom, id="x")
    old, new = (None if op == "create" else one), (None if op == "delete" else one)
    return [name for name in verdicts(*bound(), step(op, token, "x", old, new)) if name != "re-asserted"]


@pytest.mark.parametrize("token", RUNS_ANYTHING)
def test_what_may_run_anything_needs_an_approval(token: str) -> None:
    """Made, changed, replaced or deleted: a command has one for its deletion, too. Not where it stays."""
    for op in ("create", "update", "replace", "delete"):
        assert verdicts_on(op, token) == ["undetermined"], op
    assert verdicts_on("same", token) == []


@pytest.mark.parametrize("token", HARMLESS)
def test_what_is_known_to_be_harmless_passes(token: str) -> None:
    """Without it, each program with a random name or a network would need an approval."""
    assert {op: verdicts_on(op, token) for op in ("create", "update", "delete")} == {
        op: [] for op in ("create", "update", "delete")
    }


def test_a_component_writes_nothing_by_itself() -> None:
    """Whatever its type: its children are resources of their own."""
    assert verdicts_on("create", "my:index:Thing", custom=False) == []


@pytest.mark.parametrize(
    ("token", "inputs", "names"),
    [
        (GENERIC, generic("Microsoft.Network/publicIPAddresses"), []),
        (GENERIC, generic("Microsoft.Network/networkSecurityPerimeters"), ["undetermined"]),
        (GENERIC, generic("Microsoft.KeyVault/vaults"), ["undetermined"]),
        (GENERIC, generic("Microsoft.CognitiveServices/accounts"), ["undetermined"]),
        (GENERIC, generic("Microsoft.KeyVault/vaults/secrets"), []),
        (GENERIC, generic("Microsoft.Resources/deploymentScripts"), ["undetermined"]),
        (GENERIC, generic("Microsoft.Web/sites"), ["undetermined"]),
        (AZAPI, {"type": "Microsoft.Network/publicIPAddresses@2024-05-01"}, []),
        (AZAPI, {"type": "Microsoft.Automation/automationAccounts/runbooks@2023-11-01"}, ["undetermined"]),
    ],
)
def test_a_generic_resource_is_judged_by_its_type(token: str, inputs: Inputs, names: list[str]) -> None:
    """Of azure-native and of azapi."""
    assert verdicts_on("create", token, inputs) == names


def test_a_plan_says_the_same_and_leaves_none_out() -> None:
    """The gate reads the plan: a new command is undetermined, and one that stands may not be left out."""
    command = "command:local:Command"
    document = json.loads(planned())
    planned_command = entry(command, ["create"], {"adds": {"create": "az ..."}})
    planned_command["goal"]["custom"] = True
    document["resourcePlans"][urn(command, "x")] = planned_command
    made = report.make(plan.read(json.dumps(document), refresh()), (), TODAY)
    assert [one.verdict.name for row in made.rows for one in row.verdicts] == [Name.UNDETERMINED]
    found = json.loads(refresh())
    found["steps"].append(step("refresh", command, "x", state({}), state({})))
    with pytest.raises(PreviewError, match=r"the plan does not mention .*Command::x"):
        plan.read(planned(), json.dumps(found))
