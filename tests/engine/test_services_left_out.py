"""Services that the stack has and its settings no longer list, on the real engine."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from tests.engine.shared import done, refused
from tests.support import cloud
from tests.support.azure import RunningAzure
from tests.support.stack import Stack

pytestmark = [pytest.mark.engine, pytest.mark.long]
SHARED = {"location": "westeurope", "network": {"access": "open"}}


def list_services(stack: Stack, *services: dict[str, Any], **more: Any) -> None:
    """Makes the stack's settings list these services."""
    salt = stack.config()["encryptionsalt"]
    settings = {**SHARED, "services": list(services), **more}
    config = {f"language-cmk:{name}": value for name, value in settings.items()}
    stack.config_file.write_text(yaml.safe_dump({"config": config, "encryptionsalt": salt}))


def test_no_service_goes_unnamed(stack: Stack, azure: RunningAzure) -> None:
    """Left out or renamed, a service is refused and stays; with the setting that the refusal names it goes,
    or comes under its new name with its account, never unbound. What others read of a service, in `services`,
    is the same beside another service; alone, it has the same outputs at the top, too."""
    claims, sandbox = {"name": "claims"}, {"name": "sandbox", "protect": False}
    list_services(stack, claims, sandbox)
    done(stack.up())
    both = stack.outputs()
    assert set(both) == {"services"}
    of_claims = both["services"]["claims"]
    account = of_claims["accountId"]

    list_services(stack, claims)
    refused(stack.up(), "removedServices: [sandbox]")

    list_services(stack, claims, removedServices=["sandbox"])
    done(stack.up())
    assert stack.outputs() == {"services": {"claims": of_claims}, **of_claims}

    list_services(stack, {"name": "complaints"})
    refused(stack.up(), "previousName: claims")

    list_services(stack, {"name": "complaints", "previousName": "claims"})
    done(stack.deploy("--expect-no-changes"))
    assert stack.outputs()["accountId"] == account
    states = cloud.history(azure, account)
    assert states[-1]["readable"]
    assert cloud.unbound_moments(azure, account) == []
