"""A refusal that is followed to its end: what it prints is parsed and carried out, until an update succeeds.

Owns: the ways out that a message may print, as patterns, each with what a person then does. A message that
prints none of them, or whose ways do not lead out, is a dead end.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from itertools import zip_longest
from typing import Any

from localazure import seed
from tests.remediation.world import Place, forbid, permit, recover_vault

MOST_UPDATES = 8
"""How many updates a way out may take."""
_SETTING = re.compile(r"\bset ([a-zA-Z.]+): (?!the )([\w/-](?:[\w/.@:-]*\w)?)")
_OF_A_POLICY = re.compile(r"\[mandatory\](?:(?!\[advisory\]).)*?fix: set ([a-zA-Z.]+) to (\w+)", re.DOTALL)
_REMOVED_FIRST = re.compile(r"First remove ([a-zA-Z.]+) and run")
_SET_POLICY = re.compile(
    r"az keyvault set-policy --name kv-claims --object-id (?P<object_id>[0-9a-f-]{36}) "
    r"--key-permissions (?P<permissions>[\w ]+)"
)
_DELETE_POLICY = re.compile(
    r"`az keyvault delete-policy --name kv-claims --object-id (?P<object_id>[0-9a-f-]{36})`"
)
_RECOVER_VAULT = re.compile(r"run `az keyvault recover --name kv-claims`")
_LEFT_AS_IT_IS = re.compile(r"to keep it removed, .*?; (?=to restore it, run `az )")
_OPEN_VAULT = re.compile(
    r"run `az keyvault update --name kv-claims --bypass AzureServices --subscription \S+`"
)
_ASSIGN = re.compile(r'az role assignment create .*--role "?(?P<role>[A-Z][\w ]+?)"? --')
_GIVE = re.compile(r"fix: give the deploying principal the role '(?P<role>[\w ]+)' on the vault")
_ONE_OF_THEM = re.compile(r"^ *(?:language-cmk:)?([\w.]+): is for .*; remove one of them$", re.MULTILINE)
_OPERATOR_LEFT_OUT = re.compile(r"Leave (\S+) out of vault\.keyOperators here")
_LEFT_OUT = re.compile(r"leave ([a-z]+\.[a-z]+) out and set")
_PUT_BACK = re.compile(
    r"keep the setting as it was|leave generation as it was|make a service of another name|"
    r"make another service|use a key there|give the new account another name|Make the new vault elsewhere|"
    r"correct network\.subnetId",
    re.IGNORECASE,
)


_ANOTHER_NAME = re.compile(r"'(?P<held>[\w-]+)' is held by one that was deleted.* give another accountName\b")
_LEAVES_ITS_KEY = "keep both and set unbindAccount to its name"
_BACK = "put back"
_FINISHED_FIRST = "put back the settings that it had"
_ROTATE = "raise `generation` for a new version"
_USABLE_AGAIN = re.compile(r"az keyvault key set-attributes --id \S+ --enabled true --expires \S+(?=`)")
_ROTATE_KEY = re.compile(r"run `az keyvault key rotate --vault-name kv-claims --name (?P<key>[\w-]+)`")
_AGAIN = re.compile(r"run the (same command|update) again(?P<later> in ten minutes)?", re.IGNORECASE)
_ALONE = "with that change alone first"
_AS_IT_WAS = re.compile(r"by `pulumi up --refresh` with generation as it was, (\d+); then")


class DeadEndError(AssertionError):
    """A refusal that prints no way out, or none that leads out."""


@dataclass
class Way:
    """The way out of one refusal. `back` puts the change back, for a message that says to leave it be;
    `steps` is what was done; `named` are the settings that a message has named; `change` are the settings
    that it began with."""

    world: Place
    back: Callable[[], None] = lambda: None
    steps: list[str] = field(default_factory=list)
    named: set[str] = field(default_factory=set)
    change: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.change = self.change or dict(self.world.settings)

    def follow(self, text: str = "") -> None:
        """Updates until one succeeds; `text` is what a first one has said. Raises DeadEndError."""
        for _ in range(MOST_UPDATES):
            text = text or self.world.up()
            if not text:
                return
            self._carry_out(text)
            last, text = text, ""
        raise DeadEndError(f"no way out in {MOST_UPDATES} updates: {self.steps}\n{last}")

    def _carry_out(self, text: str) -> None:
        done, text = len(self.steps), _LEFT_AS_IT_IS.sub("", text)
        usable = _USABLE_AGAIN.search(text) if "refresh" in self.steps else None
        if usable:
            self._once("usable again", partial(self.world.renew, usable[0]))
            return
        if "run `pulumi refresh`" in text or "Run `pulumi refresh`" in text:
            self._once("refresh", self.world.refresh)
        for step, recover in self.world.recoveries(text):
            self._once(step, recover)
        for one in (*_ONE_OF_THEM.findall(text), *_LEFT_OUT.findall(text)):
            self._once(f"without {one}", partial(self.world.set, one, None))
        for one in _OPERATOR_LEFT_OUT.findall(text):
            self._once(f"without operator {one}", partial(self.world.set, "vault.keyOperators", None))
        if _LEAVES_ITS_KEY in text:
            account = self.world.account_id.rpartition("/")[2]
            self._once(f"unbindAccount: {account}", partial(self._set, "unbindAccount", account))
        for name, value in _OF_A_POLICY.findall(text):
            self._once(f"{name}: {value}", partial(self._set, name, value))
        for one in _REMOVED_FIRST.findall(text):
            self._once(f"without {one}", partial(self.world.set, one, None))
        self._by_az(text)
        self._declare(text)
        # A warning beside a refusal may say so, too: that has been tried once, then.
        tried = self.steps[-1:] == ["again"] and _PUT_BACK.search(text)
        if len(self.steps) == done and (again := _AGAIN.search(text)) and not tried:
            self.steps.append("again")
            self._wait(10 if again["later"] else 1)
        if len(self.steps) == done and (found := _ANOTHER_NAME.search(text)):
            another = f"{found['held']}-2"
            self._once(f"accountName: {another}", partial(self.world.set, "accountName", another))
        if len(self.steps) == done and _PUT_BACK.search(text):
            self._once(_BACK, self.back)
        if len(self.steps) == done:
            raise DeadEndError(f"after {self.steps}, no way out is printed that was not gone:\n{text}")

    def _wait(self, minutes: int) -> None:
        for _ in range(minutes):
            self.world.wait()

    def _by_az(self, text: str) -> None:
        """The commands of az that a text prints."""
        if "az cognitiveservices account identity assign" in text:
            assigned = {"identity": {"type": "SystemAssigned"}}
            self._once("identity", lambda: self.world.arm("PATCH", self.world.account_id, assigned))
        if found := _SET_POLICY.search(text):
            object_id, permissions = found["object_id"], found["permissions"].split()
            self._once(f"set-policy {object_id}", lambda: self._permit(object_id, permissions))
        if (found := _DELETE_POLICY.search(text)) and not _OPERATOR_LEFT_OUT.search(text):
            object_id = found["object_id"]
            self._once("delete-policy", lambda: forbid(self.world, object_id))
        if found := _OPEN_VAULT.search(text):
            opened = {"properties": {"networkAcls": {"defaultAction": "Deny", "bypass": "AzureServices"}}}
            self._once("open vault", lambda: self.world.arm("PATCH", self.world.vault_id, opened))
        if _RECOVER_VAULT.search(text):
            self._once("recover vault", lambda: recover_vault(self.world))
        if found := _ROTATE_KEY.search(text):
            self._once(f"rotate {found['key']}", partial(self.world.rotate, found["key"]))
        if found := _ASSIGN.search(text) or _GIVE.search(text):
            role = found["role"]
            self._once("role", lambda: self.world.assign(seed.DEPLOYER.object_id, role))

    def _alone(self, allowed: Mapping[str, str]) -> None:
        """An update with nothing but the settings that allow the changes, which then are declared again."""
        self.named.update(allowed)

        def allow() -> None:
            for name, value in allowed.items():
                self.world.set(name, value)

        self._without_the_change(allow)

    def _declare(self, text: str) -> None:
        """The settings that a text names: those of one refusal in its order, with an update after each but
        the last, and those of several refusals together."""
        if _FINISHED_FIRST in text:
            self._once("forward", lambda: self._become(self.change))
        lines = [(line, [*dict.fromkeys(_SETTING.findall(line))]) for line in text.splitlines()]
        alone = {name: value for line, named in lines if _ALONE in line for name, value in named}
        if self.world.protected and alone:
            self._once(f"{alone} alone", lambda: self._alone(alone))
        if found := _AS_IT_WAS.search(text):
            before = int(found[1])
            self._once("generation as it was, then again", lambda: self._without_rotation(before))
        if _ROTATE in text and not _USABLE_AGAIN.search(text):
            number = int(self.world.settings.get("key", {}).get("generation", 0)) + 1
            self._once(_ROTATE, lambda: self.world.set("key.generation", number))
        rounds = [dict(filter(None, one)) for one in zip_longest(*(named for _, named in lines))]
        for number, settings in enumerate(rounds):
            done = len(self.steps)
            for name, value in settings.items():
                self._once(f"{name}: {value}", partial(self._set, name, value))
            between = len(self.steps) > done and number + 1 < len(rounds)
            if between and (failed := self.world.up()):
                Way(self.world, self.back, self.steps, self.named, self.change).follow(failed)

    def _become(self, settings: Mapping[str, Any]) -> None:
        self.world.settings.clear()
        self.world.settings.update(settings)

    def _without_rotation(self, before: int) -> None:
        """Updates of everything else, which refresh, and then the rotation. What waits for access that the
        first one gives back is written by the second, as that says."""
        wanted = dict(self.world.settings)
        self.world.set("key.generation", before)
        self.world.refresh()
        for _ in range(2):
            Way(self.world, self.back, self.steps, self.named, self.change).follow()
        self._become(wanted)

    def _without_the_change(self, instead: Callable[[], None] = lambda: None) -> None:
        """An update of what was declared before, with something else, and then the change again."""
        wanted = dict(self.world.settings)
        self.back()
        instead()
        Way(self.world, steps=self.steps, named=self.named, change=self.change).follow()
        self._become(wanted)

    def _permit(self, object_id: str, permissions: list[str]) -> None:
        permit(self.world, object_id, {"keys": permissions})

    def _once(self, step: str, carry_out: Callable[[], object]) -> None:
        since = self.steps.index(_BACK) if _BACK in self.steps else 0
        # What was set before the settings were put back is gone with it, and may be asked for again.
        if step not in self.steps[since:]:
            self.steps.append(step)
            carry_out()

    def _set(self, name: str, value: str) -> None:
        self.named.add(name)
        self.world.set(name, int(value) if value.isdigit() else value)
