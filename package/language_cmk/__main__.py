"""The command `language-cmk`, also as `python -m language_cmk`."""

import sys
from collections.abc import Callable
from typing import NamedTuple

from language_cmk.operate import __main__ as operate


class Tool(NamedTuple):
    """A command with a command line of its own: what starts it, and a sentence for the help."""

    start: Callable[[list[str]], int]
    text: str


def _review(words: list[str]) -> int:
    from language_cmk.review.__main__ import guarded

    return guarded(words, prog="language-cmk review")


def _probe(words: list[str]) -> int:
    from language_cmk.probe.__main__ import main as probe

    return probe(words, "language-cmk probe")


def _localazure(words: list[str]) -> int:
    try:
        from language_cmk.localazure import main as localazure
    except ModuleNotFoundError as error:
        print(
            f"localazure: the Python package {error.name} is not installed: run "
            "`pip install 'language-cmk[localazure]'`",
            file=sys.stderr,
        )
        return 2
    return localazure(words)


TOOLS = {
    "review": Tool(_review, "judge what a saved preview does to the encryption of data at rest"),
    "localazure": Tool(_localazure, "deploy to a local Azure: up, down, and more in its own help"),
    "probe": Tool(_probe, "ask a subscription of your own what nobody observed of Azure"),
}


def main() -> int:
    """Runs the command that the command line names; its exit code."""
    words = sys.argv[1:]
    if words and words[0] in TOOLS:
        return TOOLS[words[0]].start(words[1:])
    more = {name: tool.text for name, tool in TOOLS.items()}
    return operate.main(words, prog="language-cmk", more=more)


if __name__ == "__main__":
    sys.exit(main())
