"""A refusal that is followed to its end: what it prints is parsed and carried out, until an update succeeds.

Owns: the ways out that a message may print, as patterns, each with what a person then does. A message that
prints none of them, or whose ways do not lead out, is a dead end.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field

from components.access import USE
from core.resource_types import ACCOUNT
from localazure import seed
from localazure.authorization import assign_role
from tests.ways_out.world import VAULT_ID, World, later

MOST_UPDATES = 8
"""How many updates a way out may take."""
_SETTING = re.compile(r"\bset ([a-zA-Z.]+): (?!the )([\w-]+)")
_SET_POLICY = re.compile(
    r"az keyvault set-policy --name kv-claims --object-id (?P<object_id>[0-9a-f-]{36}) "
    r"--key-permissions (?P<permissions>[\w ]+)"
)
_ASSIGN = re.compile(r'az role assignment create .*--role "?(?P<role>[A-Z][\w ]+?)"? --')
_OTHER_MODEL = re.compile(
    r"First grant the identity (?P<identity>[\w-]+) access in the new model.*"
    r"az keyvault update --name kv-claims --enable-rbac-authorization (?P<to_roles>true|false)"
)
_IMPORT = re.compile(r"take it over with `pulumi import (?P<type>\S+) (?P<name>\S+) (?P<id>/[^`]+)`")
_RECOVER = re.compile(
    r"account '(?P<account>[\w-]+)' exists at (?P<id>/[^,]+), and this stack does not record it"
)
_CUT_OFF = re.compile(
    r"exists already at (?P<id>/\S+) .*?with `python -m operate recover` if an update of this stack was cut"
)
_ONE_OF_THEM = re.compile(r"^ *(\w+): is for .*; remove one of them$", re.MULTILINE)
_PUT_BACK = re.compile(
    r"keep the setting as it was|make a service of another name|make another service|use a key there|"
    r"give the new account another name|Make the new vault elsewhere",
    re.IGNORECASE,
)


class DeadEndError(AssertionError):
    """A refusal that prints no way out, or none that leads out."""


def _snake(name: str) -> str:
    return re.sub(r"[A-Z]", lambda found: "_" + found[0].lower(), name)


@dataclass
class Way:
    """The way out of one refusal. `back` puts the change back, for a message that says to leave it be;
    `steps` is what was done; `lost` is the account whose loss a message has named."""

    world: World
    back: Callable[[], None] = lambda: None
    steps: list[str] = field(default_factory=list)
    named: set[str] = field(default_factory=set)

    def follow(self) -> None:
        """Updates until one succeeds. Raises DeadEndError."""
        text = ""
        for _ in range(MOST_UPDATES):
            text = self.world.up()
            if not text:
                return
            self._carry_out(text)
        raise DeadEndError(f"no way out in {MOST_UPDATES} updates: {self.steps}\n{text}")

    def _carry_out(self, text: str) -> None:
        done = len(self.steps)
        if "run `pulumi refresh`" in text or "Run `pulumi refresh`" in text:
            self._once("refresh", self.world.engine.refresh)
        self._recover(text)
        for one in _ONE_OF_THEM.findall(text):
            self._once(f"without {one}", lambda one=one: self.world.settings.pop(_snake(one)))  # type: ignore[misc]
        if "az cognitiveservices account identity assign" in text:
            assigned = {"identity": {"type": "SystemAssigned"}}
            self._once("identity", lambda: self.world.arm("PATCH", self.world.account_id, assigned))
        if found := _SET_POLICY.search(text):
            object_id, permissions = found["object_id"], found["permissions"].split()
            self._once("set-policy", lambda: self._permit(object_id, permissions))
        if found := _OTHER_MODEL.search(text):
            identity, to_roles = found["identity"], found["to_roles"] == "true"
            self._once("the other access model", lambda: self._switch(identity, to_roles=to_roles))
        if found := _ASSIGN.search(text):
            role = found["role"]
            self._once("role", lambda: self._assign(role))
        settings = list(dict.fromkeys(_SETTING.findall(text)))
        for number, (name, value) in enumerate(settings):
            self._once(f"{name}: {value}", lambda name=name, value=value: self._set(name, value))  # type: ignore[misc]
            if number + 1 < len(settings) and (failed := self.world.up()):
                raise DeadEndError(f"{self.steps}:\n{failed}")
        if len(self.steps) == done and re.search(r"run the (same command|update) again", text, re.IGNORECASE):
            self.steps.append("again")
            later(self.world)
        if len(self.steps) == done and _PUT_BACK.search(text):
            self._once("put back", self.back)
        if len(self.steps) == done:
            raise DeadEndError(f"after {self.steps}, no way out is printed that was not gone:\n{text}")

    def _recover(self, text: str) -> None:
        for missing in _IMPORT.finditer(text):
            self._take_over(missing["type"], missing["name"], missing["id"])
        for missing in _RECOVER.finditer(text):
            self._take_over(ACCOUNT, "claims-account", missing["id"])
        for missing in _CUT_OFF.finditer(text):
            declared = self.world.engine.declared - {*self.world.engine.state}
            provider, kind = missing["id"].split("/")[-3:-1]
            for urn in declared:
                type, name = urn.split("::")[2].rpartition("$")[2], urn.split("::")[3]
                if type.split(":")[1:] == [
                    provider.removeprefix("Microsoft.").lower(),
                    kind[:-1].capitalize(),
                ]:
                    self._take_over(type, name, missing["id"])

    def _take_over(self, type: str, name: str, id: str) -> None:
        self._once(f"import {name}", lambda: self.world.engine.take_over(type, name, id))

    def _permit(self, object_id: str, permissions: list[str]) -> None:
        entry = {
            "tenantId": seed.TENANT_ID,
            "objectId": object_id,
            "permissions": {"keys": permissions},
        }
        body = {"properties": {"accessPolicies": [entry]}}
        self.world.arm("PUT", f"{VAULT_ID}/accessPolicies/add", body)

    def _switch(self, identity: str, *, to_roles: bool) -> None:
        if to_roles:
            assign_role(self.world.wire.door.cloud, identity, USE.role.name, VAULT_ID)
        else:
            entry = {
                "tenantId": seed.TENANT_ID,
                "objectId": identity,
                "permissions": {"keys": [*USE.policy]},
            }
            body = {"properties": {"accessPolicies": [entry]}}
            self.world.arm("PUT", f"{VAULT_ID}/accessPolicies/add", body)
        self.world.arm("PATCH", VAULT_ID, {"properties": {"enableRbacAuthorization": to_roles}})
        self.world.engine.refresh()

    def _assign(self, role: str) -> None:
        assign_role(self.world.wire.door.cloud, seed.DEPLOYER.object_id, role, VAULT_ID)

    def _once(self, step: str, carry_out: Callable[[], object]) -> None:
        if step not in self.steps:
            self.steps.append(step)
            carry_out()

    def _set(self, name: str, value: str) -> None:
        self.named.add(name)
        self.world.settings[_snake(name)] = value
