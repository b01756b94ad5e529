"""What is changed around a key in use: the identity that uses it, its version, audit, locks, outbound
access, linked stores, and who else may do something with it."""

from __future__ import annotations

from typing import Any

import pytest

from tests.review.build import (
    BINDING,
    GROUP,
    KEY_URI,
    POLICY,
    PRINCIPAL,
    ROLE,
    ROLES,
    UNKNOWN,
    VAULT,
    VAULT_ID,
    Step,
    binding,
    bound,
    policy,
    replaced,
    review,
    same,
    state,
    step,
    vault,
    verdicts,
)

EXACT = ("get", "wrapKey", "unwrapKey")
LOGS = "azure-native:monitor:DiagnosticSetting"
STRANGER = "99999999-9999-4999-8999-999999999999"


def with_entry(step: Step) -> Step:
    """A vault as the cloud shows it: with the entry of the policy that is a resource of its own."""
    entry = {"objectId": PRINCIPAL, "permissions": {"keys": [*EXACT]}}
    for at in ("oldState", "newState"):
        if step.get(at, {}).get("outputs"):
            step[at] = {
                **step[at],
                "outputs": {"properties": {**vault()["outputs"]["properties"], "accessPolicies": [entry]}},
            }
    return step


@pytest.mark.parametrize(
    ("after", "expected"),
    [
        (policy("unwrapKey"), ["access-narrowed"]),
        (policy("get", "unwrapKey"), ["access-narrowed"]),
        (policy("get", "wrapKey"), ["access-revoked"]),
        (policy(), ["access-revoked"]),
        (policy(*EXACT), []),
        (policy("all"), ["access-widened"]),
    ],
)
def test_rights_reduced_in_place_are_seen_though_the_vaults_list_has_the_old_ones(
    after: Step, expected: list[str]
) -> None:
    """The vault as it was found lists what the policy gave before the update."""
    steps = replaced(bound(), POLICY, step("update", POLICY, "p", policy(*EXACT), after))
    assert verdicts(*replaced(steps, VAULT, with_entry(same(VAULT, "v", vault())))) == expected


@pytest.mark.parametrize(("keys", "word"), [(("unwrapKey",), "narrowed"), (("get",), "removed")])
def test_a_grant_changed_outside_is_told_with_its_repair(keys: tuple[str, ...], word: str) -> None:
    """The update gives the access back, which may have been taken away on purpose: nobody asked for it."""
    found, again = policy(*keys), policy(*EXACT)
    steps = [one for one in bound() if POLICY not in one["urn"]]
    refreshed = step("refresh", POLICY, "p", policy(*EXACT), found)
    made = review(*steps, refreshed, step("update", POLICY, "p", found, again))
    (verdict,) = (one.verdict for one in made.rows[0].verdicts)
    assert (verdict.name, word in verdict.words) == ("access-restored", True)
    assert made.severity.exit_code == 4


@pytest.mark.parametrize(("stays", "expected"), [(False, "changed rotated"), (True, "changed")])
def test_a_binding_that_was_moved_outside_pulumi_is_named(stays: bool, expected: str) -> None:
    """To another version than the state records, whether or not the update moves it back."""
    moved = binding()
    for part in ("inputs", "outputs"):
        moved[part] = {**moved[part], "keyUriWithVersion": KEY_URI.replace("a" * 32, "c" * 32)}
    planned = (
        step("same", BINDING, "b", moved, moved) if stays else step("update", BINDING, "b", moved, binding())
    )
    steps = [*replaced(bound(), BINDING, step("refresh", BINDING, "b", binding(), moved)), planned]
    assert sorted(verdicts(*steps)) == expected.split()


def logs(place: str = "law-1", category: str = "audit", enabled: bool = True, **more: Any) -> Step:
    facts = {
        "resourceUri": VAULT_ID,
        "workspaceId": f"{GROUP}/providers/Microsoft.OperationalInsights/workspaces/{place}"
        if place
        else None,
        "logs": [{"categoryGroup": category, "enabled": enabled}],
        **more,
    }
    return state({name: value for name, value in facts.items() if value is not None})


@pytest.mark.parametrize(
    ("after", "expected"),
    [
        (logs(""), ["protection-weakened"]),
        (logs(category="metrics"), ["protection-weakened"]),
        (
            logs(category="metrics", logs=[{"category": "AuditEvent", "enabled": True}]),
            ["protection-weakened"],
        ),
    ],
)
def test_audit_sent_elsewhere_or_to_nothing_is_told(after: Step, expected: list[str]) -> None:
    """Who reads the log at its old place reads nothing any more."""
    assert verdicts(*bound(), step("update", LOGS, "l", logs(), after)) == expected


HUB = f"{GROUP}/providers/Microsoft.EventHub/namespaces/ns"


def hub(namespace: str = HUB, rule: str = "Root", name: str | None = "audit") -> Step:
    """Logs that go to an event hub alone."""
    id = f"{namespace}/authorizationRules/{rule}"
    return logs("", eventHubAuthorizationRuleId=id, eventHubName=name)


@pytest.mark.parametrize(
    ("after", "expected"),
    [
        (hub(rule="Other"), []),
        (hub(name="AUDIT"), []),
        (hub(name="second"), ["protection-weakened"]),
        (hub(name=None), ["protection-weakened"]),
        (hub(name=UNKNOWN), ["protection-weakened"]),
        (hub(f"{HUB}2"), ["protection-weakened"]),
    ],
)
def test_an_event_hub_is_told_by_its_namespace_and_name(after: Step, expected: list[str]) -> None:
    """Not by the rule that lets the logs in: who reads the hub reads on."""
    assert verdicts(*bound(), step("update", LOGS, "l", hub(), after)) == expected


def test_a_group_holds_the_category() -> None:
    """AuditEvent is in the group audit; the other way round less may be recorded."""
    one, group = logs(logs=[{"category": "AuditEvent", "enabled": True}]), logs()
    assert verdicts(*bound(), step("update", LOGS, "l", one, group)) == []
    assert verdicts(*bound(), step("update", LOGS, "l", group, one)) == ["protection-weakened"]


def test_logs_that_change_places_are_told() -> None:
    """Each category is still recorded, and each place still gets something, but who read the one reads the
    other."""
    other = [{"category": "AzurePolicyEvaluationDetails", "enabled": True}]
    before, after = (logs(), logs("law-2", logs=other)), (logs("law-2"), logs(logs=other))
    steps = [
        step("update", LOGS, name, *pair)
        for name, pair in zip("lm", zip(before, after, strict=True), strict=True)
    ]
    assert verdicts(*bound(), *steps) == ["protection-weakened"]


@pytest.mark.parametrize(
    ("op", "words"), [("delete", "DELETED: calls"), ("replace", "may have other addresses")]
)
def test_a_private_endpoint_that_goes_is_noted(op: str, words: str) -> None:
    """No data is at stake; but who calls through it should know."""
    target = {"privateLinkServiceConnections": [{"privateLinkServiceId": VAULT_ID}]}
    endpoint = state(target, id=f"{GROUP}/providers/Microsoft.Network/privateEndpoints/pe")
    after = endpoint if op == "replace" else None
    made = review(*bound(), step(op, "azure-native:network:PrivateEndpoint", "pe", endpoint, after))
    (told,) = [one.verdict for row in made.rows for one in row.verdicts]
    assert (told.name.value, made.severity.exit_code) == ("changed", 0)
    assert words in told.words


def test_one_of_two_audit_logs_may_not_go_unseen() -> None:
    """A second setting does not make up for a place that is lost."""
    assert verdicts(*bound(), same(LOGS, "l", logs()), step("delete", LOGS, "m", logs("law-2"))) == [
        "protection-weakened"
    ]


def assignment(role: str, scope: str = VAULT_ID) -> Step:
    return state({"scope": scope, "principalId": STRANGER, "roleDefinitionId": f"{ROLES}{role}"})


@pytest.mark.parametrize(
    ("permissions", "can"),
    [
        (("unwrapKey",), "read data keys"),
        (("wrapKey",), "wrap data keys"),
        (("decrypt",), "read data keys"),
        (("delete",), "delete the key"),
        (("purge",), "purge it for good"),
        (("backup",), "take a copy of it (backup)"),
        (("update",), "disable it"),
        (("all",), "delete the key"),
        (("get", "list"), ""),
    ],
)
def test_a_stranger_with_permissions_is_a_row(permissions: tuple[str, ...], can: str) -> None:
    """Each new holder is told by id, with what it can do to data under the key."""
    made = review(*bound(), step("create", POLICY, "q", None, policy(*permissions, principal=STRANGER)))
    rows = [(row.noun, row.name, row.verdicts[0].verdict) for row in made.rows]
    if not can:
        assert rows == []
        return
    ((noun, name, verdict),) = rows
    assert (noun, name, verdict.name) == ("principal", STRANGER, "principal-added")
    assert can in verdict.words


@pytest.mark.parametrize(
    ("role", "scope", "rbac", "can"),
    [
        ("00482a5a-887f-4fb3-b363-3b7fe8e74483", VAULT_ID, True, "read data keys"),
        ("00482a5a-887f-4fb3-b363-3b7fe8e74483", VAULT_ID, False, ""),
        ("8e3af657-a8ff-443c-a75c-2fe8c4bcb635", GROUP, True, "give anybody access"),
        ("b24988ac-6180-42a0-ab88-20f7382dd24c", GROUP, False, "change the vault and give anybody access"),
        ("b24988ac-6180-42a0-ab88-20f7382dd24c", GROUP, True, "delete the vault"),
        ("f25e0fa2-a7c8-4377-a976-54943a77a395", VAULT_ID, False, "delete the vault"),
        ("18d7d88d-d35e-4fb5-a5c3-7773c20a72d9", f"{VAULT_ID}/keys/key", True, "give anybody access"),
        ("acdd72a7-3385-48ef-bd42-f606fba81ae7", GROUP, True, ""),
        ("b24988ac-6180-42a0-ab88-20f7382dd24c", f"{GROUP}-2", True, ""),
        ("11111111-2222-4333-8444-555555555555", VAULT_ID, True, "do what the preview does not show"),
    ],
)
def test_a_stranger_with_a_role_is_a_row(role: str, scope: str, rbac: bool, can: str) -> None:
    """At the key, its vault or above; what a role does to data under a key depends on the vault's model."""
    steps = replaced(bound(), VAULT, same(VAULT, "v", vault(enableRbacAuthorization=rbac)))
    if rbac:
        service = state(
            {
                "scope": VAULT_ID,
                "principalId": PRINCIPAL,
                "roleDefinitionId": f"{ROLES}e147488a-f6f5-4113-8e2d-b22465e65bf6",
            }
        )
        steps.append(same(ROLE, "s", service))
    made = review(*steps, step("create", ROLE, "r", None, assignment(role, scope)))
    words = [one.verdict.words for row in made.rows for one in row.verdicts]
    assert [can in text for text in words] == ([True] if can else []), words


def test_who_was_there_before_is_no_news() -> None:
    """Neither unchanged nor with fewer rights; with more, what is more is told."""
    had, more = policy("unwrapKey", principal=STRANGER), policy("unwrapKey", "delete", principal=STRANGER)
    assert verdicts(*bound(), same(POLICY, "q", had)) == []
    assert verdicts(*bound(), step("update", POLICY, "q", more, had)) == []
    made = review(*bound(), step("update", POLICY, "q", had, more))
    (verdict,) = (one.verdict for row in made.rows for one in row.verdicts)
    assert "delete the key" in verdict.words
    assert "read data keys" not in verdict.words


def test_a_service_on_another_services_key_is_a_stranger() -> None:
    """An account's identity has rights on its own key; on the key of another vault it is like anybody."""
    other = policy(*EXACT)
    other["inputs"] = {**other["inputs"], "vaultName": "other"}
    made = review(*bound(), step("create", POLICY, "q", None, other))
    assert [(row.noun, row.name) for row in made.rows] == [("principal", PRINCIPAL)]
