"""Whether a vault or an account can be reached from anywhere: Azure words both alike."""

from typing import Any, Final

from policies.rule import Findings, NotYetKnown, Options, Subject, Violation, expect
from policies.view import UNKNOWN, View, shown

SETTINGS: Final[dict[str, dict[str, Any]]] = {
    "publicAccess": {
        "type": "string",
        "enum": ["restricted", "disabled"],
        "default": "restricted",
        "description": "restricted: public access is disabled, or the firewall's default is Deny. "
        "disabled: public access is disabled, whatever the firewall says.",
    }
}


WIDEST: Final = 8
"""Bits of the widest range that one organisation can have; two of /1 are every address, as one of /0 is."""


def judge(subject: Subject, options: Options) -> Findings:
    """As Azure Policy 037eea7a and 55615ac9 and PSRule: an Allow with IP rules is open."""
    view = subject.view
    public = view.word("publicNetworkAccess")
    action = view.word("networkAcls", "defaultAction")
    if public == "disabled" or subject.is_recovery:
        return
    if options.word("publicAccess") == "disabled":
        yield from expect(
            "properties.publicNetworkAccess",
            view.prop("publicNetworkAccess"),
            False,
            required='properties.publicNetworkAccess "Disabled"',
            fix="disable public network access and connect through a private endpoint",
            setting="set network.access to closed, or to private with network.subnetId",
        )
    elif action == "deny":
        yield from _open_ranges(view)
    elif public == "securedbyperimeter":
        return
    elif public is UNKNOWN or action is UNKNOWN:
        yield NotYetKnown("properties.publicNetworkAccess or properties.networkAcls is not known yet")
    else:
        yield Violation(
            found=f"properties.publicNetworkAccess is {shown(view.prop('publicNetworkAccess'))} and "
            f"properties.networkAcls.defaultAction is {shown(view.prop('networkAcls', 'defaultAction'))}",
            required='publicNetworkAccess "Disabled", or networkAcls.defaultAction "Deny"',
            fix='set networkAcls.defaultAction to "Deny" and name the networks that may enter, '
            "or disable public network access",
            setting="set network.access to closed, selected or private",
        )


def _open_ranges(view: View) -> Findings:
    rules = view.views("networkAcls", "ipRules")
    if rules is UNKNOWN:
        yield NotYetKnown("properties.networkAcls.ipRules is not known yet")
        return
    for rule in rules:
        value = rule.text("value")
        if isinstance(value, str) and _is_wide(value):
            yield Violation(
                found=f"properties.networkAcls.ipRules holds {shown(value)}, which is wider than any "
                f"network of your own",
                required=f"ranges of networks that are known, none wider than /{WIDEST}",
                fix="name the ranges that may enter",
                setting="take the range out of network.allowedIpRanges",
            )


def _is_wide(value: str) -> bool:
    bits = value.rpartition("/")[2] if "/" in value else ""
    return bits.isdecimal() and int(bits) < WIDEST
