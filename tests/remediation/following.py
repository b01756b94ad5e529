"""A refusal that is followed to its end: what it prints is parsed and carried out, until an update succeeds.

Owns: the ways out that a message may print, as patterns, each with what a person then does. A message that
prints none of them, or whose ways do not lead out, is a dead end.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from itertools import zip_longest

from localazure import seed
from tests.remediation.world import World
from tests.support.az import COMMAND, READS, carry_out, commands_in

MOST_UPDATES = 8
"""How many updates a way out may take."""
_SETTING = re.compile(r"\bset ([a-zA-Z.]+): (?!the )([\w/-](?:[\w/.@:-]*\w)?)")
_LEFT_AS_IT_IS = re.compile(r"to keep it removed, .*?; (?=to restore it, run `az )")
_GIVE = re.compile(r"fix: give the deploying principal the role '(?P<role>[\w ]+)' on the vault")
_ONE_OF_THEM = re.compile(r"^ *(?:language-cmk:)?([\w.]+): is for .*; remove one of them$", re.MULTILINE)
_OPERATOR_LEFT_OUT = re.compile(r"Leave (\S+) out of vault\.keyOperators here")
_LEFT_OUT = re.compile(r"leave ([a-zA-Z.]+) out and set|First remove ([a-zA-Z.]+) and run")
_PUT_BACK = re.compile(
    r"keep the setting as it was|leave generation as it was|make a service of another name|"
    r"make another service|use a key there|with network\.access as it was|"
    r"give the new account another name|Make the new vault elsewhere|"
    r"correct network\.subnetId",
    re.IGNORECASE,
)
_ANOTHER_NAME = re.compile(r"'(?P<held>[\w-]+)' is held by a resource deleted.* give another accountName\b")
_LEAVES_ITS_KEY = "keep both and set unbindAccount to its name"
_BACK = "put back"
_ROTATE = "raise `generation` for a new version"
_USABLE_AGAIN = re.compile(r"az keyvault key set-attributes --id \S+ --enabled true --expires \S+(?=`)")
_AGAIN = re.compile(r"run the (same command|update) again(?P<later> in (?:ten|two) minutes)?", re.IGNORECASE)
_AS_IT_WAS = re.compile(r"by `pulumi up --refresh` with generation as it was, (\d+); then")


class DeadEndError(AssertionError):
    """A refusal that prints no way out, or none that leads out."""


@dataclass
class Way:
    """The way out of one refusal. `back` puts the change back, for a message that says to leave it be;
    `steps` is what was done; `named` are the settings that a message has named."""

    world: World
    back: Callable[[], None] = lambda: None
    steps: list[str] = field(default_factory=list)
    named: set[str] = field(default_factory=set)

    @property
    def told(self) -> list[str]:
        """The steps, of each command of az only its words."""
        return [COMMAND.sub(r"az \g<words>", step) for step in self.steps]

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
        first = "run `pulumi refresh`" in text.lower() and "refresh" not in self.steps
        usable = None if first else _USABLE_AGAIN.search(text)
        if usable and "usable again" not in self.steps:
            self._once("usable again", partial(self._az, usable[0]))
            return
        if "run `pulumi refresh`" in text.lower():
            self._once("refresh", self.world.refresh)
        for step, recover in self.world.recoveries(text):
            self._once(step, recover)
        left_out = [one for found in _LEFT_OUT.findall(text) for one in found if one]
        for one in (*_ONE_OF_THEM.findall(text), *left_out):
            self._once(f"without {one}", partial(self.world.set, one, None))
        for one in _OPERATOR_LEFT_OUT.findall(text):
            self._once(f"without operator {one}", partial(self.world.set, "vault.keyOperators", None))
        if _LEAVES_ITS_KEY in text:
            account = self.world.account_id.rpartition("/")[2]
            self._once(f"unbindAccount: {account}", partial(self._set, "unbindAccount", account))
        if self.steps[done:] != ["refresh"]:  # which may show that nothing is to be done by hand
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

    def _az(self, command: str) -> None:
        try:
            carry_out(self.world.wire.door, command)
        except ValueError as error:  # az refuses it
            raise DeadEndError(f"after {self.steps}: {error}") from error

    def _by_az(self, text: str) -> None:
        """The commands of az that a text prints, each as it stands."""
        for found in COMMAND.finditer(text):
            command, words = found[0], found["words"]
            ((_, options),) = commands_in(command)
            # A version is made usable once a refresh has shown that it is not; and a setting opens networks.
            is_other = words == "keyvault key set-attributes" or "default-action" in options
            left_out = words == "keyvault delete-policy" and _OPERATOR_LEFT_OUT.search(text)
            # It stands beside ways that lose no data.
            loses = words == "cognitiveservices account purge"
            if not options or READS.search(words) or is_other or left_out or loses:
                continue
            self._once(command, partial(self._az, command))
        if given := _GIVE.search(text):
            self._once("role", partial(self.world.assign, seed.DEPLOYER.object_id, given["role"]))

    def _declare(self, text: str) -> None:
        """The settings that a text names: those of one refusal in its order, with an update after each but
        the last, and those of several refusals together."""
        named = [[*dict.fromkeys(_SETTING.findall(line))] for line in text.splitlines()]
        if found := _AS_IT_WAS.search(text):
            before = int(found[1])
            self._once("generation as it was, then again", lambda: self._without_rotation(before))
        if _ROTATE in text and not _USABLE_AGAIN.search(text):
            number = int(self.world.settings.get("key", {}).get("generation", 0)) + 1
            self._once(_ROTATE, lambda: self.world.set("key.generation", number))
        rounds = [dict(filter(None, one)) for one in zip_longest(*named)]
        for number, settings in enumerate(rounds):
            done = len(self.steps)
            for name, value in settings.items():
                self._once(f"{name}: {value}", partial(self._set, name, value))
            between = len(self.steps) > done and number + 1 < len(rounds)
            if between and (failed := self.world.up()):
                Way(self.world, self.back, self.steps, self.named).follow(failed)

    def _without_rotation(self, before: int) -> None:
        """Updates of everything else, which refresh, and then the rotation. What waits for access that the
        first one gives back is written by the second, as that says."""
        wanted = dict(self.world.settings)
        self.world.set("key.generation", before)
        self.world.refresh()
        for _ in range(2):
            Way(self.world, self.back, self.steps, self.named).follow()
        self.world.settings.clear()
        self.world.settings.update(wanted)

    def _once(self, step: str, carry_out: Callable[[], object]) -> None:
        since = self.steps.index(_BACK) if _BACK in self.steps else 0
        # What was set before the settings were put back is gone with it, and may be asked for again.
        if step not in self.steps[since:]:
            self.steps.append(step)
            carry_out()

    def _set(self, name: str, value: str) -> None:
        self.named.add(name)
        self.world.set(name, int(value) if value.isdigit() else value)
