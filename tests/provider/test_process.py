"""The provider as a process of its own, as the engine starts it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import grpc
import pytest
from pulumi.runtime.proto import provider_pb2, provider_pb2_grpc

from provider.wire import encode

ROOT = Path(__file__).resolve().parents[2]


def test_a_question_about_five_hundred_services_fits_a_message() -> None:
    """It has ten megabytes; gRPC alone takes four. Before it is configured, the provider answers that."""
    command = [sys.executable, "-m", "provider"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        port = process.stdout.readline().strip()
        args = encode({"question": "x" * 10_000_000})
        try:
            with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
                stub = provider_pb2_grpc.ResourceProviderStub(channel)
                with pytest.raises(grpc.RpcError, match="azure-cmk is not configured yet"):
                    stub.Invoke(provider_pb2.InvokeRequest(tok="azure-cmk:index:preflight", args=args))
        finally:
            process.terminate()


@pytest.mark.parametrize("implementation", ["upb", "python"])
def test_protobuf_in_python_is_imported_only_where_it_is_used(implementation: str) -> None:
    """Without it messages are the same, and a process starts sooner."""
    code = """
from core import stubs
stubs.load()
import sys
from pulumi.runtime.proto import provider_pb2
from google.protobuf import struct_pb2
struct = struct_pb2.Struct()
struct.update({"a": [1, {"b": None}]})
sent = provider_pb2.InvokeRequest(tok="t", args=struct).SerializeToString()
assert provider_pb2.InvokeRequest.FromString(sent).args == struct
print("google.protobuf.internal.decoder" in sys.modules)
"""
    environ = {**os.environ, "PROTOCOL_BUFFERS_PYTHON_IMPLEMENTATION": implementation}
    run = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env=environ, capture_output=True, text=True, check=True
    )
    assert run.stdout.strip() == str(implementation == "python")


def test_certificates_are_imported_for_a_login_by_one_alone(certificate: Path) -> None:
    """A login reads its certificate all the same."""
    code = """
import sys
from provider.azure_client import import_packages
for _ in range(2):
    import_packages()
print("cryptography.x509.base" in sys.modules)
from azure import identity
identity.CertificateCredential("t", "c", sys.argv[1], password="hunter2")
print("cryptography.x509.base" in sys.modules)
"""
    run = subprocess.run(
        [sys.executable, "-c", code, certificate], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert run.stdout.split() == ["False", "True"]
