"""A YAML file that a command changes stays as people wrote it, but for the change."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from operate.yaml_file import YamlFile

TEXTS = (
    "# ours\nconfig:\n  a:b: x  # why\n  a:c:\n  - name: one\n    k: 1\n  - name: 'two'\n",
    'config:\n  a:c:\n    - name: one  # theirs\n      k: 1\n    - name: "two"\n  a:z: {a: 1}\n',
    "config:\n    a:c:\n        - name: one\n          k:\n              z: 1\n",
    "encryptionsalt: v1:a=:v1:b:" + "c" * 200 + "\nconfig:\n  a:b: yes\n",
)


@pytest.mark.parametrize("text", TEXTS)
def test_what_is_not_changed_is_the_same_to_the_letter(tmp_path: Path, text: str) -> None:
    """Comments, quotes, indents of both of Pulumi's and of people's, and long lines."""
    path = tmp_path / "Pulumi.a.yaml"
    path.write_text(text)
    file = YamlFile(path)
    file.write()
    assert path.read_text() == text
    file.document["config"]["a:new"] = 1
    file.write()
    assert [line for line in path.read_text().splitlines() if "a:new" not in line] == text.splitlines()


def test_a_setting_is_set_where_it_stands_or_where_it_would_stand(tmp_path: Path) -> None:
    """In a list, in a group that is not there yet, and in one that `pulumi config set` wrote as text."""
    path = tmp_path / "Pulumi.a.yaml"
    path.write_text('config:\n  a:s:\n  - name: one  # why\n  a:text: \'{"k": [{"v": 1}]}\'\n')
    file = YamlFile(path)
    file.set(("config", "a:s", 0, "key", "generation"), 2)
    file.set(("config", "a:text", "k", 0, "v"), 3)
    file.set(("config", "a:access"), "revoked")
    file.write()
    assert yaml.safe_load(path.read_text())["config"] == {
        "a:s": [{"name": "one", "key": {"generation": 2}}],
        "a:text": {"k": [{"v": 3}]},
        "a:access": "revoked",
    }
    assert "# why" in path.read_text()
