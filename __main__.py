"""The program: each Language service of the stack, with its data at rest under a customer-managed key.

Every service is made in two phases, because an account's identity is there only once the account is: 1.
vault, key, and account on Microsoft-managed keys; then access to the key for exactly that account's identity;
2. the binding of the account to the newest version of the key. components/service.py holds the order, and the
one phase that a user-assigned identity needs. Before that, components/survey.py refuses what would lose data.
"""

from __future__ import annotations

from typing import cast

import pulumi

import settings
from components.contract import EncryptedLanguageServiceArgs
from components.service import EncryptedLanguageService
from components.subscriptions import Subscriptions
from components.survey import Wanted, survey

subscriptions, services = Subscriptions(), settings.load().services
wanted = {
    service.name: Wanted(
        cast("EncryptedLanguageServiceArgs", service.args()),
        subscriptions.provider_of(service.key.id or service.vault.id),
    )
    for service in services
}
around = survey(wanted)
made = {
    service.name: EncryptedLanguageService(
        service.name,
        wanted[service.name].args,
        pulumi.ResourceOptions(protect=service.protect),
        vault_provider=wanted[service.name].vault_provider,
        around=around[service.name],
    )
    for service in services
}

if len(made) == 1:
    for name, value in next(iter(made.values())).outputs().items():
        pulumi.export(name, value)
else:
    pulumi.export("services", {name: service.outputs() for name, service in made.items()})
