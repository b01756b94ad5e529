"""Rules on the conditions of the other rules: resources that they can read, API versions that stay, a log."""

import re
from typing import Final

from core import arm_template, audit_log, demands, values
from core.resource_types import Kind, parse_urn
from core.stack import StackResource
from core.values import Hidden
from policies.rule import Findings, RuleContext, RuleFinding, RuleSubject, hidden, later, rule, undecided

_DEPLOYMENT: Final = re.compile(r":\w*Deployment\w*$|blueprint(/\w+)?:Assignment$")


@rule(RuleSubject.STEP, Kind.OTHER_PROVIDER)
def no_other_provider(subject: StackResource, _: RuleContext) -> Findings:
    """Vaults, keys and accounts are resources of azure-native, which the rules read.

    Other rules cannot read such resources. A template is reported if it holds one."""
    token = parse_urn(subject.urn).type
    is_deployment = _DEPLOYMENT.search(token) is not None
    concerns = arm_template.may_concern_keys(subject.declared) if is_deployment else True
    if isinstance(concerns, Hidden):
        yield hidden("the template of a deployment", concerns)
    elif concerns is None:
        yield undecided(
            "which resources a deployment or blueprint makes: its template is elsewhere, or not readable"
        )
    elif concerns:
        what = "a template with what concerns keys" if is_deployment else token
        yield RuleFinding(
            found=f"{what}, whose properties no rule of this pack reads",
            required="the same resource of azure-native",
            fix="import it as azure-native's resource, or check by other means that it keeps these rules",
        )


@rule(RuleSubject.STEP)
def no_preview_api_version(subject: StackResource, _: RuleContext) -> Findings:
    """Nothing is deployed through a preview of an Azure API.

    Only versions that the program chose: azure-native's own default for a type may be a preview."""
    version = subject.api_version
    if version is not None and any(word in version.lower() for word in ("preview", "alpha", "beta")):
        yield RuleFinding(
            found=f'the API version is "{version}" ({parse_urn(subject.urn).type})',
            required="an API version that is generally available",
            fix="use the unpinned type, or a version without -preview",
        )


@rule(RuleSubject.EACH, Kind.VAULT)
def vault_audited(vault: StackResource, context: RuleContext) -> Findings:
    """Every use of a vault's keys is recorded.

    PSRule's demand (AuditEvent, audit or allLogs, enabled), and a destination."""
    verdicts = [_is_audit(setting) for setting in context.protections.stack.logs_of(vault)]
    if True in verdicts or not context.protections.is_used(vault):
        return
    if Hidden.UNKNOWN in verdicts:
        yield later("what its diagnostic setting records")
    else:
        yield RuleFinding(
            found=f"the vault {vault.name} has no diagnostic setting"
            + (" that records audit events" if verdicts else ""),
            required="a diagnostic setting with AuditEvent (or the group audit or allLogs) and a destination",
            fix="add azure-native's monitor.DiagnosticSetting for the vault, with a workspace, storage "
            "account or event hub",
            setting="set audit.newWorkspace to true, or audit.workspaceId to one that exists",
        )


def _is_audit(setting: StackResource) -> bool | Hidden:
    """Whether a setting sends audit events somewhere; a mark where that is not known."""
    if all(values.name(setting.input(name)) is None for name in audit_log.DESTINATIONS):
        return False
    recorded = audit_log.recorded(setting.input("logs"))
    return bool(audit_log.CATEGORIES & recorded) or demands.first_hidden(*recorded) or False
