"""The engine's gRPC messages and service, taken from the Pulumi SDK without the SDK.

Importing the `pulumi` package loads the whole of it: half of what a start of the local Azure may take, and
25 MB, for modules that need nothing of it. The generated modules import one another relatively, so their
folder serves as a package of its own; messages are the same classes as the SDK's, since both come from
protobuf's one pool of descriptors.
"""

import importlib
import importlib.util
import sys
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pulumi.runtime.proto import plugin_pb2, provider_pb2, provider_pb2_grpc, status_pb2
else:

    def _package() -> str:
        """The name of a package whose modules are those of the SDK's folder `runtime/proto`."""
        found = importlib.util.find_spec("pulumi")
        if found is None:
            raise ModuleNotFoundError("the Pulumi SDK is missing; `make setup` installs it", name="pulumi")
        package = ModuleType(f"{__name__}.generated")
        package.__path__ = [
            str(Path(folder) / "runtime" / "proto") for folder in found.submodule_search_locations or ()
        ]
        sys.modules[package.__name__] = package
        return package.__name__

    _NAME = _package()
    plugin_pb2 = importlib.import_module(f"{_NAME}.plugin_pb2")
    provider_pb2 = importlib.import_module(f"{_NAME}.provider_pb2")
    provider_pb2_grpc = importlib.import_module(f"{_NAME}.provider_pb2_grpc")
    status_pb2 = importlib.import_module(f"{_NAME}.status_pb2")

__all__ = ["plugin_pb2", "provider_pb2", "provider_pb2_grpc", "status_pb2"]
