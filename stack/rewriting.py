"""Turns what is true between containers into what is true on this machine.

Three general rules, the same for every service, its environment, command and
configuration files:

* an address `service:port` (or `host=service port=port`) becomes the local port of
  that service; `0.0.0.0:port` the service's own; a network's subnet 127.0.0.1/32;
* a path below a mount becomes the local place of that mount;
* in a configuration file, a line naming a scaled service stands once for each of its
  instances, and a line naming a service that is not running is left out.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

LOOPBACK = "127.0.0.1"


@dataclass(frozen=True, slots=True)
class Addresses:
    """Where every service of the file is on this machine.

    `ports`: service -> one mapping per instance from the container's port to the local
    one; no instance for a service that is not running.
    """

    ports: Mapping[str, Sequence[Mapping[int, int]]]
    subnets: tuple[str, ...] = ()
    _pattern: re.Pattern[str] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        names = "|".join(sorted(map(re.escape, self.ports), key=len, reverse=True)) or r"(?!)"
        pattern = re.compile(
            rf"(?<![\w.-])(?P<service>{names}):(?P<port>\d+)(?!\d)"
            rf"|\bhost=(?P<host>{names})(?P<space>\s+)port=(?P<host_port>\d+)(?!\d)"
        )
        object.__setattr__(self, "_pattern", pattern)

    def named_in(self, text: str) -> set[str]:
        """The services whose address stands in `text`."""
        return {m["service"] or m["host"] for m in self._pattern.finditer(text)}

    def names_absent(self, text: str) -> bool:
        """Whether `text` holds the address of a service that is not running."""
        return any(not self.ports[name] for name in self.named_in(text))

    def replace(self, text: str, instance: int = 0) -> str:
        """`text` with local addresses; `instance` chooses among a scaled service's."""

        def local(match: re.Match[str]) -> str:
            name = match["service"] or match["host"]
            instances = self.ports[name]
            if not instances:
                return match.group()
            known = instances[min(instance, len(instances) - 1)]
            port = known.get(int(match["port"] or match["host_port"]))
            if port is None:
                return match.group()
            if match["service"]:
                return f"{LOOPBACK}:{port}"
            return f"host={LOOPBACK}{match['space']}port={port}"

        text = self._pattern.sub(local, text)
        for subnet in self.subnets:
            text = text.replace(subnet, f"{LOOPBACK}/32")
        return text


@dataclass(frozen=True, slots=True)
class Rewriter:
    """The rules for one instance: everybody's addresses, its own ports and its mounts.

    `paths` maps container paths to local ones.
    """

    addresses: Addresses
    own_ports: Mapping[int, int]
    paths: Mapping[str, str]

    def value(self, text: str) -> str:
        """A command word or an environment variable's value, rewritten."""
        return self._local_paths(self._own_listeners(self.addresses.replace(text)))

    def environment(self, environment: Mapping[str, str]) -> dict[str, str]:
        """Every variable rewritten, but those that name a service that is not running.

        `X_HOST` and `X_PORT` are one address.
        """
        found = {
            name: self.value(value)
            for name, value in environment.items()
            if not self.addresses.names_absent(value)
        }
        for name, host in environment.items():
            port = f"{name.removesuffix('_HOST')}_PORT"
            if name.endswith("_HOST") and port in environment:
                address = self.addresses.replace(f"{host}:{environment[port]}")
                found[name], _, found[port] = address.rpartition(":")
        return found

    def file(self, text: str) -> str:
        """A configuration file, rewritten line by line."""
        lines: list[str] = []
        for line in text.splitlines():
            for copy in range(self._copies(line)):
                local = self.addresses.replace(line, copy)
                lines.append(self._local_paths(self._own_listeners(local)))
        return "\n".join(lines) + "\n"

    def _copies(self, line: str) -> int:
        named = self.addresses.named_in(line)
        return min((len(self.addresses.ports[name]) for name in named), default=1)

    def _own_listeners(self, text: str) -> str:
        for number, local in self.own_ports.items():
            text = re.sub(rf"\b0\.0\.0\.0:{number}(?!\d)", f"{LOOPBACK}:{local}", text)
        return text

    def _local_paths(self, text: str) -> str:
        if not self.paths:
            return text
        # The longest first: a mount may lie inside another.
        ordered = sorted(self.paths, key=len, reverse=True)
        pattern = "|".join(map(re.escape, ordered))
        return re.sub(
            rf"(?<![\w./-])({pattern})(?=$|[/\s;,:\"')\]])",
            lambda match: self.paths[match.group(1)],
            text,
            flags=re.MULTILINE,
        )
