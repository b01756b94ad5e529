"""`python -m review.safeguards`: what a hostile author can do, and whether the repository's settings prevent
it.

Reads .github/settings.yml, the code owners and the two roles. Settings that were made by hand need a person
to look at them. Exit code 1 if something is open.
"""

import json
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import yaml

from core import arm_ids

# Everything that a pipeline runs or imports.
RUNS: Final = (
    ".azuredevops/",
    ".ci/",
    ".github/",
    "Makefile",
    "Pulumi.yaml",
    "__main__.py",
    "components/",
    "core/",
    "engine/",
    "operate/",
    "policies/",
    "policy-config.yaml",
    "provider/",
    "pyproject.toml",
    "review/",
    "settings/",
    "uv.lock",
)
# Any other file of the root: `python -m` imports it before a package of its name.
_NEW: Final = "yaml.py"
# GitHub counts a skipped job as passed (docs.github.com, troubleshooting-required-status-checks, 2026-11-28),
# so a repository without a fleet can require the fleet's check, too.
_CHECKS: Final = frozenset({"encryption", "encryption of the fleet", "every test, from a clean clone"})
# Whether a name or a tier is available is a POST, which changes nothing.
_READS: Final = ("/read", "/checkDomainAvailability/action", "/checkSkuAvailability/action")
_HELD: Final = (arm_ids.ACCOUNT, arm_ids.VAULT, arm_ids.KEY)


@dataclass(frozen=True)
class Repository:
    """What can be read about a repository. Missing files are empty."""

    settings: Mapping[str, Any]
    owners: tuple[tuple[str, tuple[str, ...]], ...]
    roles: Mapping[str, Mapping[str, Any]]

    @property
    def protection(self) -> Mapping[str, Any]:
        """The protection of the branch main."""
        return _mapping(_named(self.settings.get("branches"), "main").get("protection"))

    @property
    def reviews(self) -> Mapping[str, Any]:
        """What main requires of reviews."""
        return _mapping(self.protection.get("required_pull_request_reviews"))

    def environment(self, name: str) -> Mapping[str, Any]:
        """The settings of an environment."""
        return _named(self.settings.get("environments"), name)

    def owner_of(self, path: str) -> tuple[str, ...]:
        """Who owns a path: the last pattern that matches counts, as on GitHub."""
        found: tuple[str, ...] = ()
        for pattern, owners in self.owners:
            plain = pattern.strip("/")
            # Where a pattern with wildcards names nobody, anything may be left without an owner.
            hidden = not owners and set(pattern) & set("*?[")
            if hidden or pattern == "*" or path.strip("/") == plain or path.startswith(f"{plain}/"):
                found = owners
        return found

    def owned(self, *paths: str) -> bool:
        """Whether each path has an owner whose review is required."""
        return self.reviews.get("require_code_owner_reviews") is True and all(map(self.owner_of, paths))

    def granted(self, role: str) -> Iterator[str]:
        """The actions of a role in docs/roles."""
        for block in _mapping(self.roles.get(role)).get("properties", {}).get("permissions", ()):
            yield from (*block.get("actions", ()), *block.get("dataActions", ()))


@dataclass(frozen=True)
class Safeguard:
    """One thing that a hostile author can do, and what closes it.

    `holds` is None where no file can show it.
    """

    can: str
    closed_by: str
    holds: Callable[[Repository], bool] | None = None


def _main_is_protected(repository: Repository) -> bool:
    protection = repository.protection
    checks = _mapping(protection.get("required_status_checks"))
    return (
        protection.get("enforce_admins") is True
        and protection.get("allow_force_pushes") is not True
        and frozenset(checks.get("contexts") or ()) >= _CHECKS
        and checks.get("strict") is True
        and int(repository.reviews.get("required_approving_review_count") or 0) >= 1
    )


def _only_main_deploys(repository: Repository) -> bool:
    policy = _mapping(repository.environment("production").get("deployment_branch_policy"))
    return policy.get("protected_branches") is True or policy.get("custom_branches") == ["main"]


def _somebody_else_approves(repository: Repository) -> bool:
    environment = repository.environment("encryption-approval")
    return bool(environment.get("reviewers")) and environment.get("prevent_self_review") is True


def _preview_only_reads(repository: Repository) -> bool:
    actions = list(repository.granted("preview"))
    return bool(actions) and all(one.endswith(_READS) and "*" not in one for one in actions)


def _deploy_deletes_nothing(repository: Repository) -> bool:
    actions = list(repository.granted("deploy"))
    deletes = {f"{type}/delete".lower() for type in _HELD}
    return bool(actions) and not [one for one in actions if "*" in one or one.lower() in deletes]


SAFEGUARDS: Final = (
    Safeguard(
        "change a workflow or the review, so that the check `encryption` is the author's own",
        "code owners of `.github/`, `.azuredevops/`, `review/`, `core/`, and their review required. The "
        "deployment reviews again with what was merged",
        lambda one: one.owned(".github/", ".azuredevops/", "review/", "core/"),
    ),
    Safeguard(
        "change any other code that runs with the deploy identity after the merge, and let it call Azure "
        "itself: a plan shows what Pulumi will do, not what the program does",
        "code owners of everything that runs, who read it",
        lambda one: one.owned(*RUNS, _NEW),
    ),
    Safeguard(
        "delete accounts, vaults or keys by such a call",
        "a deploy role without these actions (`docs/roles/deploy.json`); they are done by a person for the "
        "day",
        _deploy_deletes_nothing,
    ),
    Safeguard(
        "merge without a review, or push to `main`",
        "branch protection of `main`: a review, three checks, branches up to date, nobody bypasses it, no "
        "force push",
        _main_is_protected,
    ),
    Safeguard(
        "write an approval for a loss",
        "a code owner of `encryption-approvals.yaml`; the approver must not be the author, and must have "
        "approved",
        lambda one: one.owned("encryption-approvals.yaml"),
    ),
    Safeguard(
        "exempt a resource from a policy",
        "a code owner of `policy-config.yaml`; each exemption and its end is in every report",
        lambda one: one.owned("policy-config.yaml"),
    ),
    Safeguard(
        "push something else after the approval",
        "stale approvals are dismissed, the last push needs somebody else's, and an approval's code is of "
        "the commit",
        lambda one: (
            one.reviews.get("dismiss_stale_reviews") is True
            and one.reviews.get("require_last_push_approval") is True
        ),
    ),
    Safeguard(
        "approve the own change in the environment `encryption-approval`",
        "reviewers of that environment, without self-review",
        _somebody_else_approves,
    ),
    Safeguard(
        "run code as the deploy identity from a branch",
        "the environment `production` takes `main` alone, and the federated credential that environment "
        "alone",
        _only_main_deploys,
    ),
    Safeguard(
        "run code as the preview identity from any branch: read the settings of all stacks, and their state",
        "a role that only reads and no data action (`docs/roles/preview.json`); where reading is too much, "
        "reviewers of the environment `preview`",
        _preview_only_reads,
    ),
    Safeguard(
        "hide a value until the update, which no plan constrains: a key, or whom a new grant is for",
        "the verdict `undetermined`, which needs an approval, where the value was known; the provider checks "
        "key and access before it binds. A new grant made from an account counts as that account's: owners "
        "read the program",
    ),
    Safeguard(
        "hide in the job of the preview what the policy pack said",
        "the update runs the policy pack of `main` again, in a preview of its own, before it writes",
    ),
    Safeguard(
        "write a review of the own into the summary of the job `plan`, or a comment under the own name",
        "approvers go by the comment of the pipeline's own user and the summary of the job `review` alone",
    ),
    Safeguard(
        "set all of this otherwise on the platform than in the file",
        "administrators of the repository are few, and its audit log is read",
    ),
)


def read(root: Path) -> Repository:
    """The repository in a folder."""
    settings, owners = root / ".github" / "settings.yml", root / ".github" / "CODEOWNERS"
    lines = owners.read_text(encoding="utf-8").splitlines() if owners.exists() else []
    words = [line.split("#", 1)[0].split() for line in lines]
    return Repository(
        settings=_mapping(yaml.safe_load(settings.read_text(encoding="utf-8"))) if settings.exists() else {},
        owners=tuple((line[0], tuple(line[1:])) for line in words if line),
        roles={
            file.stem: json.loads(file.read_text(encoding="utf-8"))
            for file in sorted((root / "docs" / "roles").glob("*.json"))
        },
    )


def table() -> str:
    """The list as Markdown, for the documentation."""
    rows = ["| an author can | closed by | seen by the command |", "|---|---|---|"]
    rows += [f"| {one.can} | {one.closed_by} | {'yes' if one.holds else 'no'} |" for one in SAFEGUARDS]
    return "\n".join(rows)


def main(root: Path) -> int:
    """Prints each safeguard and returns the exit code."""
    repository, is_open = read(root), False
    for one in SAFEGUARDS:
        holds = one.holds(repository) if one.holds else None
        is_open = is_open or holds is False
        answer = {True: "closed", False: "OPEN", None: "not to be seen in files"}[holds]
        sys.stdout.write(f"{answer}: an author can {one.can}\n  closed by: {one.closed_by}\n")
    return int(is_open)


def _named(entries: object, name: str) -> Mapping[str, Any]:
    found = entries if isinstance(entries, list) else []
    return next((one for one in found if isinstance(one, Mapping) and one.get("name") == name), {})


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


if __name__ == "__main__":
    sys.exit(main(Path(__file__).resolve().parents[1]))
