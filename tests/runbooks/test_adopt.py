"""The page about accounts that were made elsewhere."""

from __future__ import annotations

import pytest

from tests.operate.adopt.field import WRAPS, Field, group, principal
from tests.runbooks.conftest import Runbook
from tests.support import cloud

pytestmark = [pytest.mark.engine, pytest.mark.timeout(1800), pytest.mark.long]


def test_adopt(runbook: Runbook) -> None:
    """An account that somebody else bound comes under the project, and is byte for byte what it was."""
    field = Field.at(runbook.azure.env)
    home = field.group(group("rg-found"))
    account, vault = field.account(home, "lang-found"), field.vault(home, "kv-found")
    field.policy(vault, principal(account), WRAPS)
    field.bind(account["id"], field.key(vault))
    before = [cloud.documents(runbook.azure, kind) for kind in ("account", "vault", "vault.key")]
    history = cloud.history(runbook.azure, account["id"])
    runbook.stack.env["ACCOUNT"] = account["id"]
    headings = list(runbook.run("adopt"))
    assert headings == ["Write settings and import file", "Import", "Check that nothing changes"]
    assert [cloud.documents(runbook.azure, kind) for kind in ("account", "vault", "vault.key")] == before
    assert cloud.history(runbook.azure, account["id"]) == history
