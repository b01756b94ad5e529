"""Lives of a service as Hypothesis draws them: settings, flags, drift, faults and kills in any order.

Owns: what may happen, and how often. Does not own: what it does, and what must hold afterwards (life.py).

test_mends.py takes mends out of the product, one by one, and lives until a life fails.
"""

from __future__ import annotations

import sys
from typing import Any

import pulumi
from hypothesis import HealthCheck, Phase, assume, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test

from core.resource_types import ACCOUNT
from tests.remediation.life import HELD, SOMEBODY, WRONG_KEYS, Life
from tests.remediation.world import (
    DRIFTS,
    MODES,
    Transformation,
    bound_by_others,
    bound_version_expires,
    close_vault,
    identity_anew,
    identity_off,
    narrow_grant,
    take_grant,
)
from tests.support.engine import Flags

STEPS_OF_A_LIFE = 6
SETTINGS: tuple[dict[str, Any], ...] = (
    {"location": "northeurope"},
    {"resource_group_name": "rg-second"},
    {"kind": "AIServices", "sku": "S0"},
    {"account_name": "lang-second"},
    {"identity": "userAssigned"},
    {"identity": "systemAssigned"},
    {"access_model": "rbac"},
    {"access_model": "accessPolicy"},
    {"vault": {"name": "kv-second"}},
)
"""Changes that a guard may refuse."""
KEYS = ("cmk-claims", "second")
FREE = "lang-third"
ACCESS = (take_grant, narrow_grant, close_vault, identity_off, identity_anew, bound_version_expires)
"""Drift that takes the data out of reach, and is repaired."""
FAULTS: tuple[dict[str, Any], ...] = (
    {"failing_operations": "CapacityExceeded"},
    {"missing_grant": "fails_later"},
    {"missing_grant": "properties_invalid"},
    {"read_lag_seconds": 30.0},
    {"read_lag_seconds": 30.0, "lagging_reads": "every_other"},
)
"""How Azure behaves while one update runs."""

SUBNETS = ("vnet/subnets/endpoints", "vnet/subnets/others", "hub/subnets/endpoints", "vnet/subnets/endpionts")
"""The last one is mistyped."""
CUT_OFF: tuple[dict[str, Any], ...] = (
    {"access": "revoked"},
    {"access": "granted"},
    {"tags": {"owner": "night"}},
    {"key": {"name": "third"}},
    {"audit": {"new_workspace": True}},
    {"vault": {"key_operators": ["deployer"]}},
    {"vault": {"key_operators": [SOMEBODY]}},
)
"""Changes that an update may be cut off in."""


TOLD = (
    *(
        Flags(targets=frozenset(names))
        for names in (["account"], ["binding"], ["account", "binding"], ["account", "key-version", "binding"])
    ),
    *(Flags(excludes=frozenset([name])) for name in ("account", "binding")),
    Flags(replaces=frozenset(["binding"])),
)
"""By --target, --exclude and --replace."""
FORGOTTEN = (("-account", "-binding", "-access"), ("-binding",), ("-key-version",))
"""Ends of names."""
_GROUP_PATH = "/subscriptions/{s}/resourceGroups/{g}"
READ_FALSELY = (f"{_GROUP_PATH}/providers/Microsoft.CognitiveServices/accounts/{{a}}", _GROUP_PATH)


def ignoring(path: str) -> Transformation:
    """A stack transformation by which the account ignores changes of a path."""

    def transform(args: pulumi.ResourceTransformationArgs) -> pulumi.ResourceTransformationResult | None:
        if args.type_ != ACCOUNT:
            return None
        more = pulumi.ResourceOptions(ignore_changes=[path])
        return pulumi.ResourceTransformationResult(args.props, pulumi.ResourceOptions.merge(args.opts, more))

    return transform


def with_cost_centre(
    args: pulumi.ResourceTransformationArgs,
) -> pulumi.ResourceTransformationResult | None:
    """A stack transformation that adds a tag to the account."""
    if args.type_ != ACCOUNT:
        return None
    tags = pulumi.Output.from_input(args.props.get("tags")).apply(lambda own: {**(own or {}), "cost": "1"})
    return pulumi.ResourceTransformationResult({**args.props, "tags": tags}, args.opts)


MEDDLERS = (ignoring("properties"), ignoring("properties.encryption"), with_cost_centre)
_OWNER = st.sampled_from(["platform", "security"])
EVENTS = st.one_of(
    st.tuples(st.just("tags"), _OWNER),
    st.tuples(st.just("other_keys"), st.lists(st.sampled_from(KEYS), min_size=1, max_size=3)),
    st.tuples(st.just("key_operators"), st.sampled_from([[], ["deployer"], [SOMEBODY]])),
    st.tuples(st.just("rotation"), st.sampled_from(({}, {"tags": {"owner": "rotating"}}))),
    st.tuples(st.just("rotation_by_a_new_operator"), st.sampled_from([60.0, 300.0])),
    st.tuples(st.just("access"), st.booleans()),
    st.tuples(st.just("revocation_beside"), st.sampled_from(SETTINGS)),
    st.tuples(st.just("leaves_its_key")),
    st.tuples(st.just("another_account"), st.sampled_from([HELD, FREE])),
    *[st.tuples(st.just("setting"), st.sampled_from(SETTINGS))] * 2,
    *[st.tuples(st.just("drifts"), st.sampled_from([*DRIFTS, bound_by_others]), st.none() | _OWNER)] * 2,
    *[st.tuples(st.just("drifts"), st.sampled_from(ACCESS), _OWNER)] * 2,
    st.tuples(st.just("private_endpoints"), st.lists(st.sampled_from(SUBNETS), min_size=1, max_size=3)),
    st.tuples(st.just("fault"), st.sampled_from(FAULTS), _OWNER),
    *[
        st.tuples(
            st.just("cut_off"), st.sampled_from(CUT_OFF), st.integers(1, 6), st.booleans(), st.booleans()
        )
    ]
    * 2,
    st.tuples(st.just("told"), st.sampled_from(TOLD), _OWNER),
    st.tuples(st.just("reads_falsely"), st.sampled_from(READ_FALSELY), st.integers(1, 6), _OWNER),
    st.tuples(st.just("state_forgets"), st.sampled_from(FORGOTTEN)),
    st.tuples(st.just("older_azure_native"), st.sampled_from(["2024-10-01", "2025-06-01"])),
    st.tuples(st.just("meddles"), st.sampled_from(MEDDLERS), _OWNER),
    st.tuples(st.just("flags"), st.booleans(), st.booleans()),
)
"""Methods of the machine with what they are given; some more often than others. Of several rules Hypothesis
would take some four times as often as others."""
ALONE: tuple[tuple[Any, ...], ...] = (
    *(("told", flags, "night") for flags in TOLD),
    *(("reads_falsely", path, times, "night") for path in READ_FALSELY for times in range(1, 7)),
    *(("state_forgets", names) for names in FORGOTTEN),
    ("older_azure_native", "2024-10-01"),
    *(("meddles", one, "night") for one in MEDDLERS),
    *(("fault", fault, "night") for fault in FAULTS),
    *(("drifts", drift, owner) for drift in (*DRIFTS, bound_by_others) for owner in (None, "night")),
    *(("setting", change) for change in SETTINGS),
    *(
        ("cut_off", change, write, arrives, True)
        for change in CUT_OFF[2:3]
        for write in range(1, 5)
        for arrives in (False, True)
    ),
)
"""What is lived by itself, in each mode."""


class Refusals(RuleBasedStateMachine):
    """Lives that Hypothesis draws."""

    @initialize(
        seed_of_life=st.integers(0, 255),
        mode=st.sampled_from([*MODES]),
        refreshes=st.booleans(),
        before_refresh=st.booleans(),
        rotated=st.booleans(),
        wrong_key=st.none() | st.sampled_from([*WRONG_KEYS]),
    )
    def stands(self, *, seed_of_life: int, mode: str, rotated: bool, **flags: Any) -> None:
        """Perhaps with a second version of the key."""
        assume(seed_of_life)  # Hypothesis begins each run with the simplest life, whatever the seed
        self.life = Life(mode, **flags)
        if rotated:
            self.life.world.rotate("cmk-claims")
            self.life.changes({})

    @rule(event=EVENTS)
    def happens(self, event: tuple[Any, ...]) -> None:
        self.life.happens(event)

    def teardown(self) -> None:
        if hasattr(self, "life") and sys.exc_info()[0] is None:
            self.life.ends()


def searched(first: int, lives: int) -> None:
    """Draws so many lives, by a seed. Raises what goes wrong in one."""
    chosen = settings(
        max_examples=lives,
        stateful_step_count=STEPS_OF_A_LIFE,
        phases=[Phase.explicit, Phase.generate],
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        report_multiple_bugs=False,
    )
    run_state_machine_as_test(seed(first)(Refusals), settings=chosen)
