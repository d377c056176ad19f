"""The component that shows who someone is, rendered by itself, and who uses it."""

import json
import re
import subprocess

import pytest

from tests.frontend.conftest import FRONT_END

RENDER = """
import { createElement } from "react";
import { renderToStaticMarkup } from "react-dom/server";
import { Portrait } from "./src/ui/parts";

const people = JSON.parse(process.argv[2]);
const drawn = people.map((person) => renderToStaticMarkup(createElement(Portrait, { person })));
console.log(JSON.stringify(drawn));
"""
# What the client's code looks for as it is read.
BROWSER = (
    "globalThis.localStorage = { getItem: () => null }; globalThis.addEventListener = () => {};"
)
SEEN = {"id": 7, "full_name": "Pia de la Picture", "avatar_id": 41}
UNSEEN = {**SEEN, "avatar_id": None}


@pytest.fixture(scope="module")
def drawn(npm: str, tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """The markup of `SEEN` and `UNSEEN`."""
    script = tmp_path_factory.mktemp("portrait") / "render.cjs"
    bundle = ["node_modules/.bin/esbuild", "--bundle", "--platform=node", "--jsx=automatic"]
    bundle += ["--loader=tsx", "--log-level=error", f"--outfile={script}"]
    bundle += ["--define:import.meta.env={}", f"--banner:js={BROWSER}"]
    subprocess.run(bundle, cwd=FRONT_END, input=RENDER, text=True, check=True)
    told = subprocess.run(
        ["node", script, json.dumps([SEEN, UNSEEN])], capture_output=True, text=True, check=True
    )
    markup: list[str] = json.loads(told.stdout)
    return markup


def test_a_picture_is_lazy_says_nothing_and_has_its_place(drawn: list[str]) -> None:
    (picture,) = re.findall(r"<img [^>]+>", drawn[0])
    said = dict(re.findall(r'([\w-]+)="([^"]*)"', picture))
    # Which picture it is belongs to the address: browsers keep the one before.
    assert said["src"] == "/api/v1/users/7/avatar?of=41"
    assert (said["alt"], said["loading"]) == ("", "lazy")
    assert picture.index("loading=") < picture.index("src=")
    assert "style" not in said


def test_without_one_it_is_initials_that_nothing_reads(drawn: list[str]) -> None:
    assert "<img" not in drawn[1]
    assert 'aria-hidden="true"' in drawn[1]
    assert 'data-initials="PP"' in drawn[1]
    assert re.sub(r"<[^>]+>", "", drawn[1]) == ""


def test_both_take_the_same_room(drawn: list[str]) -> None:
    sizes = [re.findall(r"\bsize-\d+\b|\bshrink-0\b|\brounded-\w+\b", one) for one in drawn]
    assert "size-11" in sizes[0]
    assert sorted(sizes[0]) == sorted(sizes[1])


def test_whoever_names_a_person_of_the_api_shows_them() -> None:
    # One's own account apart: a session knows no picture.
    apart = {"account.tsx", "sign-up.tsx", "profile.tsx"}
    named = {
        path: text
        for path in (FRONT_END / "src").rglob("*.tsx")
        if ".full_name}" in (text := path.read_text("utf-8")) and path.name not in apart
    }
    assert len(named) > 5
    assert [path.name for path, text in named.items() if "<Portrait" not in text] == []
    bare = re.compile(r"<Monogram name=\{[\w.]+\.full_name")
    assert [path.name for path, text in named.items() if bare.search(text)] == []
