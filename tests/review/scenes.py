"""Recorded previews in which nothing changes, and ways to change one thing in them.

Owns: three kinds of stacks. `plain` and `project` are recordings of the real engine: another program, which
grants by roles, and this project's component, which grants by access policies. `elsewhere` is what two stacks
see of one service: one holds the account and its binding, the other the vault, its key and the grants.
"""

import copy
import json
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any, Final

from core.resource_types import Kind, kind_of
from review import report
from review.approvals import Approval
from review.preview import read, token_of
from tests.review.build import TODAY, Step

FIXTURES = Path(__file__).resolve().parent / "fixtures"
STACKS: Final = ("plain", "project", "elsewhere")
OTHER = "99999999-9999-4999-8999-999999999999"
ROLE: Final = "/providers/Microsoft.Authorization/roleDefinitions/"
_RECORDED: Final = {"plain": "no-change", "project": "project-no-change", "elsewhere": "no-change"}
_OF_THE_ACCOUNT: Final = {Kind.ACCOUNT, Kind.BINDING, Kind.KEY_VERSION}
_POLICY: Final = "azure-native:keyvault:AccessPolicy"
_ASSIGNMENT: Final = "azure-native:authorization:RoleAssignment"


@cache
def _recorded(name: str) -> str:
    return (FIXTURES / f"{name}.json").read_text()


class Scene:
    """A preview of a stack; what is changed is changed in the plan, or outside Pulumi."""

    def __init__(self, stack: str) -> None:
        self.stack = stack
        document = json.loads(_recorded(_RECORDED[stack]))
        # The plan's steps; what a refresh found is their old state.
        self.steps: list[Step] = [
            one for one in document["steps"] if one["op"] != "refresh" and self._kind(one) is not None
        ]
        self.refreshed: list[Step] = []
        self.sides: set[Kind] = set()

    @staticmethod
    def _kind(step: Step) -> Kind | None:
        return kind_of(token_of(step["urn"]))

    def step(self, kind: Kind) -> Step:
        """The step of a resource of that kind: of several, the service's own grant and the vault's audit."""
        found = [one for one in self.steps if self._kind(one) is kind]
        if kind is Kind.ACCESS_POLICY:
            found = [one for one in found if "operator" not in one["urn"]]
        if kind is Kind.DIAGNOSTIC_SETTING:
            found = [one for one in found if "/vaults/" in one["oldState"]["inputs"]["resourceUri"]]
        return found[0]

    def _changed(self, kind: Kind) -> Step:
        self.sides.add(kind)
        return self.step(kind)

    @property
    def grant(self) -> Kind:
        """How this stack's vault grants."""
        rbac = self.step(Kind.VAULT)["oldState"]["inputs"]["properties"]["enableRbacAuthorization"]
        return Kind.ROLE_ASSIGNMENT if rbac else Kind.ACCESS_POLICY

    @property
    def vault_id(self) -> str:
        found: str = self.step(Kind.VAULT)["oldState"]["id"]
        return found

    @property
    def group_id(self) -> str:
        return self.vault_id.split("/providers/")[0]

    @property
    def principal(self) -> str:
        """The object id of the account's own identity."""
        account = next(one for one in self.steps if self._kind(one) is Kind.ACCOUNT)
        found: str = account["oldState"]["outputs"]["identity"]["principalId"]
        return found

    @property
    def key_uri(self) -> str:
        binding = next(one for one in self.steps if self._kind(one) is Kind.BINDING)
        found: str = binding["oldState"]["inputs"]["keyUriWithVersion"]
        return found.rpartition("/")[0]

    # What the update does.

    def set(self, kind: Kind, path: str, value: Any, op: str = "update") -> None:
        """Changes one input; None takes it out."""
        step = self._changed(kind)
        step["op"] = op
        step["newState"] = new = copy.deepcopy(step["newState"])
        new["outputs"] = {}
        _put(new["inputs"], path, value)

    def had(self, kind: Kind, path: str, value: Any) -> None:
        """Sets what was so before, and stays so."""
        step = self.step(kind)
        for state in (step["oldState"], step["newState"]):
            _put(state["inputs"], path, value)
            if state.get("outputs"):
                _put(state["outputs"], path, value)

    def write(self, kind: Kind) -> None:
        """Writes it again as it is."""
        self._changed(kind)["op"] = "update"

    def delete(self, kind: Kind, *, retain: bool = False) -> None:
        step = self._changed(kind)
        step["op"] = "delete"
        step["oldState"] = {**step["oldState"], "retainOnDelete": retain}
        step.pop("newState")

    def replace(self, kind: Kind, path: str = "", value: Any = None) -> None:
        if path:
            self.set(kind, path, value)
        self._changed(kind)["op"] = "replace"

    def create(self, token: str, name: str, inputs: dict[str, Any], **more: Any) -> None:
        urn = f"urn:pulumi:dev::p::{token}::{name}"
        state = {"urn": urn, "type": token, "inputs": inputs, "outputs": {}, **more}
        self.steps.append({"op": "create", "urn": urn, "newState": state})
        self.sides.add(Kind.VAULT)

    def hold(self, token: str, name: str, inputs: dict[str, Any], id: str = "/x") -> None:
        """A resource that is there, and stays as it is."""
        urn = f"urn:pulumi:dev::p::{token}::{name}"
        state = {"urn": urn, "type": token, "id": id, "inputs": inputs, "outputs": copy.deepcopy(inputs)}
        self.steps.append({"op": "same", "urn": urn, "oldState": state, "newState": copy.deepcopy(state)})

    def unprotect(self, kind: Kind) -> None:
        step = self._changed(kind)
        step["oldState"] = {**step["oldState"], "protect": True}
        step["newState"] = {**step["newState"], "protect": False}

    # What somebody did outside Pulumi.

    def outside(self, kind: Kind, path: str, value: Any, *, mended: bool = True) -> None:
        """A refresh finds one property changed; the update puts it back, or leaves it."""
        step = self._changed(kind)
        before = copy.deepcopy(step["oldState"])
        live = copy.deepcopy(before)
        for part in ("inputs", "outputs"):
            if part == "inputs" or isinstance(_get(live[part], path.rpartition(".")[0]), dict):
                _put(live[part], path, value)
        self.refreshed.append({"op": "refresh", "urn": step["urn"], "oldState": before, "newState": live})
        step["oldState"] = live
        if mended:
            step["op"] = "update"
        else:
            step["newState"] = copy.deepcopy(live)

    def gone(self, kind: Kind, *, again: bool = False) -> None:
        """A refresh finds it deleted; the update makes it again, or not."""
        step = self._changed(kind)
        before = step.pop("oldState")
        self.refreshed.append({"op": "refresh", "urn": step["urn"], "oldState": before})
        if again:
            step["op"] = "create"
            step["newState"] = {**step["newState"], "outputs": {}}
            step["newState"].pop("id", None)
        else:
            self.steps.remove(step)

    # How the vault grants.

    def by_policies(self, *permissions: str, **policy: Any) -> None:
        """Makes the vault look at access policies, with one for the account, before anything changes."""
        self._without_grants(rbac=False)
        entry = {
            "objectId": self.principal,
            "permissions": {"keys": [*(permissions or ("get", "wrapKey", "unwrapKey"))]},
            "tenantId": self.step(Kind.VAULT)["oldState"]["inputs"]["properties"]["tenantId"],
            **policy,
        }
        vault = self.step(Kind.VAULT)["oldState"]["inputs"]["vaultName"]
        self.hold(_POLICY, "access", {"vaultName": vault, "policy": entry})

    def by_roles(self, role: str = "e147488a-f6f5-4113-8e2d-b22465e65bf6", scope: str = "") -> None:
        """Makes the vault look at role assignments, with one for the account, before anything changes."""
        self._without_grants(rbac=True)
        inputs = {
            "scope": scope or f"{self.vault_id}/keys/{self.key_uri.rpartition('/')[2]}",
            "principalId": self.principal,
            "roleDefinitionId": f"{ROLE}{role}",
        }
        self.hold(_ASSIGNMENT, "grant", inputs)

    def _without_grants(self, *, rbac: bool) -> None:
        grants = {Kind.ACCESS_POLICY, Kind.ROLE_ASSIGNMENT}
        self.steps = [one for one in self.steps if self._kind(one) not in grants]
        self.had(Kind.VAULT, "properties.enableRbacAuthorization", rbac)
        for state in ("oldState", "newState"):
            outputs = self.step(Kind.VAULT)[state].get("outputs")
            if outputs:
                outputs["properties"]["accessPolicies"] = []

    # What a reviewer reads of it.

    def review(self, given: Sequence[Approval] = ()) -> report.Review:
        """The review under approvals; of the stack that the change is in, where there are two."""
        steps, refreshed = self.steps, self.refreshed
        if self.stack == "elsewhere":
            of_account = bool(self.sides & _OF_THE_ACCOUNT) and not self.sides - _OF_THE_ACCOUNT
            steps, refreshed = (
                [one for one in some if (self._kind(one) in _OF_THE_ACCOUNT) is of_account]
                for some in (steps, refreshed)
            )
        document = {"steps": [*refreshed, *steps], "changeSummary": {"same": 1}, "duration": 1}
        return report.make(read(json.dumps(document)), given, TODAY)

    def verdicts(self) -> list[str]:
        """The verdicts of all rows by name, sorted."""
        return sorted(one.verdict.name.value for row in self.review().rows for one in row.verdicts)


def _get(properties: Any, path: str) -> Any:
    for name in filter(None, path.split(".")):
        properties = properties.get(name) if isinstance(properties, dict) else None
    return properties


def _put(properties: Any, path: str, value: Any) -> None:
    *way, last = path.split(".")
    for name in way:
        if not isinstance(properties.get(name), dict):
            properties[name] = {}
        properties = properties[name]
    if value is None:
        properties.pop(last, None)
    else:
        properties[last] = value
