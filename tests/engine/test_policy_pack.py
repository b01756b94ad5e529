"""The policy pack in the real engine: over exported states, in a preview, in an update."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from localazure.environment import checkout
from policies import publish
from policies.rule import Asked
from policies.rules import RULES
from tests.engine.shared import done, refused
from tests.policies import stacks
from tests.policies.asking import Thing
from tests.policies.bags import with_change
from tests.support.azure import RunningAzure
from tests.support.slow_clock import BEFORE_RETIREMENTS
from tests.support.stack import ROOT, Stack

pytestmark = pytest.mark.engine
PROGRAMS = Path(__file__).with_name("programs")


def _state(things: Mapping[str, Thing]) -> dict[str, Any]:
    """A stack as `pulumi stack export` writes it."""
    urns = {name: thing.urn for name, thing in things.items()}
    resources: list[dict[str, Any]] = [
        {
            "urn": "urn:pulumi:prod::shop::pulumi:pulumi:Stack::shop-prod",
            "type": "pulumi:pulumi:Stack",
            "custom": False,
        }
    ]
    for thing in things.values():
        dependencies = {
            name: [urns[one] for one in ones] for name, ones in thing.property_dependencies.items()
        }
        resources.append(
            {
                "urn": thing.urn,
                "type": thing.type,
                "custom": True,
                "id": str(thing.props.get("id", thing.name)),
                "inputs": stacks.declared(thing).props,
                "outputs": thing.props,
                "protect": thing.protect,
                "ignoreChanges": list(thing.ignore_changes),
                "dependencies": sorted(
                    {
                        *(urns[one] for one in thing.depends_on),
                        *(one for ones in dependencies.values() for one in ones),
                    }
                ),
                "propertyDependencies": dependencies,
            }
        )
    manifest = {"time": "2026-01-01T00:00:00Z", "magic": "", "version": "v3.259.0"}
    return {"version": 3, "deployment": {"manifest": manifest, "resources": resources}}


def analyze(
    folder: Path, things: Mapping[str, Thing], *words: str, pack: Path = ROOT / "policies"
) -> subprocess.CompletedProcess[str]:
    """Runs the pack over an exported state, without any provider."""
    state = folder / "state.json"
    state.write_text(json.dumps(_state(things)))
    search_path = os.pathsep.join([str(ROOT / ".pulumi" / "bin"), os.environ["PATH"]])
    command = [
        "pulumi",
        "policy",
        "analyze",
        "--file",
        str(state),
        "--policy-pack",
        str(pack),
        *words,
    ]
    return subprocess.run(
        command,
        cwd=folder,
        env={**os.environ, **checkout(folder, search_path)},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


def test_an_exported_state_of_a_right_stack_is_let_through(tmp_path: Path) -> None:
    """Without configuration: exit code 0 and no finding."""
    run = analyze(tmp_path, stacks.two_phases())
    assert run.returncode == 0, run.stdout + run.stderr
    assert "[mandatory]" not in run.stdout
    assert "[advisory]" not in run.stdout


def test_an_exported_state_of_a_wrong_stack_is_refused(tmp_path: Path) -> None:
    """A rule on a resource and a rule on the stack both name what they found."""
    things = stacks.two_phases()
    things["key"] = replace(things["key"], props=with_change(things["key"].props, "properties.keySize", 3072))
    things["account"] = replace(things["account"], ignore_changes=())
    run = analyze(tmp_path, things)
    assert run.returncode != 0
    assert "key-rsa-2048" in run.stdout
    assert "found: the key has 3072 bits" in run.stdout
    assert "one-writer" in run.stdout


@pytest.mark.long
def test_a_built_pack_judges_outside_the_checkout(tmp_path: Path) -> None:
    """The folder that `python -m policies.publish` builds, with an environment of its own packages alone: it
    lets a right stack through and refuses a wrong one."""
    built = publish.build(tmp_path / "elsewhere" / "pack")
    (built / "venv").symlink_to(ROOT / ".venv")
    right = analyze(tmp_path, stacks.two_phases(), pack=built)
    assert right.returncode == 0, right.stdout + right.stderr
    things = stacks.two_phases()
    things["key"] = replace(things["key"], props=with_change(things["key"].props, "properties.keySize", 3072))
    wrong = analyze(tmp_path, things, pack=built)
    assert wrong.returncode != 0
    assert "found: the key has 3072 bits" in wrong.stdout


def test_a_stack_that_makes_keys_for_others_is_judged_where_the_configuration_says_so(tmp_path: Path) -> None:
    """The engine tells the pack the configured levels, of unused-by-accounts and of the rule that refuses."""
    things = {name: one for name, one in stacks.two_phases().items() if name in ("group", "vault", "audit")}
    short = with_change(things["vault"].props, "properties.softDeleteRetentionInDays", 30)
    things["vault"] = replace(things["vault"], props=short)
    config = tmp_path / "config.json"
    levels: dict[str, dict[str, object]] = {
        "vault-retention": {"enforcementLevel": "mandatory", "minimumDays": 90}
    }
    for level, refuses in (("advisory", False), ("mandatory", True)):
        config.write_text(json.dumps({**levels, "unused-by-accounts": {"enforcementLevel": level}}))
        run = analyze(tmp_path, things, "--policy-pack-config", str(config))
        assert (run.returncode != 0) is refuses, run.stdout + run.stderr
        assert "softDeleteRetentionInDays is 30" in run.stdout


BLOCKED_IN_PREVIEW = sorted(
    {rule.name for rule in RULES if rule.asked in (Asked.STEP, Asked.USED) and rule.level == "mandatory"}
    | {
        "account-has-customer-key",
        "bound-after-grant",
        "project-after-key",
        "grant-present",
        "same-region",
        "same-tenant",
        "one-writer",
    }
    | {"account-fits-its-kind", "no-mixed-access-policies", "vault-audited", "account-outbound-compatible"}
    | {"cmk-no-versionless", "cmk-not-at-create-with-system-identity"}
)


def _put_program(stack: Stack, name: str) -> None:
    (stack.folder / "__main__.py").write_text((PROGRAMS / name).read_text())


def test_every_mandatory_rule_blocks_in_preview(stack: Stack, azure: RunningAzure) -> None:
    """One program breaks every mandatory rule; its preview names each of them, and nothing is created. A
    permission model is asked for only where one is configured."""
    _put_program(stack, "every_violation.py")
    config = stack.folder / "model.json"
    config.write_text(json.dumps({"vault-permission-model": {"model": "access-policy"}}))
    run = refused(stack.pulumi("preview", "--policy-pack", "policies", "--policy-pack-config", str(config)))
    missing = [name for name in BLOCKED_IN_PREVIEW if f"  {name}  (" not in run.output]
    assert missing == [], run.output
    assert "could not be evaluated" not in run.output


def test_an_update_without_preview_creates_no_refused_account(stack: Stack, azure: RunningAzure) -> None:
    """With --skip-preview an account that a rule on one resource refuses is not created."""
    azure.set_clock(BEFORE_RETIREMENTS)
    _put_program(stack, "shaped.py")
    (stack.folder / "shape.json").write_text(json.dumps({"sku": "F0"}))
    refused(
        stack.pulumi("up", "--yes", "--skip-preview", "--policy-pack", "policies"),
        "account-tier-supports-cmk",
    )
    kinds = {one["type"] for one in stack.resources() if one.get("custom")}
    assert "azure-native:cognitiveservices:Account" not in kinds


@pytest.mark.long
@pytest.mark.parametrize(
    ("way", "then"),
    [
        ({"unbindAccount": "lang-contoso-dev"}, {"encryption": "microsoftManaged"}),
        ({"protect": False}, {}),
    ],
    ids=["unbind", "unprotect"],
)
def test_the_ways_out_pass_the_pack(
    empty_azure: RunningAzure, tmp_path: Path, way: dict[str, Any], then: dict[str, Any]
) -> None:
    """A protected service, on a stack of any name: the setting alone, and then what it allows, pass under the
    policy pack; where there is an account again, the next update protects it."""
    stack = Stack(tmp_path / "language-cmk", empty_azure.env, name="prod-eu")
    stack.configure(protect=None)
    done(stack.deploy())
    stack.configure(**way)
    done(stack.up())
    stack.configure(**then)
    done(stack.up())
