import pytest

from stack.errors import StackError
from stack.interpolation import interpolate, required_names

VARIABLES = {"NAME": "nassau", "EMPTY": ""}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("plain", "plain"),
        ("$NAME!", "nassau!"),
        ("${NAME}", "nassau"),
        ("${MISSING}", ""),
        ("${MISSING:-island}", "island"),
        ("${EMPTY:-island}", "island"),
        ("${EMPTY-island}", ""),
        ("${NAME:+set}", "set"),
        ("${EMPTY:+set}", ""),
        ("${EMPTY+set}", "set"),
        ("${NAME:?must be}", "nassau"),
        ("${MISSING:-${NAME}}/x", "nassau/x"),
        ("${MISSING:-a:b-c}", "a:b-c"),
        ("cost $$5 and $${NAME}", "cost $5 and ${NAME}"),
    ],
)
def test_every_form_of_reference(text: str, expected: str) -> None:
    assert interpolate(text, VARIABLES) == expected


@pytest.mark.parametrize("text", ["${MISSING:?}", "${MISSING?}", "${EMPTY:?}"])
def test_a_required_variable_that_is_not_set_is_named(text: str) -> None:
    with pytest.raises(StackError, match=r"(MISSING|EMPTY) is not set"):
        interpolate(text, VARIABLES)


def test_the_reason_for_a_required_variable_is_told() -> None:
    with pytest.raises(StackError, match="MISSING is not set: ask nassau"):
        interpolate("${MISSING:?ask ${NAME}}", VARIABLES)


@pytest.mark.parametrize("text", ["${NAME", "$ 5", "${-x}", "${NAME!}"])
def test_what_is_no_reference_is_refused(text: str) -> None:
    with pytest.raises(StackError):
        interpolate(text, VARIABLES)


def test_required_names_are_those_without_a_default() -> None:
    text = "${A:?} ${B:-x} $C ${D?why} ${E}"
    assert required_names(text) == {"A", "D"}
