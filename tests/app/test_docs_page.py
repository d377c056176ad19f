"""The page that describes the API, in a browser: it works, and nothing else does in it."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from reference_app.docs_page import docs
from tests.reports.conftest import chromium

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Route

__all__ = ["chromium"]

_SITE = "http://board.test/api/v1"
# What Swagger UI does, as far as the policy is concerned: styles, the document, a picture.
_SWAGGER = """
window.SwaggerUIBundle = (wanted) => {
  document.getElementById('swagger-ui').style.color = 'teal';
  const image = document.createElement('img');
  image.src = 'data:image/gif;base64,R0lGODlhAQABAAAAACwAAAAAAQABAAA=';
  document.body.append(image);
  fetch(wanted.url).then((answer) => answer.json()).then((shown) => {
    document.title = shown.info.title;
  });
};
SwaggerUIBundle.presets = {apis: 1};
SwaggerUIBundle.SwaggerUIStandalonePreset = 1;
"""
_INTRUDER = """() => {
  const script = document.createElement('script');
  script.textContent = 'window.owned = true';
  document.body.append(script);
  return fetch('https://elsewhere.example/').then(() => 'sent', () => 'stopped');
}"""


def test_it_reads_the_document_and_runs_nothing_else(chromium: "Browser") -> None:
    with ThreadPoolExecutor(1) as pool:  # Playwright has this thread's event loop
        page = pool.submit(asyncio.run, docs()).result()
    asked: list[str] = []

    def serve(route: "Route") -> None:
        url = route.request.url
        asked.append(url)
        if url == f"{_SITE}/docs":
            route.fulfill(body=bytes(page.body), headers=dict(page.headers))
        elif url == f"{_SITE}/openapi.json":
            route.fulfill(json={"info": {"title": "It was read"}})
        elif url.endswith(".js"):
            route.fulfill(body=_SWAGGER, content_type="application/javascript")
        else:
            route.fulfill(body="body { margin: 0 }", content_type="text/css")

    context = chromium.new_context()
    try:
        opened = context.new_page()
        complaints: list[str] = []
        opened.on("console", lambda message: complaints.append(message.text))
        opened.on("pageerror", lambda error: complaints.append(str(error)))
        context.route("**/*", serve)
        opened.goto(f"{_SITE}/docs")
        opened.wait_for_function("document.title === 'It was read'")
        assert complaints == []
        assert opened.evaluate(_INTRUDER) == "stopped"
        assert opened.evaluate("window.owned") is None
    finally:
        context.close()
    assert not any("elsewhere" in url for url in asked)
