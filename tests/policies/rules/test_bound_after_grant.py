"""bound-after-grant: a key is bound only after the identity that uses it was granted access."""

from __future__ import annotations

from tests.policies.asking import Thing
from tests.policies.editing import STACKS, bound, change, every, says
from tests.policies.stacks import two_phases

COMPONENT = "language-cmk:index:EncryptedAIServicesAccount"


@every
def test_a_key_bound_without_waiting_for_its_grant_is_refused(name: str) -> None:
    """The writer of the key must depend on the grant, in every mode."""
    writer = "account" if "one phase" in name else "binding"
    stack = change(STACKS[name](), writer, depends_on=["vault"])
    assert says(stack, "bound-after-grant") == "violation"


@bound
def test_waiting_through_another_resource_counts(name: str) -> None:
    """A dependency on something that depends on the grant is order enough."""
    stack = STACKS[name]()
    stack["pause"] = Thing("pause", "time:index:Sleep", depends_on=["grant"])
    assert says(change(stack, "binding", depends_on=["pause"]), "bound-after-grant") == "pass"


def test_a_grant_that_goes_need_not_come_before_its_binding() -> None:
    """A preview still shows the grant that a revocation deletes, and the binding no longer waits for it."""
    stack = change(two_phases(), "binding", depends_on=[], parent="service")
    assert (
        says(
            {"service": Thing("service", COMPONENT, {}), **stack},
            "bound-after-grant",
        )
        != "pass"
    )
    said = Thing("service", COMPONENT, {"access": "revoked"})
    assert says({"service": said, **stack}, "bound-after-grant") == "pass"
