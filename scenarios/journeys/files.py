"""Files of one's own: announced, sent straight to the store, confirmed, deleted."""

from collections.abc import Callable
from functools import partial
from random import Random
from typing import Any, NamedTuple

from scenarios.journeys.call import (
    PREFIX,
    BodyError,
    Call,
    a_conflict,
    a_page,
    an_object,
    get,
    same,
)
from scenarios.journeys.network import Networker
from scenarios.journeys.world import World
from scenarios.load_data import SignedIn

_SMALLEST, _LARGEST = 20_000, 200_000
"""Bytes of a file: a page or two, a picture made for a phone."""


class _File(NamedTuple):
    kind: str
    name: str
    content_type: str
    begins: bytes


# A résumé more often than pictures of one's work, these more often than one of oneself.
_FILES = (
    *3 * (_File("resume", "resume.pdf", "application/pdf", b"%PDF-1.7\n"),),
    *2 * (_File("portfolio", "work.jpg", "image/jpeg", b"\xff\xd8\xff\xe0"),),
    _File("avatar", "me.png", "image/png", b"\x89PNG\r\n\x1a\n"),
)


class FileOwner(Networker):
    """Someone with an account and files.

    Who sends a file is told by `arrived`, and confirms it with the next request.
    """

    def __init__(self, world: World, chance: Random, session: SignedIn) -> None:
        super().__init__(world, chance, session)
        self._files: dict[int, str] = {}

    def actions(self) -> dict[str, Callable[[], Call]]:
        """Everything one does with others, and what one does with files."""
        return {
            **super().actions(),
            "upload": self.upload,
            "own_files": self.own_files,
            "delete_file": self.delete_file,
        }

    def upload(self) -> Call:
        """Announce a file; whoever sends this sends the file where the answer says.

        409 says that one has too many of its kind: then one makes room.
        """
        file = self.chance.choice(_FILES)
        content = file.begins.ljust(self.chance.randint(_SMALLEST, _LARGEST), b"\0")

        def check(status: int, body: Any) -> None:
            if status == 409:
                a_conflict(body, "too_many_uploads")
                self.then(self.own_files)
                self.then(self.delete_file)
                return
            found = an_object(body, ("upload", "put"), "upload begun")
            made = an_object(found["upload"], ("id", "kind", "size_bytes"), "upload")
            same((made["kind"], made["size_bytes"]), (file.kind, len(content)), "file")
            an_object(found["put"], ("url", "headers"), "address to send to")

        path = f"{PREFIX}/uploads"
        body = {
            "kind": file.kind,
            "file_name": file.name,
            "content_type": file.content_type,
            "size_bytes": len(content),
        }
        return Call(
            "POST",
            path,
            path,
            check,
            expect=(201, 409),
            body=body,
            signed=True,
            sends_file=content,
        )

    def arrived(self, upload: int) -> None:
        """The store has the file: it is to be confirmed next."""
        self.then(partial(self._confirm, upload))

    def _confirm(self, upload: int) -> Call:
        def check(_status: int, body: Any) -> None:
            found = an_object(body, ("id", "kind", "confirmed_at"), "upload")
            same(found["id"], upload, "upload")
            if found["confirmed_at"] is None:
                raise BodyError("a confirmed file is not")
            if found["kind"] == "avatar":
                # it takes the place of the one before
                self._files = {each: kind for each, kind in self._files.items() if kind != "avatar"}
            self._files[upload] = found["kind"]
            if self.chance.random() < self.world.scenario.habits.take_back_share:
                self.then(self.delete_file)

        return Call(
            "POST",
            f"{PREFIX}/uploads/{upload}/confirm",
            f"{PREFIX}/uploads/{{id}}/confirm",
            check,
            signed=True,
        )

    def a_resume(self) -> int | None:
        """A résumé known to be there."""
        return next((each for each, kind in self._files.items() if kind == "resume"), None)

    def own_files(self) -> Call:
        """One's files; those confirmed in this run must be there."""
        kept = frozenset(self._files)

        def check(_status: int, body: Any) -> None:
            items = a_page(body, ("id", "kind", "confirmed_at"), "upload")
            if body["next_cursor"] is None and not kept <= {item["id"] for item in items}:
                raise BodyError("list of files without one just confirmed")
            self._files = {
                item["id"]: item["kind"]
                for item in reversed(items)
                if item["confirmed_at"] is not None
            }

        return get("/uploads", "/uploads", check, signed=True)

    def delete_file(self) -> Call:
        """Delete the newest file; look at them when none is known."""
        if not self._files:
            return self.own_files()
        upload, _ = self._files.popitem()
        path = f"{PREFIX}/uploads/{upload}"
        return Call("DELETE", path, f"{PREFIX}/uploads/{{id}}", expect=(204,), signed=True)
