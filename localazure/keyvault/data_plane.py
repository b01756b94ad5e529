"""How a request to the host of a vault or managed HSM becomes one use of its keys. Knows no operation."""

from collections.abc import Callable
from dataclasses import dataclass

from localazure.cloud import Cloud
from localazure.keyvault import access, usage, vault_store
from localazure.keyvault.access import LOOPBACK, Operation
from localazure.keyvault.errors import bad_parameter
from localazure.keyvault.models import Vault
from localazure.keyvault.responses import is_of_2018
from localazure.keyvault.usage import Use, require_defined
from localazure.routes import Handler
from localazure.web import Caller, Host, Json, Request, Response, ServiceError

_SERVICE_VERSION = "1.9.2784.1"
_NETWORK_INFO = f"conn_type=Ipv4;addr={LOOPBACK};act_addr_fam=InterNetwork;"
"""The header with the address that the service saw. The clients name it; its value's spelling is assumed."""


@dataclass(frozen=True)
class Call:
    """An admitted call: the vault it is for, its use and its request."""

    cloud: Cloud
    request: Request
    use: Use

    @property
    def vault(self) -> Vault:
        return self.use.vault

    def body(self, defined: str = "") -> dict[str, Json]:
        """The JSON object sent, as `defined` (definitions.json) has it. Raises 400 for anything else."""
        sent = {} if self.request.body is None else self.request.body
        require_defined(defined, sent)
        return sent


@dataclass(frozen=True)
class Answer:
    """A body, the key version that was touched (for the audit log), and the status."""

    body: Json
    version: str = ""
    status: int = 200


def operation(name: str) -> Callable[[Callable[[Call], Answer]], Handler]:
    """Makes a handler out of a function of an admitted call; `name` is the operation's (operations.json)."""
    what = access.OPERATIONS[name]

    def decorate(act: Callable[[Call], Answer]) -> Handler:
        def handle(cloud: Cloud, request: Request) -> Response:
            return _answer(cloud, request, what, act)

        return handle

    return decorate


def no_contacts(cloud: Cloud, request: Request) -> Response:
    """404: nobody can be named for a vault's certificates here. Raises 403 where the firewall says so."""
    vault, caller = addressed(cloud, request)
    if refusal := access.firewall_refusal(vault, caller):
        raise refusal
    raise ServiceError(404, "ContactsNotFound", "Contacts not found")


def addressed(cloud: Cloud, request: Request) -> tuple[Vault, Caller]:
    """The vault or managed HSM whose host a request is for, and the caller. Raises ServiceError 404."""
    vault = vault_store.holder(cloud, request.label, hsm=request.host is Host.HSM)
    if vault is None or vault.deleted is not None:
        # On Azure the name does not resolve; here the connection is already made.
        raise ServiceError(404, "VaultNotFound", f"the vault {request.label} does not exist, or is deleted")
    if request.caller is None:
        raise ServiceError(401, "Unauthorized", "AKV10000: Request is missing a Bearer or PoP token.")
    return vault, request.caller


def _answer(cloud: Cloud, request: Request, what: Operation, act: Callable[[Call], Answer]) -> Response:
    vault, caller = addressed(cloud, request)
    use = Use(
        vault,
        caller,
        what,
        key_name=request.params.get("key") or request.params.get("secret", ""),
        version=request.params.get("version", ""),
        correlation_id=request.correlation_id,
    )
    headers = {
        "x-ms-keyvault-region": vault.place,
        "x-ms-keyvault-network-info": _NETWORK_INFO,
        "x-ms-keyvault-service-version": _SERVICE_VERSION,
    }

    def run(assignment: str) -> tuple[str, Response]:
        found, by = act(Call(cloud, request, use)), assignment.rpartition("/")[2]
        grant = {"x-ms-keyvault-rbac-assignment-id": by} if by else {}
        return found.version, Response(found.status, found.body, headers | grant)

    try:
        if not request.api_version:
            raise bad_parameter("api-version must be specified")
        return usage.carry_out(cloud, use, run)
    except ServiceError as error:
        error.headers = {**headers, **error.headers}
        deleted = error.message.startswith("Deleted")
        if error.code == "KeyNotFound" and is_of_2018(request.api_version) and not deleted:
            # The service spoke shorter in 2018.
            error.message = f"Key not found: {use.key_name}"
        raise
