"""The stack's settings and the component's inputs are one contract, and the example stack keeps it."""

from __future__ import annotations

from pathlib import Path
from typing import Any, get_args

import pytest
import yaml
from pydantic import BaseModel

from components import contract, network
from settings import SettingsError, parse
from settings.groups import AuditSettings, KeySettings, NetworkSettings, VaultSettings
from settings.model import ServiceSettings

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize(
    ("settings", "args", "only_in_settings"),
    [
        (ServiceSettings, contract.EncryptedLanguageServiceArgs, {"name", "protect"}),
        (VaultSettings, contract.ServiceVaultArgs, set()),
        (KeySettings, contract.ServiceKeyArgs, set()),
        (NetworkSettings, network.NetworkArgs, set()),
        (AuditSettings, contract.ServiceAuditArgs, set()),
    ],
)
def test_settings_have_the_names_of_the_inputs(
    settings: type[BaseModel], args: Any, only_in_settings: set[str]
) -> None:
    """A setting reaches the component under the same name, or the component would not see it."""
    assert set(settings.model_fields) - only_in_settings == set(args.__annotations__)


def test_settings_allow_the_values_that_the_components_know() -> None:
    """The words of each choice are the same in the settings and in the components."""
    choices = {name: set(get_args(field.annotation)) for name, field in ServiceSettings.model_fields.items()}
    assert choices["encryption"] == {contract.CUSTOMER_MANAGED, contract.MICROSOFT_MANAGED}
    assert choices["identity"] == {contract.SYSTEM_ASSIGNED, contract.USER_ASSIGNED, contract.BOTH}
    assert set(get_args(NetworkSettings.model_fields["access"].annotation)) == {
        network.CLOSED,
        network.SELECTED,
        network.OPEN,
        network.PRIVATE,
    }


def test_every_setting_says_what_it_does() -> None:
    """The documentation is made from the descriptions, so there is one for each."""
    for model in (ServiceSettings, VaultSettings, KeySettings, NetworkSettings, AuditSettings):
        for name, field in model.model_fields.items():
            assert field.description, f"{model.__name__}.{name}"


def test_example_stack_is_right() -> None:
    """Pulumi.dev.yaml is accepted as it is."""
    document = yaml.safe_load((ROOT / "Pulumi.dev.yaml").read_text())
    config = {key.removeprefix("language-cmk:"): value for key, value in document["config"].items()}
    try:
        (service,) = parse(config).services
    except SettingsError as error:
        pytest.fail(str(error))
    assert service.protect is False
