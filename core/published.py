"""The version and the address under which the packages are published. pyproject.toml has both, and
`python -m engine.release fill` writes them here."""

from typing import Final

VERSION: Final = "0.1.0"
REPOSITORY: Final = "https://github.com/your-organisation/language-cmk"
"""Where this repository is kept. Nothing is fetched from here."""
