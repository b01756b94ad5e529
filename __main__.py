"""The program: each Language service of the stack, with its data at rest under a customer-managed key.

Every service is made in two phases, because an account's identity exists only once the account does: 1.
vault, key, and account on Microsoft-managed keys; then access to the key for exactly that account's identity;
2. the binding of the account to the newest version of the key. components/service.py holds the order, and the
one phase that a user-assigned identity needs. Before that, components/preflight/run.py takes away
the access that is to be revoked, and refuses what would lose data.
"""

from __future__ import annotations

import signal
import sys

import pulumi

import settings
from components.arguments.inputs import known_text
from components.preflight.run import ServiceRequest, preflight
from components.sdk.private import patch_sdk
from components.service import EncryptedAIServicesAccount
from components.subscriptions import Subscriptions
from core.garbage import collect_seldom

# The exit code by which Pulumi's Python hosts know that the error was reported. After any other they report
# an unhandled error as well.
ERROR_REPORTED = 32


def main() -> None:
    """Makes the services, and exports the outputs of each."""
    patch_sdk()
    stack = settings.load()
    subscriptions = Subscriptions(stack.subscription_id)
    results = preflight(
        {service.name: ServiceRequest(service) for service in stack.services},
        subscription_id=stack.subscription_id,
        tenant_id=stack.tenant_id,
        removed=stack.removed_services,
    )
    made = {
        service.name: EncryptedAIServicesAccount(
            service.name,
            service,
            pulumi.ResourceOptions(protect=service.protect),
            vault_provider=subscriptions.provider_of(
                known_text(service.key.id) or known_text(service.vault.id)
            ),
            preflight_result=results[service.name],
        )
        for service in stack.services
    }
    labels = {service.name: service.label for service in stack.services}
    outputs = {labels[name]: one.outputs() for name, one in made.items()}
    # Always by service, so that a second one changes nothing for who reads the first; flat besides for a
    # single one.
    pulumi.export("services", outputs)
    if len(outputs) == 1:
        for name, value in next(iter(outputs.values())).items():
            pulumi.export(name, value)


if __name__ == "__main__":
    # Who cancels an update has been told so by the engine: no traceback besides. Pulumi's host stops a
    # program so.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    collect_seldom()
    try:
        main()
    except pulumi.RunError as error:  # wrong settings, refused changes, calls that Azure refuses
        pulumi.log.error(str(error))
        sys.exit(ERROR_REPORTED)
