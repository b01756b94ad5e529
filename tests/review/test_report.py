from __future__ import annotations

import json
import time
from dataclasses import replace

from review import markdown, plain_text, report
from review.events import PolicyFinding
from review.preview import read
from tests.review.build import (
    ACCOUNT,
    ACCOUNT_ID,
    BINDING,
    KEY_URI,
    POLICY,
    PRINCIPAL,
    TODAY,
    VAULT,
    VAULT_ID,
    Step,
    account,
    binding,
    bound,
    digest,
    policy,
    review,
    same,
    step,
    vault,
)


def service(number: int) -> list[Step]:
    """Five steps of one bound service, with ids and names of its own."""
    text = json.dumps([*bound(), same("azure-native:resources:ResourceGroup", "g", account())])
    for old in ("lang", "kv"):
        text = text.replace(f'/{old}"', f'/{old}-{number}"').replace(f'"{old}"', f'"{old}-{number}"')
    text = text.replace("https://kv.", f"https://kv-{number}.").replace(
        PRINCIPAL, f"{PRINCIPAL[:-4]}{number:04d}"
    )
    steps: list[Step] = json.loads(text)
    for one in steps:
        one["urn"] += f"-{number}"
        one["oldState"]["urn"] = one["newState"]["urn"] = one["urn"]
    return steps


def fleet(size: int) -> list[Step]:
    return [one for number in range(size) for one in service(number)]


def broken(steps: list[Step], number: int, token: str) -> None:
    """Takes one resource out."""
    at = next(
        i for i, one in enumerate(steps) if one["urn"].endswith(f"-{number}") and f"${token}::" in one["urn"]
    )
    steps[at] = {**steps[at], "op": "delete", "newState": None}


def test_a_fleet_shows_what_changes_first_and_counts_the_rest() -> None:
    """Three of 200 services change: they come first, the gravest at the top, and 197 are one number."""
    steps = fleet(200)
    broken(steps, 150, BINDING)
    broken(steps, 20, VAULT)
    at = next(i for i, one in enumerate(steps) if one["urn"].endswith("::a-99"))
    opened = {**steps[at]["newState"], "inputs": json.loads(json.dumps(steps[at]["newState"]["inputs"]))}
    opened["inputs"]["properties"]["publicNetworkAccess"] = "Enabled"
    opened["inputs"]["properties"]["encryption"] = {"keySource": "Microsoft.KeyVault"}
    steps[at] = {**steps[at], "op": "update", "newState": opened}
    comment = markdown.render(review(*steps))
    titles = [line for line in comment.splitlines() if line.startswith("#### ")]
    assert len(titles) == 3
    assert "`lang-99`" in titles[2]
    assert comment.splitlines()[2] == (
        "1 unbound, 1 vault-deleted, 1 protection-weakened, 1 key-changed, "
        "197 accounts without a change to encryption."
    )
    assert len(comment.split("<details>")[0].splitlines()) < 40


def test_a_thousand_resources_are_reviewed_within_a_second() -> None:
    """1,000 resources as the engine writes them, refresh and plan, take under a second of this process."""
    steps = fleet(200)
    padding = [{"sourcePosition": "project:///x.py#1"}] * 12
    for one in steps:
        for state in ("oldState", "newState"):
            one[state] = {**one[state], "stackTrace": padding}
    stack = {"urn": "urn:pulumi:prod::shop::pulumi:pulumi:Stack::shop-prod", "op": "refresh", "oldState": {}}
    refreshes = [{**one, "op": "refresh"} for one in steps]
    written = digest(stack, *refreshes, {**stack, "op": "same"}, *steps)
    started = time.process_time()
    made = report.make(read(written), (), TODAY)
    markdown.render(made)
    assert time.process_time() - started < 1
    assert made.unchanged == 200


def test_a_long_report_fits_into_a_comment() -> None:
    """GitHub refuses a comment of more than 65,536 characters; what is left out is said."""
    opened = step("update", ACCOUNT, "a", account(), account(publicNetworkAccess="Enabled"))
    made = review(opened)
    (row,) = made.rows
    long = replace(row, verdicts=row.verdicts * 1000)
    comment = markdown.render(replace(made, rows=(long,)))
    assert len(comment) < 65_000
    assert comment.endswith("the review in JSON has all of it.*\n")


def test_exemptions_in_force_and_advice_are_listed() -> None:
    """What a pack lets pass, and for whom, is seen in every review; it is no reason to refuse."""
    exemption = PolicyFinding("exemptions-listed", "advisory", "may be broken until 2030-01-01: migration")
    advice = PolicyFinding("key-expiry", "advisory", "say when it ends")
    made = report.make(read(digest(*bound())), (), TODAY, (exemption, advice))
    comment = markdown.render(made)
    assert made.severity.exit_code == 0
    assert "**Exemptions in force: 1**" in comment
    assert "migration" in comment.split("Policy advice: 1")[0]
    assert "say when it ends" in comment.split("Policy advice: 1")[1]


def test_advice_alone_is_no_change() -> None:
    """An unchanged stack with advice of the pack is not headed as one that changes."""
    advice = PolicyFinding("key-expiry", "advisory", "say when it ends")
    made = report.make(read(digest(same(ACCOUNT, "a", account()))), (), TODAY, (advice,))
    for text in (markdown.render(made), plain_text.render(made)):
        assert "no change, but notes on policies" in text
        assert "nothing gets worse" not in text


def test_two_previews_that_do_the_same_have_one_digest() -> None:
    """The digest is of what changes: neither order nor what stays the same is in it."""
    gone = step("delete", BINDING, "b", binding())
    others = [same(ACCOUNT, "a", account()), same(POLICY, "p", policy("get", "wrapKey", "unwrapKey"))]
    one, other = review(*others, gone), review(gone, *others, *fleet(2))
    assert one.digest == other.digest
    assert one.digest in markdown.render(one).splitlines()[0]


def test_another_change_has_another_digest() -> None:
    """What was not reviewed does not pass for what was."""
    to_b, to_c = (
        step("update", BINDING, "b", binding(), binding(KEY_URI.replace("a" * 32, letter * 32)))
        for letter in "bc"
    )
    assert review(to_b).digest != review(to_c).digest
    assert review(to_b).digest != review().digest


def test_the_joins_read_arm_ids_in_any_case() -> None:
    """ARM returns ids in more than one spelling."""
    shouting = binding(account_id=ACCOUNT_ID.upper())
    steps = [same(ACCOUNT, "a", account()), same(VAULT, "v", vault()), step("delete", BINDING, "b", shouting)]
    made = review(*steps)
    assert [(row.name, len(row.verdicts)) for row in made.rows] == [("lang", 1)]
    assert VAULT_ID.upper() != VAULT_ID
