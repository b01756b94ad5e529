"""What the tests type of a text."""

import pytest

from tests.support.printed import printed


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (
            "run `az keyvault recover --name kv-a`, and then `pulumi up`",
            ["az keyvault recover --name kv-a", "pulumi up"],
        ),
        (
            "`az role assignment create --role 'Managed HSM Crypto User'`",
            ["az role assignment create --role 'Managed HSM Crypto User'"],
        ),
        ("run `PYTHONPATH=/a python3 -m operate scan`", ["PYTHONPATH=/a python3 -m operate scan"]),
        ("`pulumi up`; later `pulumi up` again", ["pulumi up"]),
        (
            "run `.venv/bin/python -m operate recover --stack dev`",
            [".venv/bin/python -m operate recover --stack dev"],
        ),
        ("run `language-cmk verify --stack dev`", ["language-cmk verify --stack dev"]),
        (
            'run `echo "$(az keyvault show --name kv-a --query id)/keys/a"`',
            ['echo "$(az keyvault show --name kv-a --query id)/keys/a"'],
        ),
        ("`pulumi import azure-cmk:index:CustomerManagedKey NAME /a`, `pulumi state delete 'URN'`", []),
        ("set `access: granted`, or run az keyvault recover --name kv-a", []),
        (
            "`az keyvault key set-attributes --expires 2026-01-02T03:04:05Z --ops wrapKey`",
            ["az keyvault key set-attributes --expires 2026-01-02T03:04:05Z --ops wrapKey"],
        ),
    ],
)
def test_commands_are_what_stands_in_back_quotes_without_a_gap(text: str, found: list[str]) -> None:
    """Each once, in the order of the text."""
    assert printed(text) == found
