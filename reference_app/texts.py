"""Kinds of values people enter.

Of texts the surrounding blanks go, and the null character is refused: the
database cannot hold it.
"""

from typing import Annotated

from fastapi import Path
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints

LARGEST_ID = 2**63 - 1
LARGEST_SUM_CENTS = 100_000_000_00


def _storable(value: str) -> str:
    if "\x00" in value:
        raise ValueError("must not contain the null character")
    return value


def _folded(value: str) -> str:
    return " ".join(value.split()).casefold()


_stripped = StringConstraints(strip_whitespace=True)

Name = Annotated[str, _stripped, Field(min_length=1, max_length=120), AfterValidator(_storable)]
Line = Annotated[str, _stripped, Field(max_length=200), AfterValidator(_storable)]
Title = Annotated[str, _stripped, Field(min_length=3, max_length=160), AfterValidator(_storable)]
Prose = Annotated[str, _stripped, Field(max_length=20_000), AfterValidator(_storable)]
SomeProse = Annotated[
    str, _stripped, Field(min_length=1, max_length=20_000), AfterValidator(_storable)
]
Note = Annotated[str, _stripped, Field(min_length=1, max_length=5_000), AfterValidator(_storable)]
ShortProse = Annotated[str, _stripped, Field(max_length=5_000), AfterValidator(_storable)]
Remark = Annotated[str, _stripped, Field(min_length=1, max_length=2_000), AfterValidator(_storable)]
SearchText = Annotated[
    str, Field(max_length=120), AfterValidator(_storable), AfterValidator(_folded)
]
Cents = Annotated[int, Field(ge=0, le=LARGEST_SUM_CENTS)]
PathId = Annotated[int, Path(ge=1, le=LARGEST_ID)]
Id = Annotated[int, Field(ge=1, le=LARGEST_ID)]


class Entered(BaseModel):
    """What a client sends. A misspelt field is an error, not silently nothing."""

    model_config = ConfigDict(extra="forbid")


def json_bytes(shown: BaseModel) -> bytes:
    """The JSON that a response of `shown` carries."""
    return shown.__pydantic_serializer__.to_json(shown)
