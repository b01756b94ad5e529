"""What is printed of an engine's output: each fact once, and nothing of how far it is."""

from __future__ import annotations

from localazure.condensed import Condensed

ACCOUNT = "azure-native:cognitiveservices:Account claims-account"
POLICIES = """Policies:
    ⚠️ language-cmk-policies@v0.1.0 (local: policies)
        - [advisory]  vault-network-restricted  (azure-native:keyvault/v20260201:Vault: claims-vault)

"""
PREVIEW = f"""Previewing update (dev):
Loading policy packs...: starting

 ~  {ACCOUNT} refreshing 
 ~  {ACCOUNT} refresh 
 ~  {ACCOUNT} refresh [diff: ~tags]
@ previewing update....
 +  pulumi:pulumi:Stack language-cmk-dev create encryption of lang-claims: will be bound
    azure-native:keyvault/v20260201:Key claims-key  
 +- azure-cmk:index:KeyVersion claims-key-version replace [diff: ~keyId]
 +- azure-cmk:index:KeyVersion claims-key-version replace [diff: ~keyId]
{POLICIES}Resources:
    + 1 to create
"""  # noqa: W291 - as the engine prints it
UPDATE = f"""Updating (dev):
 ~  {ACCOUNT} updating (0s) [diff: ~tags]
 ~  {ACCOUNT} updating (4s) waiting for the grant
 ~  {ACCOUNT} updated (9s) [diff: ~tags]
 ~  {ACCOUNT} **updating failed** [diff: ~tags]; error: 
{POLICIES}{POLICIES.replace("vault-", "account-")}Diagnostics:
  {ACCOUNT.replace(" ", " (")}):
    error: 403

"""  # noqa: W291 - as the engine prints it


def test_each_fact_is_printed_once() -> None:
    """Steps that are done, what is waited for, what failed and what was drift stay, and every other line of
    the engine; what its update repeats of its preview word for word goes."""
    run = Condensed()
    assert "".join(run.lines(PREVIEW.splitlines(keepends=True))) == (
        f"""Previewing update (dev):

 ~  {ACCOUNT} refresh [diff: ~tags]
 +- azure-cmk:index:KeyVersion claims-key-version replace [diff: ~keyId]
{POLICIES}Resources:
    + 1 to create
"""
    )
    terms = "    not checked: whether the terms of kind TextAnalytics are accepted in the subscription\n"
    of_stack = [
        "Diagnostics:\n",
        "  pulumi:pulumi:Stack (dev):\n",
        terms,
        "    encryption of lang-claims\n",
        "\n",
    ]
    assert [*run.lines(of_stack)] == [line for line in of_stack if line != terms]
    advice = "If you want to remove the stack completely, run `pulumi stack rm dev`.\n"
    assert "".join(run.lines(["    - 1 deleted\n", advice])) == "    - 1 deleted\n"
    lines = UPDATE.splitlines(keepends=True)
    kept = [lines[0], *lines[2:5], *lines[9:]]
    assert [*run.lines(lines)] == kept
