"""The list of policies that the pack is made of."""

import time
from collections.abc import Callable
from typing import Final

from pulumi_policy import Policy

from policies.adapter import to_policy
from policies.engine_requests import read_once
from policies.reports import reports
from policies.rules import RULES
from policies.session import Session

PACK_NAME: Final = "language-cmk-policies"


def make_policies(clock: Callable[[], float] = time.time) -> list[Policy]:
    """Every policy of the pack, in a fixed order, over one shared session. `clock` is seconds since 1970.

    Raises RuntimeError where the installed SDK would not tell the pack which values are secrets.
    """
    read_once()
    session = Session(refusing=tuple(rule.name for rule in RULES if rule.level == "mandatory"))
    return [*(to_policy(rule, session, clock) for rule in RULES), *reports(session, clock)]
