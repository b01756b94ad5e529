"""The operation that settles an account after a write: its begin, its end, and what a failed one leaves."""

from __future__ import annotations

from dataclasses import asdict, replace

from localazure import operations
from localazure.cloud import Cloud
from localazure.cognitive import account as stored
from localazure.cognitive import binding, identity
from localazure.cognitive.account import PURGING, Account
from localazure.refusals import refused
from localazure.web import ServiceError


def begin_operation(
    cloud: Cloud,
    account: Account,
    running: str,
    *,
    before: Account | None = None,
    refusal: ServiceError | None = None,
) -> operations.Operation:
    """Starts the operation that will settle an account; `running` is its status until then.

    `before` is the account as it was before the write, None for a new one. `refusal` is why the operation
    will end as Failed although the write was accepted.
    """
    about = {"service": "cognitive", "account": account.id, "running": running}
    code = cloud.behaviour.failing_operations
    if refusal is not None:
        fails = {"code": refusal.code, "message": refusal.message}
    elif code and running != PURGING:
        fails = {"code": code, "message": "The operation failed after it was accepted, as `/behaviour` asks."}
    else:
        return operations.begin(cloud, about)
    keeps = cloud.behaviour.failed_operations_keep
    was = None if before is None else asdict(before)
    return operations.begin(cloud, {**about, "fails": fails, "keeps": keeps, "before": was})


def settle(cloud: Cloud, account: Account) -> Account | None:
    """Ends an account's operation when its time has come, having looked at it.

    None where the operation was a create that failed and left nothing.
    """
    if account.operation is None:
        return account
    operation = operations.poll(cloud, account.operation)
    if operation is not None and not operation.over(cloud.clock.now()):
        return account
    return end(cloud, account, operation)


def end(cloud: Cloud, account: Account, operation: operations.Operation | None) -> Account | None:
    """The account after its operation, Succeeded or Failed; None where nothing is left of it."""
    if operation is None or "fails" not in operation.about:
        return _saved(cloud, replace(account, state="Succeeded", operation=None))
    failed = replace(account, state="Failed", operation=None)
    keeps, was = operation.about["keeps"], operation.about["before"]
    before = None if was is None else Account(**was)
    if keeps == "none" and before is None:
        stored.forget(cloud, account)
        stored.free_subdomain(cloud, account)
        identity.drop_system(cloud, account)
        return None
    if keeps == "none" and before is not None:
        kept = replace(before, state="Succeeded", operation=None)
        return _recorded(cloud, _saved(cloud, kept))
    if keeps == "all_but_encryption":
        return _recorded(cloud, _saved(cloud, _without_new_encryption(cloud, failed, before)))
    return _saved(cloud, failed)


def require_settled(account: Account) -> None:
    """Raises 409 while an operation runs on the account (as users reported)."""
    if account.operation is not None:
        raise refused("AccountProvisioningStateInvalid", account=account.id, state=account.state)


def _without_new_encryption(cloud: Cloud, account: Account, before: Account | None) -> Account:
    """The account with the encryption, and the wrapped data key, that it had before the write."""
    properties = {name: value for name, value in account.properties.items() if name != "encryption"}
    if before is None:
        return binding.with_new_data_key(cloud, replace(account, properties=properties))
    if before.encryption is not None:
        properties["encryption"] = before.encryption
    return replace(account, properties=properties, wrapping=before.wrapping)


def _saved(cloud: Cloud, account: Account) -> Account:
    ended = replace(account, etag=stored.new_etag(cloud))
    stored.save(cloud, ended)
    return ended


def _recorded(cloud: Cloud, account: Account) -> Account:
    binding.record(cloud, account, "FAILED", "")
    return account
