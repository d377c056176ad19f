"""The words a job is filed under: islands, categories, employment types.

Read once from `catalogue.toml`. The annotated types validate request fields
against it and list the choices in the OpenAPI document.
"""

import tomllib
from collections.abc import Mapping
from importlib.resources import files
from typing import Annotated

from pydantic import AfterValidator, WithJsonSchema

_DATA = tomllib.loads(files("reference_app").joinpath("catalogue.toml").read_text("utf-8"))

ISLANDS: Mapping[str, str] = _DATA["islands"]
"""Slug -> name, the most populous first."""

CATEGORIES: Mapping[str, str] = _DATA["categories"]
"""Slug -> name."""

EMPLOYMENT_TYPES: Mapping[str, str] = _DATA["employment_types"]
"""Slug -> name."""


def _one_of(choices: Mapping[str, str]) -> tuple[AfterValidator, WithJsonSchema]:
    listed = ", ".join(choices)

    def check(value: str) -> str:
        if value not in choices:
            raise ValueError(f"must be one of: {listed}")
        return value

    return AfterValidator(check), WithJsonSchema({"type": "string", "enum": list(choices)})


Island = Annotated[str, *_one_of(ISLANDS)]
Category = Annotated[str, *_one_of(CATEGORIES)]
EmploymentType = Annotated[str, *_one_of(EMPLOYMENT_TYPES)]
