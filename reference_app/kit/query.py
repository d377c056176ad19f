"""Query strings read as one model.

The framework reads each query parameter by itself, which for a list with
seven filters costs more than everything else a cached page needs. Here one
model reads the whole string, and strings seen lately are remembered.
"""

from collections.abc import Callable
from functools import lru_cache
from typing import Any, Generic, TypeVar
from urllib.parse import parse_qsl

from fastapi import Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ValidationError

_REMEMBERED = 1_024
"""Query strings of one model, some 2 kB each. One that a worker has not met among so many is not in
its cache either, and beside the way to Redis reading it again costs nothing."""

Model = TypeVar("Model", bound=BaseModel)


class QueryReader(Generic[Model]):
    """Reads query strings as a frozen `Model`. Unknown parameters count for nothing."""

    def __init__(self, model: type[Model]) -> None:
        self._model = model
        self._read: Callable[[bytes], Model] = lru_cache(_REMEMBERED)(self._parse)

    def __call__(self, request: Request) -> Model:
        """The request's query. Raises `RequestValidationError`."""
        return self._read(request.scope["query_string"])

    def documented(self) -> dict[str, Any]:
        """The `openapi_extra` of a route that reads this query."""
        schema = self._model.model_json_schema()
        parameters = []
        for name, shape in schema["properties"].items():
            text = shape.pop("description", "")
            shape.pop("title", None)
            parameters.append(
                {"name": name, "in": "query", "required": False, "description": text}
                | {"schema": shape}
            )
        return {"parameters": parameters}

    def _parse(self, query: bytes) -> Model:
        try:
            return self._model.model_validate(dict(parse_qsl(query.decode("utf-8", "replace"))))
        except ValidationError as error:
            raise RequestValidationError(
                [{**each, "loc": ("query", *each["loc"])} for each in error.errors()]
            ) from error
