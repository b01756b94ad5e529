"""One class name means one thing in the product."""

from __future__ import annotations

import ast
from collections import defaultdict

from tests.unit.test_imports import ALLOWED, ROOT, product_files

MEANS_TWO = {"KeyVersion": "a version as Azure has it, and the resource of azure-cmk that follows it"}


def test_no_class_name_has_two_meanings() -> None:
    """Whoever reads a name in one folder may take it for the same in another."""
    found: dict[str, list[str]] = defaultdict(list)
    for part in ALLOWED:
        # The judge and the installer share no code with the rest, and no names.
        for file in product_files(part) if part not in ("localazure", "engine") else ():
            for node in ast.parse(file.read_text()).body:
                if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                    found[node.name].append(str(file.relative_to(ROOT)))
    twice = {name: files for name, files in found.items() if len(files) > 1}
    assert {name for name in twice if name not in MEANS_TWO} == set(), twice
    assert set(MEANS_TWO) <= set(twice)
