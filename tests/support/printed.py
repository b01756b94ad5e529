"""What a message prints to be typed: docs/style.md says how a command stands in a text.

Owns: how it is read out of the text. Does not own: who types it (tests/remediation/typed.py).
"""

import re

_QUOTED = re.compile(
    r"`((?:az|pulumi|echo|eval|export|git|pip|uv|cp|(?:PYTHONPATH=\S+ )?\S*python3?|language-cmk) [^`\n]+)`"
)
_PLACEHOLDER = re.compile(r"(?<![\w$-])(?!HSM\b)[A-Z]{3,}(?![\w=-])")


def printed(text: str) -> list[str]:
    """The commands of a message, each once: what stands in back quotes is typed into a shell as it is. One in
    which a reader has to fill in a word in capitals, such as NAME, is none."""
    found = dict.fromkeys(_QUOTED.findall(text))
    return [command for command in found if not _PLACEHOLDER.search(command)]
