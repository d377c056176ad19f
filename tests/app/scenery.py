"""What belongs to one owner, made when first asked for, and everyone who may come to it.

A new domain adds its things in `scene` or `scene_desks`: a function named as the
route names its parameter, or as a body refers to it.
"""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from tests.app.life import Person, Running, until
from tests.app.teams import Letter

PATIENCE_S = 60.0


class Scene:
    """An owner's things by name, each made once.

    Those that come by mail need the `letters` that the app posts.
    """

    def __init__(self, app: Running, database_url: str, letters: Sequence[Letter] = ()) -> None:
        self.app = app
        self.database_url = database_url
        self.letters = letters
        self._made: dict[str, Any] = {}

    def anew(self) -> "Scene":
        """Another, with nothing made yet."""
        return Scene(self.app, self.database_url, self.letters)

    async def the(self, name: str) -> Any:
        """The thing of this name."""
        if name not in self._made:
            self._made[name] = await _THINGS[name](self)
        return self._made[name]

    async def post(self, who: str, path: str, **body: Any) -> dict[str, Any]:
        """What a post as one of the scene's people answers."""
        person: Person = await self.the(who)
        answer = await person.post(path, **body)
        assert answer.is_success, f"{path}: {answer.text}"
        shown: dict[str, Any] = answer.json()
        return shown

    async def mailed(self, to: str, page: str) -> str:
        """The token of the last letter to somebody that links to `page`."""

        def found() -> list[str]:
            theirs = [letter for letter in self.letters if letter.to == to]
            return [letter.token for letter in theirs if f"/{page}#" in letter.text]

        await until(found, what=f"letter about {page}", patience_s=PATIENCE_S)
        return found()[-1]


_THINGS: dict[str, Callable[[Scene], Awaitable[Any]]] = {}


def thing(make: Callable[[Scene], Awaitable[Any]]) -> Callable[[Scene], Awaitable[Any]]:
    """Let scenes have what `make` makes, under its name."""
    _THINGS[make.__name__] = make
    return make
