"""A refusal that is followed to its end: what it prints is parsed and carried out, until an update succeeds.

Owns: the ways out that a message may print, as patterns, each with what a person then does. A message that
prints none of them, or whose ways do not lead out, is a dead end.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field

from components.access import USE
from localazure import seed
from tests.ways_out.world import VAULT_ID, Place

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
_ONE_OF_THEM = re.compile(r"^ *(?:language-cmk:)?(\w+): is for .*; remove one of them$", re.MULTILINE)
_PUT_BACK = re.compile(
    r"keep the setting as it was|make a service of another name|make another service|use a key there|"
    r"give the new account another name|Make the new vault elsewhere",
    re.IGNORECASE,
)


_AS_IT_WAS = re.compile(r"by an update with generation as it was; then")


class DeadEndError(AssertionError):
    """A refusal that prints no way out, or none that leads out."""


@dataclass
class Way:
    """The way out of one refusal. `back` puts the change back, for a message that says to leave it be;
    `steps` is what was done; `named` are the settings that a message has named."""

    world: Place
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
            self._once("refresh", self.world.refresh)
        for step, recover in self.world.recoveries(text):
            self._once(step, recover)
        for one in _ONE_OF_THEM.findall(text):
            self._once(f"without {one}", lambda one=one: self.world.set(one, None))  # type: ignore[misc]
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
            self._once("role", lambda: self.world.assign(seed.DEPLOYER.object_id, role))
        self._declare(text)
        if len(self.steps) == done and re.search(r"run the (same command|update) again", text, re.IGNORECASE):
            self.steps.append("again")
            self.world.wait()
        if len(self.steps) == done and _PUT_BACK.search(text):
            self._once("put back", self.back)
        if len(self.steps) == done:
            raise DeadEndError(f"after {self.steps}, no way out is printed that was not gone:\n{text}")

    def _declare(self, text: str) -> None:
        """The settings that a text names, in its order, with an update after each but the last."""
        settings = list(dict.fromkeys(_SETTING.findall(text)))
        if _AS_IT_WAS.search(text):
            self._once("as it was, then again", self._without_the_change)
        for number, (name, value) in enumerate(settings):
            self._once(f"{name}: {value}", lambda name=name, value=value: self._set(name, value))  # type: ignore[misc]
            if number + 1 < len(settings) and (failed := self.world.up()):
                raise DeadEndError(f"{self.steps}:\n{failed}")

    def _without_the_change(self) -> None:
        """An update of what was declared before, and then the change again."""
        wanted = dict(self.world.settings)
        self.back()
        Way(self.world, steps=self.steps).follow()
        self.world.settings.clear()
        self.world.settings.update(wanted)

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
            self.world.assign(identity, USE.role.name)
        else:
            self._permit(identity, [*USE.policy])
        self.world.arm("PATCH", VAULT_ID, {"properties": {"enableRbacAuthorization": to_roles}})
        self.world.refresh()

    def _once(self, step: str, carry_out: Callable[[], object]) -> None:
        if step not in self.steps:
            self.steps.append(step)
            carry_out()

    def _set(self, name: str, value: str) -> None:
        self.named.add(name)
        self.world.set(name, value)
