"""The provider as a process of its own, as the engine starts it."""

from __future__ import annotations

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
