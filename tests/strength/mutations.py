"""Places of the product that everyday tests must hold: a line or a comparison each, ten and more in a room.

A place is found by a text that stands once in its room, so that it may move from file to file. The texts are
short and of behaviour that stays: rules of the service, refusals, tries and escapes. Where one has changed,
name another place that says the same.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.support.stack import ROOT


@dataclass(frozen=True)
class Mutation:
    """`found` of the files of `room` becomes `instead`. `lost` is what the product then no longer does."""

    room: str
    found: str
    instead: str
    lost: str

    def file(self, root: Path = ROOT) -> Path:
        """The one file that holds the text. Raises LookupError if it stands nowhere, or more than once."""
        counts = {
            path: count
            for path in sorted((root / self.room).rglob("*.py"))
            if (count := path.read_text(encoding="utf-8").count(self.found))
        }
        if list(counts.values()) != [1]:
            raise LookupError(
                f"{self.lost}: expected {self.found!r} once in {self.room}, found it in {counts}; give "
                "another text in tests/strength/mutations.py"
            )
        return next(iter(counts))


def _of(room: str, *rows: tuple[str, str, str]) -> tuple[Mutation, ...]:
    return tuple(Mutation(room, *row) for row in rows)


MUTATIONS: Final[tuple[Mutation, ...]] = (
    *_of(
        "core",
        ("expires <= now", "expires < 0", "an expired version is not bound"),
        ("int(bits) < WIDEST_RANGE", "int(bits) > WIDEST_RANGE", "wide ranges of a firewall are found"),
        ("account.lower() == vault.lower()", "account == vault", "tenants are compared without case"),
        (
            "enabled is None and purge_protection is True",
            "enabled is None",
            "a vault that does not say has soft delete only with purge protection",
        ),
        ('- {"purge"}', "", "`all` of an access policy does not give purge"),
        (" or entry.application_id:", ":", "a policy for an application gives the identity nothing"),
        ("if assignment.condition:", "if not assignment.condition:", "a condition makes access uncertain"),
        ("given - taken", "given", "a deny assignment takes access away"),
        ("folded(version) == newest", "folded(version) != newest", "an older version is told"),
        (
            "not used.is_same_version(wanted)",
            "used.is_same_version(wanted)",
            "a version that stays is no rotation",
        ),
        ("status == 429", "status == 529", "a throttled call is known as such"),
        (
            " and not matches(self.not_data_actions, action)",
            "",
            "notDataActions take away what dataActions give",
        ),
        ("declared == before.key_identity", "declared != before.key_identity", "the key's identity stays"),
        (
            "desired.unbind_account != account.name",
            "not desired.unbind_account",
            "an unbinding names the account",
        ),
        ("if account.manages_projects:", "if False:", "an account with projects does not leave its key"),
        ("name.lower() not in named", "name not in named", "a kept project is known in any case"),
        (
            "model != declared and not (desired.is_revoked or failed)",
            "False",
            "the access model of a vault in use does not change",
        ),
        (
            "service.before.is_bound or not service.desired.is_revoked",
            "True",
            "access is not revoked of an account without a key",
        ),
        ("arm_ids.same(declared, here)", "declared == here", "what the stack made is not named as existing"),
        ("subscription != subscription_id.lower()", "False", "a login to another subscription is refused"),
    ),
    *_of(
        "components",
        ("self._refuse_left_out(state)", "pass", "a service that the program leaves out is named"),
        (
            "self.protected(setting, delete_before_replace=False",
            "self.child(setting, delete_before_replace=False",
            "a destroy that is refused for the account does not end its audit",
        ),
        ("rotates > expires - DAYS_TO_REBIND", "rotates > expires", "a rotation leaves time to bind again"),
        (".prefixlen == 0", ".prefixlen == 1", "the whole internet is no range of a firewall"),
    ),
    *_of(
        "provider",
        ('r"AADSTS7000215"', 'r"AADSTS0"', "a changed secret is told with its command"),
        (
            "if name in _ONCE or not callable(found)",
            "if not callable(found)",
            "a rotation is not repeated without a look",
        ),
        ("self._transient < TRANSIENT_TRIES", "True", "tries without an answer come to an end"),
        ("max(pause, failure.retry_after or 0.0)", "pause", "Retry-After is obeyed"),
        (
            "await self._refuse_without_access(",
            "(lambda *_: None)(",
            "an account that cannot use its key stays on it",
        ),
        (
            "failure.is_absent and await confirmed(account_id, call) is None",
            "failure.is_absent",
            "one answer that an account is gone is not believed",
        ),
        ("if not check.rebinding:", "if False:", "an account that another binds is not taken"),
        (
            "if not bound.is_in(named):",
            "if False:",
            "the vault holds the key",
        ),
        (
            "if one.version not in before",
            "if one.version in before",
            "a rotation whose answer was lost is made once",
        ),
        (
            "if not _is_under_a_key_of(vault, found):",
            "if True:",
            "access is not taken from an account that is under its key",
        ),
        (
            "if new < old and not news.is_unknown",
            "if new > old and not news.is_unknown",
            "a generation does not go down",
        ),
    ),
    *_of(
        "policies",
        (
            "use.in_managed_hsm and not grant.of_managed_hsm",
            "False",
            "what Azure RBAC grants gives nothing in a managed HSM",
        ),
        ("if grant.is_certain:", "if True:", "access that is not certain is left open"),
        (
            "grant.entry is not None and grant.permissions - rights.EXACT",
            "False",
            "a wide access policy is found",
        ),
        ("end - today > LONGEST", "end - today < LONGEST", "an exemption ends within a year"),
        (
            "if today <= one.until",
            "if today < one.until",
            "an exemption holds on its last day",
        ),
        (
            'if refuses and values.get("enforcementLevel") == "disabled":',
            'if refuses and values.get("enforcementLevel") == "":',
            "a rule that refuses is off for a time only",
        ),
        ("return unbinds or values", "return unbinds and values", "the pack knows what settings ask for"),
        ("if account.leaves_encryption:", "if True:", "an account with a binding ignores its encryption"),
        ('if "rotate" in types:', "if types:", "a rotation policy that only notifies does not rotate"),
        ("len(text) >= _LEAST", "len(text) < _LEAST", "secrets are kept out of messages"),
        (
            '<= {"keys", "versions"}',
            '<= {"keys", "versions", "secrets"}',
            "a role at a secret is not at a key",
        ),
    ),
    *_of(
        "review",
        ("approval.expires < today", "approval.expires > today", "an approval ends"),
        ("approval.review != code", "False", "an approval is for one review"),
        ("people.author and _same(", "False and _same(", "the author does not approve"),
        (
            "before.client_id != after.client_id and",
            "before.client_id == after.client_id and",
            "another identity that uses the key is told",
        ),
        ("if recorded.bound and not live.bound:", "if False:", "an unbinding outside Pulumi is told"),
        ("before.attached - after.attached", "after.attached - before.attached", "a lost identity is told"),
        (" or not self.finished:", ":", "a preview that did not finish blocks"),
        (
            "before.is_system and uses_own",
            "False",
            "the account's own identity that is taken away is told",
        ),
        (
            "shut_out is None or not has_key",
            "shut_out is None or has_key",
            "a firewall that cuts the service off is told",
        ),
    ),
    *_of(
        "operate", ('if state["type"] not in FORMS or', "if True or", "what exists is taken into the state")
    ),
)
