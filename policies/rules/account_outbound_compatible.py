"""An account that may not call out may still call its vault."""

from core import clouds, key_uris
from core.resource_types import Kind
from policies.encryption import encryption_of
from policies.rule import Findings, NotYetKnown, Options, ResourceRule, Subject, Violation
from policies.view import UNKNOWN, as_text, shown


def judge(account: Subject, _: Options) -> Findings:
    """The vault's host, or any vault's where the key is bound apart, must be allowed."""
    restricted = account.view.flag("restrictOutboundNetworkAccess")
    if restricted is UNKNOWN:
        yield NotYetKnown("properties.restrictOutboundNetworkAccess is not known yet")
        return
    if restricted is not True:
        return
    listed = account.view.items("allowedFqdnList")
    hosts = [as_text(item) for item in listed] if listed is not UNKNOWN else [UNKNOWN]
    wanted = _host(account)
    if any(isinstance(host, str) and _allows(host, wanted) for host in hosts):
        return
    if UNKNOWN in hosts:
        yield NotYetKnown("properties.allowedFqdnList is not known yet")
    else:
        yield Violation(
            found=f"properties.restrictOutboundNetworkAccess is true, and properties.allowedFqdnList "
            f"({len(hosts)} hosts) does not hold {'the host of ' + shown(wanted) if wanted else 'a vault'}",
            required="the vault's host in allowedFqdnList, or no restriction",
            fix=f"add {wanted or 'NAME.' + clouds.PUBLIC.vault_suffix} to allowedFqdnList, "
            "or set restrictOutboundNetworkAccess to false",
        )


def _host(account: Subject) -> str | None:
    encryption = encryption_of(account.view)
    uri = encryption.vault_uri if encryption is not None and encryption is not UNKNOWN else None
    return key_uris.vault_host(uri) if isinstance(uri, str) else None


def _allows(host: str, wanted: str | None) -> bool:
    allowed = key_uris.vault_host(host)
    if wanted is not None:
        return allowed == wanted or (allowed.startswith("*.") and wanted.endswith(allowed[1:]))
    every_vault = {f"*.{suffix}" for cloud in clouds.ALL for suffix in (cloud.vault_suffix, cloud.hsm_suffix)}
    return allowed in every_vault or key_uris.place(f"https://{allowed}") is not None


RULE = ResourceRule(
    why="with outbound access restricted the key cannot be accessed",
    source="observed in the field: Azure/ResourceModules issue 3259",
    severity="medium",
    level="advisory",
    # No references: CKV_AZURE_247 and cnspec ask for the restriction, this rule for the way through it.
    kinds=(Kind.ACCOUNT,),
    judge=judge,
)
