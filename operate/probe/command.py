"""The command: `python -m operate probe --subscription ID --region NAME [--yes]`.

Without --yes it says what it would make, what that costs and how long it takes. With it, it first removes
what an earlier probe left, asks each question, removes all that it made, also after Ctrl-C, and writes the
answers.
"""

import argparse
import json
import secrets
import signal
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from core import arm_ids, regions
from core.login import Login
from operate import login
from operate.errors import OperateError
from operate.probe import report
from operate.probe.conversation import Conversation, ProbeClock, Sanitizer, SystemProbeClock, UnreachableError
from operate.probe.questions import QUESTIONS, Question
from operate.probe.report import CONFIRMED, REFUTED, UNKNOWN, Answer
from operate.probe.scene import Scene, UnknownError, leftovers, remove
from operate.stack import add_json
from provider.azure_client import AzureClient

ESTIMATE = """\
probe would make, in subscription {subscription}, region {region}:
{things}
Cost: less than 1 USD; keys and requests cost cents, and nothing else is used.
Time: 10 to 60 minutes, and up to {minutes:g} minutes for each question about a delay (--minutes).
Needs: Contributor and User Access Administrator on the subscription; what the login may not do stays unknown.
All of it is removed at the end, also after Ctrl-C; after a kill, run the command again with --clean.
Azure keeps one thing: a purge-protected vault stays soft-deleted for 7 days, which costs nothing.
Say --yes to do it."""


@dataclass
class Probe:
    """One run: its answers, and what stays in Azure. `scene` says where and as whom it asks."""

    scene: Scene
    answers: list[Answer] = field(default_factory=list)
    left: list[str] = field(default_factory=list)
    suffixes: list[str] = field(default_factory=list)

    def clean(self) -> int:
        """Removes what earlier probes left; how many."""
        found = leftovers(self.scene.talk, self.scene.subscription)
        for suffix in found:
            self.suffixes.append(suffix)
            self.left += remove(replace(self.scene, suffix=suffix))
        return len(found)

    def ask(self, questions: Sequence[Question] = QUESTIONS) -> None:
        """Asks the questions in a group of its own, which is removed whatever happens."""
        suffix = secrets.token_hex(4)
        self.suffixes.append(suffix)
        scene = replace(self.scene, suffix=suffix, found={})
        try:
            for question in questions:
                self.answers.append(self._answer(question, scene))
        finally:
            print("probe: removing what was made", file=sys.stderr)
            try:
                self.left += remove(scene)
            except BaseException:
                print("probe: the removal was cut off; run the command again with --clean", file=sys.stderr)
                raise

    def _answer(self, question: Question, scene: Scene) -> Answer:
        print(f"probe: {question.switch} ({question.makes})", file=sys.stderr)
        first = len(self.scene.talk.exchanges)
        try:
            value, why = question.ask(scene), ""
            answer = CONFIRMED if value == question.assumed else REFUTED
        except (UnknownError, UnreachableError) as error:
            value, why, answer = None, str(error), UNKNOWN
        except (KeyError, TypeError, AttributeError, IndexError) as error:
            # Azure's answer has another shape than any that is known.
            value, why, answer = None, f"an answer could not be read: {error!r}", UNKNOWN
        numbers = tuple(range(first, len(self.scene.talk.exchanges)))
        return Answer(question.switch, question.assumed, answer, value, why, numbers)

    def files(self, at: datetime) -> dict[str, str]:
        """What is written, sanitized."""
        storage = {self.scene.storage: "STORAGE_ACCOUNT"} if self.scene.storage else {}
        names = storage | dict.fromkeys(self.suffixes, "xxxxxxxx")
        sanitizer = Sanitizer(names)
        exchanges = [sanitizer.exchange(one) for one in self.scene.talk.exchanges]
        answers = [replace(one, why=sanitizer.text(one.why)) for one in self.answers]
        about = {"at": at.strftime("%Y-%m-%dT%H:%M:%SZ"), "region": self.scene.region}
        return report.files(answers, exchanges, [sanitizer.text(text) for text in self.left], about)


def configure(parser: argparse.ArgumentParser) -> None:
    """The command's arguments."""
    parser.add_argument("--subscription", metavar="ID", help="where to ask; default: the login's")
    parser.add_argument("--region", metavar="NAME", help="such as westeurope")
    parser.add_argument("--stack", metavar="NAME", help="log in as this stack's configuration says")
    parser.add_argument("--yes", action="store_true", help="do it; default: only say what would be done")
    parser.add_argument("--clean", action="store_true", help="only remove what an earlier probe left")
    parser.add_argument(
        "--minutes", type=float, default=90, help="how long to wait for each answer at most; default 90"
    )
    parser.add_argument("--storage", metavar="ID", default="", help="a storage account that may be linked")
    parser.add_argument("--out", type=Path, default=Path(".probe"), help="folder to write to; default .probe")
    add_json(parser)


def run(arguments: argparse.Namespace) -> int:
    """Runs the command; its exit code. Raises OperateError, LoginError."""
    wanted = login.of_stack(arguments.stack) if arguments.stack else login.of_environment()
    subscription, region = _place(arguments, wanted)
    if not (arguments.yes or arguments.clean):
        things = "\n".join(f"  {one.switch}: {one.makes}" for one in QUESTIONS)
        print(
            ESTIMATE.format(
                subscription=subscription, region=region, things=things, minutes=arguments.minutes
            )
        )
        return 0
    principal = AzureClient(wanted).principal()
    talk = conversation(wanted, SystemProbeClock())
    who, seconds = (principal.tenant_id, principal.object_id), 60 * arguments.minutes
    probe = Probe(Scene(talk, subscription, region, *who, seconds, arguments.storage))
    with _interruptible():
        removed = probe.clean()
        if arguments.clean:
            print(f"probe: {removed} left by earlier probes" + ("; removed" if removed else ""))
            for text in probe.left:
                print(f"  stays: {text}")
            return 0
        try:
            probe.ask()
        finally:
            write(probe, arguments.out)
    if arguments.json:
        print((arguments.out / "probe.json").read_text(encoding="utf-8"), end="")
        return 0
    for one in probe.answers:
        print(f"{one.answer:10}{one.switch}: {one.why if one.answer == UNKNOWN else json.dumps(one.value)}")
    for text in probe.left:
        print(f"stays: {text}")
    print(arguments.out / "probe.md")
    return 0


def conversation(wanted: Login, clock: ProbeClock, **options: Any) -> Conversation:
    """A conversation with the login's cloud."""
    return Conversation(wanted.cloud, login.token_credential(wanted), clock, **options)


def write(probe: Probe, folder: Path) -> None:
    """Writes the files, also of a probe that was interrupted."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in probe.files(datetime.now(UTC)).items():
        (folder / name).write_text(text, encoding="utf-8")


def _place(arguments: argparse.Namespace, wanted: Login) -> tuple[str, str]:
    subscription = arguments.subscription or wanted.subscription_id
    if not subscription:
        raise OperateError("no subscription is known; say --subscription ID, or set ARM_SUBSCRIPTION_ID")
    region = regions.normalised(arguments.region or "")
    if not region or regions.cloud_of(region) != wanted.cloud:
        raise OperateError(f"--region: found {arguments.region!r}, expected a region of {wanted.cloud.name}")
    if arguments.storage:
        arm_ids.parse(arguments.storage)
    return subscription, region


@contextmanager
def _interruptible() -> Iterator[None]:
    """A polite end (SIGTERM) is a Ctrl-C: what was made is removed first."""

    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
