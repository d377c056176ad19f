"""nginx, before the pods."""

import re
import signal
from collections.abc import Sequence

from stack.native.adapter import Adapter, answers
from stack.rewriting import LOOPBACK
from stack.servers import NGINX

REDIRECT, TLS, PLAIN, INSIDE = 80, 443, 8080, 8081
_CONFIGURATION = "/etc/nginx/nginx.conf"
_PAGES = "/usr/share/nginx/board"
_LISTEN = re.compile(r"(?m)^(\s*listen\s+)(\d+)\b")


class Nginx(Adapter):
    """One nginx with its workers."""

    server = NGINX
    death_signal = signal.SIGTERM

    @property
    def main_port(self) -> int:
        """The plain listener's."""
        return self.port(PLAIN)

    def image_folders(self) -> Sequence[str]:
        """The image keeps its logs there."""
        return ("/var/log/nginx",)

    def files_as_they_are(self) -> Sequence[str]:
        """The front end."""
        return (_PAGES,)

    def notes(self) -> Sequence[str]:
        """Without the front end there is only the API."""
        built = [
            self.site.places.home / mount.source / "index.html"
            for mount in self.service.mounts
            if mount.target == _PAGES
        ]
        if all(page.is_file() for page in built):
            return ()
        return (f"{self.name}: the API without its pages (make frontend builds them)",)

    def listener_words(self) -> Sequence[str]:
        """Where its configuration is, which the image knows by itself."""
        return ("-c", self.paths[_CONFIGURATION], "-p", str(self.folder), "-e", "stderr")

    def configure(self, target: str, text: str) -> str:
        """`listen` names a port alone."""

        def local(match: re.Match[str]) -> str:
            return f"{match[1]}{LOOPBACK}:{self.port(int(match[2]))}"

        return _LISTEN.sub(local, text)

    def urls(self) -> dict[str, str]:
        """Plain, for load; over TLS; and the status for probes."""
        return {
            "http": f"http://{LOOPBACK}:{self.port(PLAIN)}",
            "https": f"https://{LOOPBACK}:{self.port(TLS)}",
            "status": f"http://{LOOPBACK}:{self.port(INSIDE)}/nginx-status",
        }

    async def ready(self) -> bool:
        """Whether it answers for itself."""
        return await answers(self.port(INSIDE), "/nginx-health", frozenset({204}))
