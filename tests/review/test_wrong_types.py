"""A plan, a refresh and a preview with a value of another type somewhere: it is reviewed, or it cannot be
reviewed, and then the message has the place. Never does it end in the middle."""

import copy
import json
import random
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from typing import Any

import pytest

from core.engine_values import OUTPUT, SECRET, SIGNATURE
from review import plan, preview, printers, report
from review.__main__ import main
from review.preview import Preview, PreviewError, read_policies
from tests.review.build import TODAY, bound, digest
from tests.review.rendered import HERE
from tests.support.search import SEED, WIDE

Place = tuple[str | int, ...]
OTHERS: tuple[Any, ...] = (
    *(5, "x", True, None, [], {}, [5], [[5]], {"a": 5}, [{"a": [5]}]),
    *({SIGNATURE: 5}, {SIGNATURE: OUTPUT, "value": [5]}, {SIGNATURE: SECRET, "value": {}}),
)
WHERE = [(name, part) for name in ("project-rotated", "account-replaced") for part in ("plan", "refresh")]


def fixture(name: str, part: str) -> str:
    return (HERE / "fixtures" / f"{name}.{part}.json").read_text()


def places(value: Any, at: Place = ()) -> Iterator[Place]:
    """The place of each value in a document."""
    yield at
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from places(inner, (*at, name))
    elif isinstance(value, list):
        for number, inner in enumerate(value):
            yield from places(inner, (*at, number))


def with_other(document: Any, at: Place, value: object) -> str:
    """The document as text, with another value at a place."""
    whole = {"": copy.deepcopy(document)}
    inner: Any = whole
    *way, last = ("", *at)
    for part in way:
        inner = inner[part]
    inner[last] = value
    return json.dumps(whole[""])


def print_all(found: Preview) -> None:
    made = report.make(found, (), TODAY)
    printers.comment(made.stack, made.digest, report.document(made))
    report.as_json(made)


def judge(written: str, part: str, name: str) -> None:
    texts = {one: fixture(name, one) for one in ("plan", "refresh")} | {part: written}
    try:
        found = plan.read(texts["plan"], texts["refresh"])
    except ValueError:
        return
    print_all(found)


@pytest.mark.parametrize(("name", "part"), WHERE)
def test_a_value_of_another_type_does_not_break_the_review_off(name: str, part: str) -> None:
    """At places that are drawn."""
    document, draw = json.loads(fixture(name, part)), random.Random(f"{SEED}")
    for at in draw.sample([*places(document)], 60):
        judge(with_other(document, at, draw.choice(OTHERS)), part, name)


@pytest.mark.long
@pytest.mark.parametrize(("name", "part"), WHERE)
def test_no_value_of_another_type_breaks_the_review_off(name: str, part: str) -> None:
    """At more places that are drawn; at each of them, with each value, in a wide search."""
    document, draw = json.loads(fixture(name, part)), random.Random(f"{SEED}")
    every = [*product(places(document), OTHERS)]
    for at, other in every if WIDE else draw.sample(every, 1000):
        judge(with_other(document, at, other), part, name)


STEP = "steps[1].newState"
WRONG = [
    (("steps",), 5, "steps: found a number, expected a list"),
    (("steps", 1), "x", "steps[1]: found a text, expected an object"),
    (("steps", 1), None, "steps[1]: found null, expected an object"),
    (("steps", 1, "urn"), {}, "steps[1].urn: found an object, expected a text"),
    (("steps", 1, "newState"), [], f"{STEP}: found a list, expected an object"),
    (("steps", 1, "newState", "parent"), [], f"{STEP}.parent: found a list, expected a text"),
    (("steps", 1, "newState", "inputs"), 5, f"{STEP}.inputs: found a number, expected an object"),
    (("steps", 1, "newState", "dependencies"), True, f"{STEP}.dependencies: found true or false"),
    (("steps", 1, "newState", "ignoreChanges"), [[5]], f"{STEP}.ignoreChanges[0]: found a list"),
    (
        ("steps", 1, "newState", "propertyDependencies"),
        {"a": [{}]},
        f"{STEP}.propertyDependencies.a[0]: found an object, expected a text",
    ),
    (("diagnostics",), ["x"], "diagnostics[0]: found a text, expected an object"),
    ((), [], "found a list, expected an object"),
    ((), None, "found null, expected an object"),
]


@pytest.mark.parametrize(("at", "value", "said"), WRONG, ids=[row[2][:60] for row in WRONG])
def test_a_preview_of_another_shape_is_refused_with_its_place(
    at: Place, value: object, said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """As "cannot review", by the exit code."""
    written = with_other({**json.loads(digest(*bound())), "diagnostics": []}, at, value)
    with pytest.raises(PreviewError) as problem:
        preview.read(written)
    assert f"the preview cannot be read ({said}" in str(problem.value)
    (tmp_path / "preview.json").write_text(written)
    assert main([str(tmp_path / "preview.json")]) == 2
    assert said in capsys.readouterr().err


@pytest.mark.parametrize(
    ("inner", "value", "said"),
    [
        (("steps",), 5, "steps: found a number, expected a list"),
        (("steps",), [["same"]], "steps[0]: found a list, expected a text"),
        (("goal",), 5, "goal: found a number, expected an object"),
        (("goal", "dependencies"), {}, "goal.dependencies: found an object, expected a list"),
        (("goal", "inputDiff"), {"updates": 5}, "goal.inputDiff.updates: found a number"),
        (("goal", "inputDiff"), {"deletes": [5]}, "goal.inputDiff.deletes[0]: found a number"),
    ],
)
def test_a_plan_of_another_shape_is_refused_with_its_place(inner: Place, value: object, said: str) -> None:
    """The place has the URN of the resource."""
    document = json.loads(fixture("project-rotated", "plan"))
    urn = next(urn for urn, one in document["resourcePlans"].items() if one["goal"].get("inputDiff"))
    written = with_other(document, ("resourcePlans", urn, *inner), value)
    with pytest.raises(PreviewError) as problem:
        plan.read(written, fixture("project-rotated", "refresh"))
    assert f"the plan cannot be read (resourcePlans.{urn}.{said}" in str(problem.value)


def test_an_event_log_of_another_shape_is_refused_with_its_place() -> None:
    """It comes from the job that runs the program, too."""
    with pytest.raises(PreviewError, match="policyEvent: found a list, expected an object"):
        read_policies('{"policyEvent": []}')
