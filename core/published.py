"""The version and the address under which the packages are published. pyproject.toml has both, and
`python -m engine.release fill` writes them here."""

from collections.abc import Mapping
from typing import Final

VERSION: Final = "0.1.0"
PACKAGE: Final = __name__.removesuffix("core.published")
"""What stands before the names of this project's modules: nothing in a clone, `language_cmk.` where the
package is installed."""
REPOSITORY: Final = ""
"""The address of the repository; "" as long as nobody publishes it. Nothing is fetched from there."""
ABOUT: Final[Mapping[str, str]] = {"homepage": REPOSITORY, "repository": REPOSITORY} if REPOSITORY else {}
"""What both packages' schemas say of the address."""
