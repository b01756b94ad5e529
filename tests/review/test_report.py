import json
import re
from collections.abc import Callable
from dataclasses import replace

from review import plan, report
from review.preview import PolicyFinding, read
from tests.review.build import (
    ACCOUNT,
    ACCOUNT_ID,
    BINDING,
    GROUP,
    KEY_URI,
    POLICY,
    PRINCIPAL,
    TODAY,
    VAULT,
    Step,
    account,
    binding,
    bound,
    comment,
    digest,
    policy,
    review,
    same,
    state,
    step,
    terminal,
    vault,
)
from tests.review.test_plan import entry
from tests.support.call_count import calls


def service(number: int) -> list[Step]:
    """Five steps of one bound service, with ids and names of its own."""
    group = same("azure-native:resources:ResourceGroup", "g", state({"resourceGroupName": "rg"}, id=GROUP))
    text = json.dumps([*bound(), group])
    for old in ("lang", "kv"):
        text = text.replace(f'/{old}"', f'/{old}-{number}"').replace(f'"{old}"', f'"{old}-{number}"')
    text = text.replace("https://kv.", f"https://kv-{number}.")
    text = text.replace(PRINCIPAL, f"{PRINCIPAL[:-4]}{number:04d}")
    steps: list[Step] = json.loads(text)
    for one in steps:
        one["urn"] += f"-{number}"
        one["oldState"]["urn"] = one["newState"]["urn"] = one["urn"]
    return steps


def fleet(size: int) -> list[Step]:
    return [one for number in range(size) for one in service(number)]


def reviewed_plan(services: int) -> Callable[[], str]:
    """The gate's own reading: a refresh of all resources, and a plan for each."""
    steps = fleet(services)
    plans = {one["urn"]: entry(one["oldState"]["type"], ["same"], {}) for one in steps}
    written = json.dumps({"resourcePlans": plans})
    found = [{**one, "op": "refresh", "newState": one["oldState"]} for one in steps]
    refreshed = json.dumps({"steps": found, "changeSummary": {}, "duration": 1})
    return lambda: comment(report.make(plan.read(written, refreshed), (), TODAY))


def test_a_resource_costs_no_more_in_a_large_stack() -> None:
    """Four times the services are reviewed with about four times the calls, and 6,000 for each resource at
    most: seconds depend on the machine."""
    assert "20 accounts without a change" in reviewed_plan(20)()
    few, many = calls(reviewed_plan(20)), calls(reviewed_plan(80))
    assert many < 4.4 * few
    assert many < 80 * 5 * 6_000


def test_five_hundred_services_fit() -> None:
    """All are rotated at once, but for one that does not change and two that come first, the gravest at the
    top: twenty in full, every other by name, and nothing is cut."""
    steps = fleet(500)
    for one in steps:
        name = one["urn"].rpartition("::")[2]
        if name == "b-150":
            one |= {"op": "delete", "newState": None}
        elif name == "a-99":
            opened = json.dumps(one["newState"]).replace('"Disabled"', '"Enabled"')
            one |= {"op": "update", "newState": json.loads(opened)}
        elif name.startswith("b-") and name != "b-7":
            new = json.loads(json.dumps(one["newState"]).replace("a" * 32, "b" * 32))
            one |= {"op": "update", "newState": new}
    text = comment(review(*steps))
    assert text.splitlines()[2] == (
        "1 unbound, 1 protection-weakened, 498 rotated, 1 account without a change to encryption."
    )
    titles = [line for line in text.splitlines() if line.startswith("#### ")]
    assert ("`lang-150`" in titles[0], "`lang-99`" in titles[1], len(titles)) == (True, True, 20)
    assert "**479 more that change, none graver than these:**" in text
    assert [number for number in range(500) if f"`lang-{number}`" not in text] == [7]
    assert "left out" not in text
    assert len(text) < 60_000


def test_a_traceback_shows_its_cause() -> None:
    """The reader needs the error, not the way to it; also of an exception that was raised for another one."""
    frames = 'Traceback (most recent call last):\n  File "a.py", line 1, in <module>\n    first()\n'
    message = (
        f"error: Program failed with an unhandled exception:\n{frames}KeyError: 'x'\n\n"
        f"The above exception was the direct cause of the following exception:\n\n{frames}"
        "ValueError: vault.name is missing:\nset it in Pulumi.prod.yaml\n"
    )
    told = [{"message": message, "severity": "error"}]
    (said,) = read(json.dumps({"diagnostics": told})).errors
    assert said == (
        "Program failed with an unhandled exception:\nValueError: vault.name is missing:\n"
        "set it in Pulumi.prod.yaml"
    )


def test_a_report_says_of_which_commit_and_run_it_is() -> None:
    """In its last line; what else the update does, the preview itself says."""
    origin = report.Origin(head="c" * 40, run="https://ci/1")
    text = comment(report.make(read(digest(*bound())), (), TODAY, origin=origin))
    assert f"commit `{'c' * 40}`, run https://ci/1" in text.splitlines()[-1]


def test_a_long_report_fits_into_a_comment() -> None:
    """GitHub refuses a comment of more than 65,536 characters; what is left out is said."""
    opened = step("update", ACCOUNT, "a", account(), account(publicNetworkAccess="Enabled"))
    made = review(opened)
    (row,) = made.rows
    long = replace(row, verdicts=row.verdicts * 1000)
    text = comment(replace(made, rows=(long,)))
    assert len(text) < 65_000
    assert text.endswith("the review in JSON has all of it.*\n")


def test_a_review_of_what_did_not_finish_never_says_no_change() -> None:
    """Nor does it pass, where no error was told."""
    whole = report.make(read(digest(*bound())), (), TODAY)
    assert (whole.finished, whole.severity.exit_code) == (True, 0)
    broken_off = replace(whole, finished=False)
    assert broken_off.severity.exit_code == 4
    assert not re.search("no change|without a change", comment(broken_off) + terminal(broken_off))


def test_exemptions_and_advice_are_listed_as_notes() -> None:
    """What a pack lets pass, and for whom, is seen in every review; it is neither refused nor a change."""
    exemption = PolicyFinding("exemptions-listed", "advisory", "may be broken until 2030-01-01: migration")
    advice = PolicyFinding("key-expiry", "advisory", "say when it ends")
    made = report.make(read(digest(*bound())), (), TODAY, (exemption, advice))
    assert made.severity.exit_code == 0
    listed, _, advised = comment(made).partition("Policy advice: 1")
    assert "**Exemptions in force: 1**" in listed
    assert ("migration" in listed, "say when it ends" in advised) == (True, True)
    alone = report.make(read(digest(*bound())), (), TODAY, (advice,))
    for text in (comment(made), terminal(made), comment(alone), terminal(alone)):
        assert "no change, but notes on policies" in text


def test_two_previews_that_do_the_same_have_one_digest() -> None:
    """The digest is of what changes: neither order nor what stays the same is in it."""
    gone = step("delete", BINDING, "b", binding())
    others = [same(ACCOUNT, "a", account()), same(POLICY, "p", policy("get", "wrapKey", "unwrapKey"))]
    one, other = review(*others, gone), review(gone, *others, *fleet(2))
    assert one.digest == other.digest
    assert one.digest in comment(one).splitlines()[0]
    # What was not reviewed does not pass for what was.
    rotated = [
        review(step("update", BINDING, "b", binding(), binding(KEY_URI.replace("a" * 32, letter * 32))))
        for letter in "bc"
    ]
    assert len({one.digest, review().digest, *(made.digest for made in rotated)}) == 4


def test_the_joins_read_arm_ids_in_any_case() -> None:
    """ARM returns ids in more than one spelling."""
    shouting = binding(account_id=ACCOUNT_ID.upper())
    steps = [same(ACCOUNT, "a", account()), same(VAULT, "v", vault()), step("delete", BINDING, "b", shouting)]
    assert [(row.name, len(row.verdicts)) for row in review(*steps).rows] == [("lang", 1)]
