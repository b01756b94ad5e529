"""Callers: the roles by which applications and people may use the account."""

from __future__ import annotations

from typing import Any

import pulumi
import pytest

from components.preflight.run import RefusedError
from components.service import EncryptedAIServicesAccount
from components.testing import CLIENT, DEPLOYER, PRINCIPAL
from core import roles
from tests.components.test_kinds import refused
from tests.support.recording import run, service


def test_a_person_and_a_group_get_the_roles_that_are_asked_for() -> None:
    """Several callers, each with its own role, under names of their own."""
    monitor = service(
        callers=[
            {
                "principal_id": CLIENT,
                "principal_type": "User",
                "role": roles.named("Cognitive Services Language Owner").name,
            },
            {"principal_id": PRINCIPAL, "principal_type": "Group", "name": "linguists"},
        ]
    )
    made = {found.name: found.inputs for found in monitor.of(":RoleAssignment")}
    person = made[f"language-caller-{CLIENT}-language-owner"]
    group = made[f"language-caller-{PRINCIPAL}-language-reader"]
    assert (person["principalType"], group["principalType"]) == ("User", "Group")
    assert person["roleDefinitionId"].endswith(roles.named("Cognitive Services Language Owner").id)
    assert group["roleDefinitionId"].endswith(roles.LANGUAGE_READER.id)


def test_a_caller_is_renamed_without_a_change() -> None:
    """The name of a caller is only for the reader; a stack that named the role by it keeps that role."""
    ways: list[list[dict[str, Any]]] = [
        [{"principal_id": CLIENT, "name": name}, {"principal_id": PRINCIPAL, "name": other}]
        for name, other in (("one", "two"), ("two", "one"), ("three", "four"))
    ]
    made = [service(callers=callers).of(":RoleAssignment") for callers in ways]
    assert len({frozenset(role.urn for role in roles_of_one) for roles_of_one in made}) == 1
    aliases = {role.inputs["principalId"]: role.request.aliases for role in made[0]}
    assert {id: [alias.spec.name for alias in of_one] for id, of_one in aliases.items()} == {
        CLIENT: ["language-caller-one"],
        PRINCIPAL: ["language-caller-two"],
    }


def test_an_identity_of_the_same_program_is_a_caller_by_its_name() -> None:
    """The object id may be an output, which a preview does not know yet."""

    def program() -> None:
        app = pulumi.Output.from_input(PRINCIPAL)
        callers: Any = [{"principal_id": app, "name": "claims-api"}]
        EncryptedAIServicesAccount("language", {"location": "westeurope", "callers": callers})

    role = run(program).one(":RoleAssignment")
    assert (role.name, role.inputs["principalId"]) == ("language-caller-claims-api", PRINCIPAL)


def test_fails_on_what_azure_would_refuse() -> None:
    """A role of another kind and a principal twice, in one answer; a role of one's own; and an output without
    a name, by which a preview knows the role assignment."""
    offered = ", ".join(f"'Cognitive Services Language {word}'" for word in ("Reader", "Writer", "Owner"))
    twice = "is listed more than once with one role, which Azure refuses; list it once"
    other = "found 'Cognitive Services OpenAI User', which is not for accounts of kind TextAnalytics"
    callers = [
        {"principal_id": CLIENT, "role": "Cognitive Services OpenAI User"},
        {"principal_id": PRINCIPAL},
        {"principal_id": PRINCIPAL.upper(), "name": "again"},
    ]
    assert refused(callers=callers) == [
        f"callers[0].role: {other}; expected one of {offered}",
        f"callers[1].principalId: {PRINCIPAL!r} {twice}",
        f"callers[2].principalId: 'again' {twice}",
    ]
    assert refused(callers=[{"principal_id": pulumi.Output.from_input(PRINCIPAL)}]) == [
        "callers[0].name: is required where principalId is an output, because a preview may not know it"
    ]
    (own,) = refused(callers=[{"principal_id": CLIENT, "role": "Owner"}])
    assert own.startswith("callers[0].role: found 'Owner', expected")


def test_the_deployer_is_a_caller_by_that_word() -> None:
    """Its object id is the login's, and Azure looks up whether it is a person or a pipeline; listing it by
    its object id instead changes nothing of the role."""
    monitor = service(callers=[{"principal_id": "deployer", "role": roles.LANGUAGE_WRITER.name}])
    role = monitor.one(":RoleAssignment")
    assert role.name == "language-caller-deployer-language-writer"
    assert role.inputs["principalId"] == DEPLOYER
    assert "principalType" not in role.inputs
    by_id = service(callers=[{"principal_id": DEPLOYER, "role": roles.LANGUAGE_WRITER.name}])
    aliases = [alias.spec.name for alias in by_id.one(":RoleAssignment").request.aliases]
    assert role.name in aliases


def test_fails_on_a_deployer_that_is_listed_by_its_object_id_too() -> None:
    """Azure would refuse the second of the two, which are one; with two roles they are no problem."""
    both: list[dict[str, Any]] = [{"principal_id": "deployer"}, {"principal_id": DEPLOYER}]
    with pytest.raises(RefusedError) as error:
        service(callers=both)
    twice = "is listed more than once with one role, which Azure refuses; list it once"
    assert [(problem.path, problem.text) for _, problem in error.value.problems] == [
        ("callers[0].principalId", f"'deployer' {twice}"),
        ("callers[1].principalId", f"{DEPLOYER!r} {twice}"),
    ]
    owner = roles.named("Cognitive Services Language Owner").name
    assert len(service(callers=[both[0], {**both[1], "role": owner}]).of(":RoleAssignment")) == 2
