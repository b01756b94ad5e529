"""Every setting of a service by its path, from the model itself: a table that lacks one is noticed."""

from __future__ import annotations

from collections.abc import Iterator

from pydantic import BaseModel

from settings.model import ServiceSettings


def setting_paths(model: type[BaseModel] = ServiceSettings, prefix: str = "") -> Iterator[str]:
    """`location`, `key.generation` and so on."""
    for name, field in model.model_fields.items():
        path = prefix + (field.alias or name)
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            yield from setting_paths(field.annotation, f"{path}.")
        else:
            yield path
