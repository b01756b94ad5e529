"""Key material made outside Azure: the next update binds what follows it (docs/managed-hsm.md)."""

from __future__ import annotations

from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from localazure.keyvault.crypto import b64url
from localazure.seed import DEPLOYER
from tests.engine.shared import done, vault_of_others
from tests.support.azure import running_azure
from tests.support.judge import Judge
from tests.support.stack import Stack

pytestmark = [pytest.mark.engine, pytest.mark.long]


def imported(hub: Judge) -> str:
    """`az keyvault key import --pem-file` of new material; its version."""
    private = rsa.generate_private_key(public_exponent=65537, key_size=2048).private_numbers()
    public = private.public_numbers
    whole = {"n": public.n, "e": public.e, "d": private.d, "p": private.p, "q": private.q}
    whole |= {"dp": private.dmp1, "dq": private.dmq1, "qi": private.iqmp}
    numbers = {name: b64url(one.to_bytes((one.bit_length() + 7) // 8, "big")) for name, one in whole.items()}
    key = {"kty": "RSA", "key_ops": ["wrapKey", "unwrapKey"], **numbers}
    return str(hub.vault("PUT", "/keys/byok", {"key": key})["key"]["kid"]).rpartition("/")[2]


def test_the_next_imported_material_is_bound_by_an_update(tmp_path: Path) -> None:
    """On a stack `prod`, in a vault that is not the stack's: the preview proposes the binding and nothing
    else, and the data stays as it is stored and can be read throughout."""
    with running_azure(tmp_path / "azure") as azure:
        stack = Stack(tmp_path / "stack", azure.environ, name="prod")
        hub = Judge(azure, stack, "hub")
        tenant = azure.env["AZURE_TENANT_ID"]
        importer = {"tenantId": tenant, "objectId": DEPLOYER.object_id, "permissions": {"keys": ["all"]}}
        vault_of_others(hub, hub.vault_id, importer)
        first = imported(hub)
        stack.configure(vault=None, key={"id": f"{hub.vault_id}/keys/byok"})
        done(stack.up())
        judge = Judge(azure, stack)
        judge.write_data()
        stored = judge.ciphertext()
        assert judge.bound_version() == first

        second = imported(hub)
        assert stack.proposed() == {"azure-cmk:index:CustomerManagedKey": "update"}
        done(stack.up())
        assert judge.bound_version() == second != first
        assert (judge.reads_data(), judge.ciphertext(), judge.lapses()) == (True, stored, [])
        done(stack.deploy("--expect-no-changes"))
