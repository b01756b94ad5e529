"""The engine's marks are the SDK's: a release that changes them shows here."""

import re

from pulumi.runtime import rpc
from pulumi_policy import proxy

from core import engine_values


def test_the_marks_of_unknown_values_are_the_sdks() -> None:
    """Each kind of value has one, and no other is known."""
    sdk = {value for name, value in vars(proxy).items() if re.fullmatch(r"UNKNOWN_[A-Z]+_VALUE", name)}
    assert sdk == engine_values.UNKNOWNS
    assert rpc.UNKNOWN == engine_values.UNKNOWN


def test_the_signatures_are_the_sdks() -> None:
    """A secret and an output are told by the same member of an object."""
    assert rpc._special_sig_key == engine_values.SIGNATURE
    assert rpc._special_secret_sig == engine_values.SECRET
