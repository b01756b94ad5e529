"""The conditions of the policy definitions made here, in Azure Policy's own language.

Azure Policy does not see the operation that writes a standalone access policy: Audit finds the changed vault,
and Deny refuses the vault's own next write.
"""

from collections.abc import Mapping
from typing import Any

from core import arm_ids, demands, kinds, rights, roles
from core.facts import GROUPS

ADMINISTRATORS = "[parameters('administrators')]"
_VAULT, _KEY, _ACCOUNT, _ASSIGNMENT = arm_ids.VAULT, arm_ids.KEY, arm_ids.ACCOUNT, arm_ids.ROLE_ASSIGNMENT
_ENTRIES = f"{_VAULT}/accessPolicies[*]"
_USER = f"{_ACCOUNT}/encryption.keyVaultProperties.identityClientId"
_EXACT = rights.NEEDED
_WIDER = (roles.CRYPTO_USER.id, roles.CRYPTO_OFFICER.id, roles.ADMINISTRATOR.id)
Condition = dict[str, Any]


def _field(name: str, **test: Any) -> Condition:
    return {"field": name, **test}


def _type(name: str) -> Condition:
    return _field("type", equals=name)


def _all_of(*conditions: Condition) -> Condition:
    return {"allOf": list(conditions)}


def _any_of(*conditions: Condition) -> Condition:
    return {"anyOf": list(conditions)}


def _some(elements: str, where: Mapping[str, Any]) -> Condition:
    """At least one element of a list is so."""
    return {"count": {"field": elements, "where": where}, "greater": 0}


def _held(group: str, **test: Any) -> Condition:
    permission = f"{_ENTRIES}.permissions.{group}[*]"
    return _some(permission, _field(permission, **test))


BROAD_GRANTS: Condition = _all_of(
    _type(_VAULT),
    _some(_ENTRIES, _any_of(*(_held(group, **{"in": ["all", "purge"]}) for group in GROUPS))),
)
INEXACT_GRANTS: Condition = _all_of(
    _type(_VAULT),
    _some(
        _ENTRIES,
        _all_of(
            _field(f"{_ENTRIES}.objectId", notIn=ADMINISTRATORS),
            _held("keys", **{"in": [*demands.KEY_OPERATIONS, "all"]}),
            _any_of(
                _held("keys", notIn=list(_EXACT)),
                *({"not": _held("keys", equals=one)} for one in _EXACT),
                *(_held(group, notEquals="") for group in GROUPS[1:]),
            ),
        ),
    ),
)
WIDER_ROLES: Condition = _all_of(
    _type(_ASSIGNMENT),
    _field(f"{_ASSIGNMENT}/principalType", equals=roles.SERVICE_PRINCIPAL),
    _field(f"{_ASSIGNMENT}/principalId", notIn=ADMINISTRATORS),
    _any_of(*(_field(f"{_ASSIGNMENT}/roleDefinitionId", contains=role) for role in _WIDER)),
)
OTHER_KEYS: Condition = _all_of(
    _type(_KEY),
    _any_of(
        _field(f"{_KEY}/kty", notIn=[*demands.KEY_TYPES]),
        _field(f"{_KEY}/keySize", notIn=[*kinds.KEY_SIZES]),
    ),
)
NO_IDENTITY: Condition = _all_of(
    _type(_ACCOUNT),
    _field("identity.type", notContains="SystemAssigned"),
    {"not": _all_of(_field("identity.type", contains="UserAssigned"), _field(_USER, exists=True))},
)
