"""Prometheus, when the monitoring profile is asked for."""

from collections.abc import Sequence
from typing import Any

import yaml

from stack.native.adapter import Adapter, answers
from stack.rewriting import LOOPBACK
from stack.servers import PROMETHEUS

PORT = 9090


class Prometheus(Adapter):
    """One Prometheus server."""

    server = PROMETHEUS

    def listener_words(self) -> Sequence[str]:
        """Where to listen is a word of the command."""
        return (f"--web.listen-address={LOOPBACK}:{self.port(PORT)}",)

    def program(self, words: list[str]) -> list[str]:
        """The image's entry point is the program; the file's command are its arguments."""
        return super().program([PROMETHEUS.program, *words])

    def configure(self, target: str, text: str) -> str:
        """Names that have an address for each instance, as in Docker's DNS, are listed instead."""
        document = yaml.safe_load(text)
        for job in document.get("scrape_configs", []):
            lookups = job.pop("dns_sd_configs", [])
            targets = [target for lookup in lookups for target in self._targets(lookup)]
            if targets:
                job["static_configs"] = [{"targets": targets}]
        return str(yaml.safe_dump(document, sort_keys=False))

    def urls(self) -> dict[str, str]:
        """Its pages."""
        return {"http": f"http://{LOOPBACK}:{self.port(PORT)}"}

    async def ready(self) -> bool:
        """Whether it says so."""
        return await answers(self.port(PORT), "/-/ready")

    def _targets(self, lookup: dict[str, Any]) -> list[str]:
        number = int(lookup["port"])
        return [
            f"{LOOPBACK}:{ports[number]}"
            for name in lookup["names"]
            for ports in self.site.addresses.ports.get(name, ())
        ]
