"""The pages of docs/runbooks/, run as they stand.

Each page NAME.md (page.py says which lines of it are run, and what must be printed) has a test that takes the
fixture `runbook`, and follows the page with `runbook.followed("NAME")` or `run`. The page begins with stack
`dev` as the repository has it, deployed, and with data in its account, and has to end with the same data,
readable; `runbook` has the checkout (`stack`), its local Azure (`azure`) and the `judge` over both. What a
person does by hand is a command on the page, too, such as `pulumi config set`; what somebody else does
meanwhile, the test does after a heading.
"""

import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.runbooks import page
from tests.support.azure import RunningAzure, running_azure
from tests.support.crash import Bookmark
from tests.support.judge import Judge
from tests.support.stack import ROOT, Stack, done

PAGES = ROOT / "docs" / "runbooks"
_NOT_COPIED = {"tests", "docs"}


@dataclass(frozen=True)
class Runbook:
    """A checkout with a deployed stack, and the pages that can be run in it."""

    azure: RunningAzure
    stack: Stack
    judge: Judge

    def run(self, name: str) -> Iterator[str]:
        """Runs the page NAME.md; gives each section's heading when its commands have run."""
        return page.run(PAGES / f"{name}.md", self.stack.folder, self.stack.env)

    def followed(self, name: str, meanwhile: Callable[[str], object] = lambda _: None) -> dict[str, bool]:
        """Runs a page; after each section, what happens meanwhile, and then whether the data can be read, by
        heading."""
        return {heading: (meanwhile(heading), self.judge.reads_data())[1] for heading in self.run(name)}


@pytest.fixture(scope="session")
def deployed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Runbook, Bookmark]]:
    """A whole checkout, its stack deployed once, and the way back to that."""
    folder = tmp_path_factory.mktemp("runbooks")
    with running_azure(folder / "azure") as azure:
        stack = Stack(folder / "language-cmk", {**azure.environ, "LOCALAZURE_HOME": str(azure.home.path)})
        _complete(stack.folder)
        done(stack.deploy())
        done(stack.refresh())
        judge = Judge(azure, stack)
        judge.write_data()
        yield Runbook(azure, stack, judge), Bookmark(azure, stack, folder / "deployed")


@pytest.fixture
def runbook(deployed: tuple[Runbook, Bookmark]) -> Iterator[Runbook]:
    """The deployed stack as it was in the beginning."""
    found, bookmark = deployed
    bookmark.restore()
    # Which stack is selected is not in the backend, and a page may have selected its own.
    assert found.stack.pulumi("stack", "select", "dev").ok
    (found.stack.folder / ".exports").unlink(missing_ok=True)
    ciphertext = found.judge.ciphertext()
    yield found
    assert found.judge.reads_data()
    assert found.judge.ciphertext() == ciphertext


def _complete(checkout: Path) -> None:
    """Everything else that the repository has at its top, but its tests and documents."""
    for source in ROOT.iterdir():
        target = checkout / source.name
        if source.name.startswith(".") or source.name in _NOT_COPIED or target.exists():
            continue
        if source.is_dir():
            shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy2(source, target)
    # A folder of its own: `make` writes the checkout's path into the language host there.
    shutil.copytree(ROOT / ".pulumi" / "bin", checkout / ".pulumi" / "bin", copy_function=os.link)
