"""One AI services account whose data at rest is under a customer-managed key: its parts and their order."""

from collections.abc import Mapping
from functools import partial
from typing import Any

import pulumi

from components.arguments.account_args import declared_encryption
from components.arguments.inputs import known_text, read
from components.arguments.service_args import EncryptedAIServicesAccountArgs
from components.azure_cmk import KeyVersion
from components.component import Component, azure_provider, former_names
from components.parts.service_resources import ServiceResources
from components.preflight.run import ServiceRequest, preflight
from components.resources.account import MadeAccount
from components.resources.references import KeyReference
from components.service_plan import ServicePlan
from components.subscriptions import Subscriptions
from core import clouds
from core.calls import example_command


class EncryptedAIServicesAccount(Component):
    """An Azure AI services account under a customer-managed key, with the vault, key, identity and access
    that it needs; a Language account unless the arguments name another kind.

    With a system-assigned identity it is made in two phases, because that identity exists only once the
    account does: first the account, on Microsoft-managed keys, and access for its identity; then the
    binding of the key. With a user-assigned identity the account is bound in its own create. Raises
    InputError for wrong arguments, RefusedError for a change that would lose data.
    """

    account_id: pulumi.Output[str]
    """The account's ARM id."""
    account_name: pulumi.Output[str]
    """The account's name."""
    kind: pulumi.Output[str]
    """The account's kind."""
    endpoint: pulumi.Output[str]
    """Where the service is called."""
    token_scope: pulumi.Output[str]
    """The scope of the tokens with which it is called."""
    example_command: pulumi.Output[str | None]
    """A command of the Azure CLI that calls the service as one of its callers; none for kinds whose calls
    need an input of the caller's."""
    principal_id: pulumi.Output[str | None]
    """Object id of the identity that uses the key."""
    resource_group_name: pulumi.Output[str]
    """The resource group."""
    vault_id: pulumi.Output[str | None]
    """The vault's ARM id; none on Microsoft-managed keys."""
    vault_uri: pulumi.Output[str | None]
    """The vault's endpoint; none on Microsoft-managed keys."""
    key_uri_with_version: pulumi.Output[str | None]
    """The key and version that the account is bound to; none on Microsoft-managed keys."""
    access_model: pulumi.Output[str | None]
    """How access to the key is given: "accessPolicy" or "rbac"; none on Microsoft-managed keys."""
    access: pulumi.Output[str]
    """Whether the account may use the key: "granted" or "revoked"."""
    grant_id: pulumi.Output[str | None]
    """ARM id of the access policy or role assignment that gives the access; none while it is revoked."""
    bound: pulumi.Output[str]
    """The account's ARM id, once its data is under the declared key: for resources that must come after that,
    such as connections, policies for responsible AI or commitment plans."""
    workspace_id: pulumi.Output[str | None]
    """ARM id of the Log Analytics workspace of the audit logs; none if they go elsewhere, or nowhere."""

    def __init__(
        self,
        name: str,
        args: EncryptedAIServicesAccountArgs | Mapping[str, Any],
        opts: pulumi.ResourceOptions | None = None,
        *,
        vault_provider: pulumi.ProviderResource | None = None,
        preflight_result: ServicePlan | None = None,
    ) -> None:
        """`vault_provider` is an azure-native provider for the subscription of an existing vault, if that is
        another one; by default it is made from the id. azure-cmk reads that vault, by its own login.
        `preflight_result` is the result of preflight(), which a program with several services calls once."""
        # The state's parts of a service are found by its name, also below a class that a program derives.
        self.claim(EncryptedAIServicesAccount.__name__, name)
        # What is made depends on the values of outputs.
        known = read(EncryptedAIServicesAccountArgs, name, args, known=True)
        inputs = read(EncryptedAIServicesAccountArgs, name, args)
        if preflight_result is None:
            others = Subscriptions(name=name, opts=opts)
            vault_id = known_text(known.key.id) or known_text(known.vault.id)
            vault_provider = vault_provider or others.provider_of(vault_id or None)
            request = ServiceRequest(known, former_names(opts))
            preflight_result = preflight({name: request}, provider=azure_provider(opts))[name]
        after = preflight_result.revocations
        # These ask for an action which policies otherwise refuse.
        asked = {"access": inputs.access} if inputs.is_revoked else {}
        if inputs.unbind_account:
            asked["unbindAccount"] = inputs.unbind_account
        hook = preflight_result.lock_hook
        super().__init__(name, opts, asked, after, owns_vault=inputs.makes_vault, before_update=hook)
        self._inputs = inputs
        parts = ServiceResources(inputs, preflight_result, self.child, self.protected_child, vault_provider)
        binding: list[pulumi.CustomResource] = []
        self.access = pulumi.Output.from_input(inputs.access)
        self.access_model = pulumi.Output.from_input(inputs.access_model if inputs.has_key else None)
        self.resource_group_name = pulumi.Output.from_input(parts.resource_group_name)
        if not inputs.has_key:
            account = parts.account()
            self._made(account)
        elif inputs.binds_in_two_phases:
            account, binding = self._in_two_phases(parts)
        else:
            account = self._in_one_phase(parts)
        # The id of a binding is the account's, and is known in the preview of a rotation, too.
        self.bound = binding[0].id if binding else self.account_id
        self.workspace_id = parts.supporting_resources(account, after=binding)
        self.register_outputs(self.outputs())

    def _in_two_phases(self, parts: ServiceResources) -> tuple[MadeAccount, list[pulumi.CustomResource]]:
        # Phase 1: the account on Microsoft-managed keys, and access to the key for the identity it then has.
        key = parts.key()
        # A destroy deletes the account before its vault, and before its access.
        access_ends_with = parts.access_ends_with(key)
        account = parts.account(after=[*key.vault.made_by, access_ends_with])
        grant = parts.grant(key, account.grantee_id, access_ends_with)
        version = parts.key_version(key, account.id)
        self._made(account, key, version, grant)
        if self._inputs.unbinds or parts.binds_later:
            return account, []
        # Phase 2: the binding of the key.
        binding = parts.binding(account, version, grant, key)
        parts.restored_access(key, account, grant, after=binding)
        self.key_uri_with_version = binding.key_uri_with_version
        return account, [binding]

    def _in_one_phase(self, parts: ServiceResources) -> MadeAccount:
        key, identity = parts.key(), parts.identity()
        grant = parts.grant(key, identity.principal_id)
        version = parts.key_version(key)
        encryption = None
        if not self._inputs.unbinds:
            named = version.version if self._inputs.names_version else None
            encryption = declared_encryption(version.key_name, named, version.vault_uri, identity.client_id)
        after = parts.access_in_effect(key, identity, grant)
        account = parts.account(after=after, identity_id=identity.id, encryption=encryption)
        self._made(account, key, version, grant)
        self.principal_id = pulumi.Output.from_input(identity.principal_id)
        if not self._inputs.unbinds:
            newest = parts.bound_uri(version)
            bound = pulumi.Output.all(account.key_uri_with_version, newest).apply(
                lambda uris: uris[0] or uris[1]
            )
            self.key_uri_with_version = bound if self._inputs.is_revoked else newest
        return account

    def _made(
        self,
        account: MadeAccount,
        key: KeyReference | None = None,
        version: KeyVersion | None = None,
        grant: pulumi.CustomResource | None = None,
    ) -> None:
        self.account_id, self.account_name = account.resource.id, account.resource.name
        self.kind = pulumi.Output.from_input(self._inputs.account_kind.name)
        self.endpoint, self.principal_id = account.endpoint, account.principal_id
        self.token_scope = self.endpoint.apply(lambda url: clouds.of_endpoint(url).account_scope)
        self.example_command = self.endpoint.apply(partial(example_command, self._inputs.account_kind))
        nothing: pulumi.Output[str | None] = pulumi.Output.from_input(None)
        self.vault_id = pulumi.Output.from_input(key.vault.id) if key else nothing
        self.vault_uri = version.vault_uri if version else nothing
        self.key_uri_with_version = nothing
        self.grant_id = pulumi.Output.from_input(grant.id) if grant else nothing
