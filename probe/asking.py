"""One probe: goes through the questions, removes what it made, and writes what it found as files.

docs/probe.md describes the files.
"""

import json
import secrets
import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from typing import Any

from probe.conversation import Sanitizer, UnknownError
from probe.questions import QUESTIONS, Question
from probe.scene import Scene, leftovers, remove

CONFIRMED, REFUTED, UNKNOWN = "confirmed", "refuted", "unknown"


@dataclass(frozen=True)
class Answer:
    """What is known of one switch; `exchanges` are the numbers of those that it was read from."""

    switch: str
    assumed: Any
    answer: str
    value: Any
    why: str
    exchanges: tuple[int, ...]


@dataclass
class Probe:
    """One run: its answers, and what stays in Azure. `scene` says where and as whom it asks."""

    scene: Scene
    answers: list[Answer] = field(default_factory=list)
    left: list[str] = field(default_factory=list)
    suffixes: list[str] = field(default_factory=list)

    def clean(self) -> int:
        """Removes what earlier probes left; how many. Raises UnknownError."""
        found = leftovers(self.scene.talk, self.scene.subscription)
        for suffix in found:
            self.suffixes.append(suffix)
            self.left += remove(replace(self.scene, suffix=suffix))
        return len(found)

    def ask(self, questions: Sequence[Question] = QUESTIONS) -> None:
        """Asks the questions in a group of its own, which is removed whatever happens."""
        suffix = secrets.token_hex(4)
        self.suffixes.append(suffix)
        scene = replace(self.scene, suffix=suffix)
        try:
            for question in questions:
                print(f"probe: {', '.join(question.assumed)} ({question.makes})", file=sys.stderr)
                self.answers += list(self._answers(question, scene))
        finally:
            print("probe: removing what was made", file=sys.stderr)
            try:
                self.left += remove(scene)
            except BaseException:
                print("probe: the removal was cut off; run the command again with --clean", file=sys.stderr)
                raise

    def _answers(self, question: Question, scene: Scene) -> Iterator[Answer]:
        first, told, why = len(self.scene.talk.exchanges), dict[str, Any](), "nothing shows it"
        try:
            for switch, value in question.ask(scene):
                told[switch] = value
        except UnknownError as error:
            why = str(error)
        except (KeyError, TypeError, AttributeError, IndexError) as error:
            # Azure's answer has another shape than any that is known.
            why = f"an answer could not be read: {error!r}"
        numbers = tuple(range(first, len(self.scene.talk.exchanges)))
        for switch, assumed in question.assumed.items():
            if switch in told:
                answer = CONFIRMED if told[switch] == assumed else REFUTED
                yield Answer(switch, assumed, answer, told[switch], "", numbers)
            else:
                yield Answer(switch, assumed, UNKNOWN, None, why, numbers)

    def profile(self) -> dict[str, Any]:
        """The switches as they were seen."""
        return {one.switch: one.value for one in self.answers if one.answer != UNKNOWN}

    def files(self, at: datetime) -> dict[str, str]:
        """The contents of the files by their names, sanitized."""
        sanitizer = Sanitizer(dict.fromkeys(self.suffixes, "xxxxxxxx"))
        whole = {
            "format": 1,
            "at": at.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "region": self.scene.region,
            "answers": [asdict(one) | {"why": sanitizer.text(one.why)} for one in self.answers],
            "exchanges": [sanitizer.exchange(one) for one in self.scene.talk.exchanges],
            "left": [sanitizer.text(text) for text in self.left],
        }
        made = {"probe.json": whole, "profile.json": self.profile()}
        return {name: json.dumps(content, indent=1) + "\n" for name, content in made.items()}
