"""Query strings read as one model.

The framework reads each query parameter by itself, which for a list with
seven filters costs more than everything else a cached page needs. Here one
model reads the whole string, and strings seen lately are remembered.
"""

from typing import Any, Generic, TypeVar
from urllib.parse import parse_qsl

from fastapi import Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ValidationError

from reference_app.kit.recent import Recent

_KEPT_S = 300.0
_MOST_KEPT = 2_048
"""Query strings of one model, a kilobyte each. What a worker was not asked for so long has run out
in its cache as well, and beside the way to Redis reading the string again costs nothing."""

Model = TypeVar("Model", bound=BaseModel)


class QueryReader(Generic[Model]):
    """Reads query strings as a frozen `Model`. Unknown parameters count for nothing."""

    def __init__(self, model: type[Model]) -> None:
        self._model = model
        self._read: Recent[bytes, Model] = Recent(self._parse, keep_s=_KEPT_S, most=_MOST_KEPT)

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
