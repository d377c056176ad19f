"""The ASGI app: `gunicorn --worker-class asgi --workers 1 stack.mail.server:app`."""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import asdict
from html import escape

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse
from starlette.routing import Route

from stack.mail.office import Letter, Office

_PAGE = """<!doctype html>
<html lang="en"><meta charset="utf-8"><title>Letters</title>
<style>body{{font:1rem/1.5 sans-serif;max-width:50rem;margin:2rem auto;padding:0 1rem}}
pre{{white-space:pre-wrap;background:#f4f4f4;padding:1rem}}</style>
<h1>Letters</h1>{letters}</html>"""
_LETTER = "<h2>{subject}</h2><p>to {to} on {received}</p><pre>{text}</pre>"


def _shown(letter: Letter) -> str:
    return _LETTER.format(
        subject=escape(letter.subject),
        to=escape(", ".join(letter.to)),
        received=escape(letter.received),
        text=escape(letter.text),
    )


def make(listen: str) -> Starlette:
    """The post office that takes letters in at `listen` (host:port) while it serves."""
    host, _, port = listen.rpartition(":")
    office = Office()

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        async with await office.opened(host, int(port)):
            yield

    async def page(request: Request) -> HTMLResponse:
        letters = "".join(map(_shown, office.letters)) or "<p>None yet.</p>"
        return HTMLResponse(_PAGE.format(letters=letters))

    async def letters(request: Request) -> JSONResponse:
        wanted = request.query_params.get("to")
        found = office.letters if wanted is None else office.to(wanted)
        return JSONResponse([asdict(letter) for letter in found])

    async def health(request: Request) -> PlainTextResponse:
        return PlainTextResponse("ok")

    routes = [Route("/", page), Route("/letters", letters), Route("/_local/health", health)]
    return Starlette(routes=routes, lifespan=lifespan)


app = make(os.environ.get("MAIL_SMTP_LISTEN", "127.0.0.1:12113"))
