"""Files, and people who send them."""

from dataclasses import dataclass
from typing import Any

import httpx2

from tests.app.life import Person

PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(200))
JPEG = b"\xff\xd8\xff\xe0" + bytes(range(200))
PDF = b"%PDF-1.7\n" + b"masonry " * 40
WEBP = b"RIFF\x24\x00\x00\x00WEBPVP8 " + bytes(60)
DOCX = b"PK\x03\x04\x14\x00\x06\x00" + bytes(18) + b"\x13\x00\x00\x00" + b"[Content_Types].xml"
ZIP = b"PK\x03\x04\x14\x00\x06\x00" + bytes(18) + b"\x08\x00\x00\x00" + b"evil.exe" + bytes(40)

TYPES = {
    "png": "image/png",
    "jpg": "image/jpeg",
    "webp": "image/webp",
    "pdf": "application/pdf",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
}


@dataclass(frozen=True)
class Parcel:
    """A file announced by `sender`, and where it may be PUT."""

    sender: Person
    id: int
    put: dict[str, Any]

    async def send(self, content: bytes, **headers: str) -> httpx2.Response:
        """PUT `content` as a browser does, with the headers it was told."""
        async with httpx2.AsyncClient() as browser:
            return await browser.put(
                self.put["url"], content=content, headers={**self.put["headers"], **headers}
            )

    async def confirm(self, expect: int | None = 200) -> httpx2.Response:
        """Say that it was sent."""
        return await self.sender.post(f"/uploads/{self.id}/confirm", expect=expect)


def draft(kind: str, name: str, size: int, **given: Any) -> dict[str, Any]:
    """What one announces a file with."""
    kind_of = TYPES.get(name.rpartition(".")[2], "application/octet-stream")
    return {"kind": kind, "file_name": name, "content_type": kind_of, "size_bytes": size, **given}


async def announced(sender: Person, kind: str, name: str, size: int) -> Parcel:
    """A file that `sender` may send now."""
    answer = await sender.post("/uploads", expect=201, **draft(kind, name, size))
    return Parcel(sender, answer.json()["upload"]["id"], answer.json()["put"])


async def uploaded(sender: Person, kind: str, name: str, content: bytes) -> int:
    """A file sent and confirmed: its number."""
    parcel = await announced(sender, kind, name, len(content))
    sent = await parcel.send(content)
    assert sent.status_code == 200, sent.text
    await parcel.confirm()
    return parcel.id


async def fetched(reader: Person, upload_id: int) -> httpx2.Response:
    """A file as whoever may read it gets it."""
    link = (await reader.get(f"/uploads/{upload_id}/link")).json()
    async with httpx2.AsyncClient() as browser:
        return await browser.get(link["url"])
