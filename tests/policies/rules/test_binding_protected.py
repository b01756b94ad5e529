"""binding-protected: a binding is protected, unless a setting of its service takes that off on purpose."""

from __future__ import annotations

from typing import Any

import pytest

from tests.policies.asking import (
    ACCOUNT,
    BINDING,
    KEY,
    KEY_URI,
    UNKNOWN_FLAG,
    UNKNOWN_TEXT,
    VAULT,
    Pack,
    Thing,
    verdict,
)

RULE = "binding-protected"
SERVICE = "language-cmk:index:EncryptedAIServicesAccount"


def binding(**options: Any) -> Thing:
    return Thing("b", BINDING, {"accountId": "a", "keyUriWithVersion": KEY_URI}, **options)


@pytest.mark.parametrize(("protect", "expected"), [(True, "pass"), (False, "violation")])
def test_a_binding_is_protected(protect: bool, expected: str) -> None:
    """By the resource option, whatever the program is."""
    assert verdict(Pack().ask(binding(protect=protect)), RULE) == expected


@pytest.mark.parametrize("stack", ["dev", "prod", "developer"])
def test_no_stacks_name_exempts(stack: str) -> None:
    """Also on `dev` an unprotected binding of a plain program is refused."""

    class Placed(Thing):
        @property
        def urn(self) -> str:
            return f"urn:pulumi:{stack}::p::{BINDING}::b"

    assert verdict(Pack().ask(Placed("b", BINDING, {"keyUriWithVersion": KEY_URI})), RULE) == "violation"


SAID = [
    ({"protect": False}, "pass"),
    ({"protect": "false"}, "pass"),
    ({"unbindAccount": "lang-one"}, "pass"),
    ({}, "violation"),
    ({"protect": True}, "violation"),
    ({"protect": None}, "violation"),
    ({"protect": UNKNOWN_FLAG}, "violation"),
    ({"access": "revoked"}, "violation"),
    ({"unbindAccount": None}, "violation"),
    ({"unbindAccount": ""}, "violation"),
    ({"unbindAccount": UNKNOWN_TEXT}, "violation"),
    ({"replaceAccount": "lang-one"}, "violation"),
]


@pytest.mark.parametrize(("said", "expected"), SAID)
def test_a_setting_that_unprotects_is_known(said: dict[str, Any], expected: str) -> None:
    """`protect: false` and `unbindAccount` of the service are decisions, not accidents."""
    pack = Pack()
    pack.ask(Thing("service", SERVICE, said))
    assert verdict(pack.ask(binding(parent="service")), RULE) == expected


def test_a_setting_counts_through_inner_components() -> None:
    """A binding in a part of a service follows the service."""
    pack = Pack()
    pack.ask(Thing("service", SERVICE, {"unbindAccount": "lang-one"}))
    pack.ask(Thing("part", "language-cmk:index:KeyBinding", {}, parent="service"))
    assert verdict(pack.ask(binding(parent="part")), RULE) == "pass"


@pytest.mark.parametrize(("type", "parent"), [("shop:index:Service", "service"), (SERVICE, None)])
def test_only_a_component_of_ours_around_the_binding_counts(type: str, parent: str | None) -> None:
    """Another project's component, and a service elsewhere in the stack, excuse nothing."""
    pack = Pack()
    pack.ask(Thing("service", type, {"protect": False}))
    assert verdict(pack.ask(binding(parent=parent)), RULE) == "violation"


@pytest.mark.parametrize("token", [ACCOUNT, VAULT, KEY])
@pytest.mark.parametrize(
    ("protect", "first", "expected"),
    [(False, True, "open"), (True, True, "pass"), (False, False, "pass"), (False, None, "pass")],
)
def test_what_is_deleted_before_it_is_replaced_is_told(
    token: str, protect: bool, first: bool | None, expected: str
) -> None:
    """The engine shows a pack no replaceOnChanges, with which any change would take key or data away; an
    engine does not replace what is protected."""
    thing = Thing("x", token, {}, protect=protect, deletes_first=first)
    assert verdict([*(pack := Pack()).ask(thing), *pack.ask_stack([thing])], RULE) == expected
