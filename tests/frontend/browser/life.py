"""People of the board for a browser's sake, and the windows they look through."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from typing import TYPE_CHECKING, Any, Literal

import httpx2
import psycopg
from playwright.sync_api import FilePayload, expect

from stack.state import Running

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Page

PASSWORD = "Bahamas-2026!"
PHONE, DESKTOP = (390, 844), (1280, 900)
# One dot, as a browser can draw it.
_DOT = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010802000000907753de0000000c494441"
    "54789c63e0cfcf0000017700e7f5ae989c0000000049454e44ae426082"
)
PICTURE = FilePayload(name="me.png", mimeType="image/png", buffer=_DOT)
PAPER = FilePayload(name="pipes.pdf", mimeType="application/pdf", buffer=b"%PDF-1.4\n%%EOF\n")
_numbers = count(1)
# What a page shows may wait for a machine on which much else goes on.
expect.set_options(timeout=60_000)

Scheme = Literal["light", "dark"]


class Someone:
    """A person with an account, who may as well ask the API directly."""

    def __init__(self, site: str, role: str, name: str) -> None:
        self.name, self.email = name, f"visitor{next(_numbers)}@example.com"
        self._api, self._headers = f"{site}/api/v1", dict[str, str]()
        answer = self.send(
            "POST", "/auth/register", email=self.email, password=PASSWORD, full_name=name, role=role
        )
        self.id: int = answer["user"]["id"]
        self._headers["authorization"] = f"Bearer {answer['access_token']}"

    def send(self, method: str, path: str, **body: Any) -> Any:
        """One request; fails the test when it is refused."""
        answer = httpx2.request(
            method, self._api + path, json=body or None, headers=self._headers, timeout=60
        )
        assert answer.is_success, answer.text
        return answer.json() if answer.content else None

    def get(self, path: str) -> Any:
        """Read something."""
        return self.send("GET", path)

    def upload(self, kind: str, file: FilePayload) -> int:
        """Announce a file, send it to the store and confirm it; its id."""
        begun = self.send(
            "POST",
            "/uploads",
            kind=kind,
            file_name=file["name"],
            content_type=file["mimeType"],
            size_bytes=len(file["buffer"]),
        )
        put, made = begun["put"], int(begun["upload"]["id"])
        httpx2.put(
            put["url"], content=file["buffer"], headers=put["headers"], timeout=60
        ).raise_for_status()
        self.send("POST", f"/uploads/{made}/confirm")
        return made


@dataclass(frozen=True)
class Board:
    """The whole stack, and who lives on it."""

    running: Running

    @property
    def site(self) -> str:
        """Where nginx answers."""
        return self.running.base_url

    def person(self, role: str = "seeker", name: str = "Sam Seeker") -> Someone:
        """Someone new."""
        return Someone(self.site, role, name)

    def employer(self, jobs: int = 1, name: str = "Erin Employer") -> tuple[Someone, list[int]]:
        """Someone who offers work, with so many published jobs, the last one first."""
        employer = self.person("employer", name)
        if jobs > 1:
            self.sql(
                "INSERT INTO subscriptions (user_id, tier, billing_interval, status)"
                " VALUES (%s, 'business', 'month', 'active')",
                employer.id,
            )
        company = employer.send("POST", "/companies", name="Conch Harbour Resort")
        made = []
        for number in range(jobs):
            draft = {
                "company_id": company["id"],
                "title": f"Plumber for villa {number + 1} of {employer.id}",
                "description": "Mend pipes in a resort.\n\nSix days a week, boat provided.",
                "category": "plumbing",
                "island": "exuma" if number % 2 == 0 else "abaco",
                "employment_type": "full_time",
                "salary_min_cents": 200_000,
                "salary_max_cents": 250_000 + number * 1_000,
            }
            job = employer.send("POST", "/jobs", **draft)["id"]
            employer.send("POST", f"/jobs/{job}/publish")
            made.append(job)
        return employer, made[::-1]

    def sql(self, statement: str, *given: object) -> None:
        """Change something past the app."""
        with psycopg.connect(self.running.environment["DATABASE_DIRECT_URL"]) as connection:
            connection.execute(statement, given)  # type: ignore[call-overload]  # our own text


class Window:
    """A browser window, and what its console complained of."""

    def __init__(self, context: "BrowserContext", site: str) -> None:
        self.page: Page = context.new_page()
        self.context = context
        self.site = site
        self.complaints: list[str] = []
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on(
            "console",
            lambda said: (
                self.complaints.append(said.text)
                # What the API refuses the browser notes too.
                if said.type == "error" and "Failed to load resource" not in said.text
                else None
            ),
        )

    def go(self, path: str) -> "Page":
        """Open a page of the site, and wait until it has said what it has to."""
        self.page.goto(self.site + path)
        self.settle()
        return self.page

    def settle(self) -> None:
        """Wait for the page's heading and for what it loads."""
        self.page.locator("h1").wait_for()
        # By locators: a function given as text would be what the page's policy forbids.
        expect(self.page.locator(".animate-pulse")).to_have_count(0)

    def sign_in(self, person: Someone) -> "Page":
        """As a person does."""
        page = self.go("/sign-in")
        page.get_by_label("Email").fill(person.email)
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Sign in").click()
        page.get_by_role("button", name=f"Account of {person.name}").wait_for()
        # The page one comes to takes the focus when it is there.
        page.wait_for_url(self.site + "/")
        expect(page.locator("h1")).to_be_focused()
        return page


@contextmanager
def window(
    browser: "Browser",
    site: str,
    size: tuple[int, int] = DESKTOP,
    scheme: Scheme = "light",
) -> Iterator[Window]:
    """A window of its own, as on another machine, that in the end complained of nothing."""
    context = browser.new_context(
        viewport={"width": size[0], "height": size[1]},
        color_scheme=scheme,
        has_touch=size == PHONE,
        reduced_motion="reduce",
    )
    context.set_default_timeout(60_000)
    shown = Window(context, site)
    try:
        yield shown
        assert shown.complaints == []
    finally:
        context.close()
