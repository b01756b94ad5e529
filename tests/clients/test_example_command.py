"""The command by which the outputs say that a service is called, run by the az CLI as a person runs it."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from core import kinds
from core.calls import example_command
from tests.clients.programs import PROGRAMS
from tests.operate.adopt.field import Field, group
from tests.support.azure import running_azure
from tests.support.cloud import let_deployer_call

_OPENAI_USER = "5e0bd9bd-7b93-4f28-af87-19fc36ad61bd"


@pytest.mark.timeout(1500)
def test_the_example_command_is_answered(tmp_path: Path) -> None:
    """Language and OpenAI answer whoever has a role, with what the service's documentation shows."""
    az = next(program for program in PROGRAMS if program.name == "az")
    program = replace(az, command=lambda folder, _: ["bash", f"{folder}/call.sh"])
    program.ready()
    with running_azure(tmp_path / "home") as azure:
        let_deployer_call(azure)
        let_deployer_call(azure, _OPENAI_USER)
        field = Field.at(azure.env)
        shared = field.group(group("rg"))
        commands = []
        for kind in (kinds.named("TextAnalytics"), kinds.named("OpenAI")):
            name = f"{kind.prefix}-called"
            made = {
                "location": "westeurope",
                "kind": kind.name,
                "sku": {"name": kind.tiers[0]},
                "properties": {"customSubDomainName": name, "disableLocalAuth": True},
            }
            account = f"{shared}/providers/Microsoft.CognitiveServices/accounts/{name}"
            answered = field.send("PUT", account, "2025-06-01", made)
            commands.append(example_command(kind, answered["properties"]["endpoint"]) or "")
        said = program.run(azure, tmp_path, *commands)
    language, end = json.JSONDecoder().raw_decode(said)
    models = json.loads(said[end:])
    assert language["results"]["documents"][0]["detectedLanguage"]["iso6391Name"] == "(Unknown)"
    assert models == {"data": [], "object": "list"}
