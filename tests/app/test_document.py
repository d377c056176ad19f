"""The OpenAPI document reads as if one author wrote it, and leaves nothing unsaid."""

import re
from collections.abc import Iterator
from typing import Any

import pytest

from reference_app.assembly import create_app
from tests.app.conftest import MakeSettings

_METHODS = {"get", "post", "put", "patch", "delete"}


@pytest.fixture(scope="module")
def document(make_settings: MakeSettings) -> dict[str, Any]:
    return create_app(make_settings()).openapi()


def _operations(document: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for path, operations in document["paths"].items():
        assert operations.keys() <= _METHODS
        for method, operation in operations.items():
            yield f"{method.upper()} {path}", operation


def test_every_operation_has_one_tag_that_is_described_and_every_tag_is_used(
    document: dict[str, Any],
) -> None:
    described = {tag["name"] for tag in document["tags"] if tag["description"].endswith(".")}
    used = set()
    for name, operation in _operations(document):
        assert len(operation["tags"]) == 1, name
        used |= set(operation["tags"])
        assert (operation["tags"] == ["admin"]) == ("/admin/" in name), name
    assert used == described


def test_every_operation_is_named_and_described_in_our_words(document: dict[str, Any]) -> None:
    names = []
    summaries = []
    for name, operation in _operations(document):
        assert re.fullmatch("[a-z]+(_[a-z]+)*", operation["operationId"]), name
        assert "api_v1" not in operation["operationId"], name
        assert not operation["summary"].endswith("."), name
        assert operation["description"].endswith("."), name
        names.append(operation["operationId"])
        summaries.append(operation["summary"])
    assert len(names) == len(set(names))
    assert len(summaries) == len(set(summaries))


def test_every_condition_is_described(document: dict[str, Any]) -> None:
    for name, operation in _operations(document):
        for parameter in operation.get("parameters", []):
            said = parameter.get("description") or parameter["schema"].get("description")
            assert said or parameter["in"] == "path", f"{name}: {parameter['name']}"


def test_every_answer_is_described_and_every_refusal_is_a_problem(document: dict[str, Any]) -> None:
    problem = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
    for name, operation in _operations(document):
        statuses = list(operation["responses"])
        assert statuses == sorted(statuses), name
        assert ("security" in operation) <= ("401" in statuses), name
        for status, answer in operation["responses"].items():
            assert answer["description"] not in {"Successful Response", "Validation Error"}, name
            if status >= "400" and name.split()[1].startswith("/api/"):
                assert answer["content"] == problem, f"{name}: {status}"
            elif status in {"200", "201", "202"}:
                assert all(shape["schema"] for shape in answer["content"].values()), name


def test_every_shape_has_a_plain_name_and_a_description(document: dict[str, Any]) -> None:
    for name, shape in document["components"]["schemas"].items():
        assert re.fullmatch("[A-Z][A-Za-z]+", name)
        assert shape["description"], name
