"""The command by which the outputs say that a service is called, run by the az CLI as a person runs it."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from core import kinds
from core.calls import example_command
from tests.clients.programs import PROGRAMS, MissingToolError
from tests.support.arm_client import ARM, Client, token
from tests.support.azure import running_azure
from tests.support.cloud import data_role, let_deployer_call

_OPENAI_USER = "5e0bd9bd-7b93-4f28-af87-19fc36ad61bd"


@pytest.mark.timeout(1500)
def test_the_example_command_is_answered(tmp_path: Path) -> None:
    """Language and OpenAI answer whoever has a role, with what the service's documentation shows."""
    az = next(program for program in PROGRAMS if program.name == "az")
    program = replace(az, command=lambda folder, _: ["bash", f"{folder}/call.sh"])
    try:
        program.ready()
    except MissingToolError as missing:
        pytest.skip(str(missing))
    with running_azure(tmp_path / "home") as azure:
        let_deployer_call(azure)
        group = f"/subscriptions/{azure.env['AZURE_SUBSCRIPTION_ID']}/resourceGroups/rg"
        path, body = data_role()
        path = path.replace("roleAssignments/f07febfe", "roleAssignments/00000000")
        definitions = body["properties"]["roleDefinitionId"].rpartition("/")[0]
        body["properties"]["roleDefinitionId"] = f"{definitions}/{_OPENAI_USER}"
        client = Client(azure.env, ARM, token(azure.env, f"https://{ARM}"))
        assert client.send("PUT", f"{group}?api-version=2024-03-01", {"location": "westeurope"})[0] == 201
        assert client.send("PUT", path, body)[0] == 201
        commands = []
        for kind in (kinds.named("TextAnalytics"), kinds.named("OpenAI")):
            name = f"{kind.prefix}-called"
            made = {
                "location": "westeurope",
                "kind": kind.name,
                "sku": {"name": kind.tiers[0]},
                "properties": {"customSubDomainName": name, "disableLocalAuth": True},
            }
            account = f"{group}/providers/Microsoft.CognitiveServices/accounts/{name}?api-version=2025-06-01"
            answered = client.send("PUT", account, made)[1]
            commands.append(example_command(kind, answered["properties"]["endpoint"]) or "")
        said = program.run(azure, tmp_path, *commands)
    language, end = json.JSONDecoder().raw_decode(said)
    models = json.loads(said[end:])
    assert language["results"]["documents"][0]["detectedLanguage"]["iso6391Name"] == "(Unknown)"
    assert models == {"data": [], "object": "list"}
