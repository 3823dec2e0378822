"""A real Home Assistant process as an object: its folder, its start, its log, its end."""

import asyncio
from collections.abc import Iterator, Mapping
import json
from pathlib import Path
import re
import sys
import time
from typing import Final

from .processes import HOST, ROOT, ChildProcess, answers, free_port

INTEGRATION: Final = ROOT / "custom_components" / "semantic_memory"
START_TIMEOUT: Final = 120.0
"""Seconds. A cold file cache needs many; a warm start takes a few."""
_POLL: Final = 0.1
_INITIALIZED: Final = "Home Assistant initialized in"
_RECORD: Final = re.compile(r"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\S* (?P<level>[A-Z]+) \(.*?\) \[(?P<logger>[^\]]+)\]")
_ONBOARDED: Final = ["core_config"]
"""That step would set up weather, radio and translation services from the internet. The others are taken for real."""
_SERVER: Final = {
    "server_host": [HOST],
    "cors_allowed_origins": [],
    "login_attempts_threshold": -1,
    "ip_ban_enabled": False,
    "ssl_profile": "intermediate_v6",
    "use_x_frame_options": True,
    "created_at": "2026-11-01T00:00:00+00:00",
    "error": None,
    "error_message": None,
}
"""As Home Assistant stores it: configuration.yaml is no longer the place to say where it listens."""
_CONFIGURATION: Final = """\
homeassistant:
  name: Semantic Memory
  time_zone: UTC
  unit_system: metric
logger:
  default: info
"""


class InstanceError(Exception):
    """Home Assistant did not do what it was told; the text ends with the last lines of its log."""


class HomeAssistantInstance:
    """One Home Assistant, bound to loopback, in a folder of its own."""

    def __init__(
        self,
        folder: Path,
        *,
        python: Path | str = sys.executable,
        environment: Mapping[str, str] | None = None,
        configuration: str = "",
    ) -> None:
        """Take an empty or missing folder; nothing is written before :meth:`launch`.

        ``python`` is the interpreter that has Home Assistant, ``environment`` is added to this process's own,
        ``configuration`` to configuration.yaml.
        """
        self.folder = folder
        self.port = free_port()
        self._python = str(python)
        self._environment = dict(environment or {})
        self._configuration = _CONFIGURATION + configuration
        self._process: ChildProcess | None = None
        self._log_start = 0

    @property
    def url(self) -> str:
        """Return where it answers, without a slash at the end."""
        return f"http://{HOST}:{self.port}"

    @property
    def log_path(self) -> Path:
        """Return the file that holds everything it says."""
        return self.folder / "console.log"

    @property
    def pid(self) -> int | None:
        """Return the process id, ``None`` while it is stopped."""
        return self._process.pid if self._process else None

    def launch(self) -> None:
        """Start the process and return at once; :meth:`wait` or :meth:`async_wait` tell when it is up."""
        if self._process is not None:
            raise InstanceError("it runs already")
        self._prepare()
        self._log_start = self.log_path.stat().st_size if self.log_path.exists() else 0
        command = [self._python, "-m", "homeassistant", "--config", str(self.folder), "--log-no-color"]
        self._process = ChildProcess(command, self.log_path, self._environment)

    def wait(self, timeout: float = START_TIMEOUT) -> None:
        """Wait up to ``timeout`` seconds until it is up. Raises InstanceError."""
        deadline = time.monotonic() + timeout
        while not self._is_up(deadline):
            time.sleep(_POLL)

    async def async_wait(self, timeout: float = START_TIMEOUT) -> None:
        """Wait up to ``timeout`` seconds until it is up, without holding up the loop. Raises InstanceError."""
        deadline = time.monotonic() + timeout
        while True:
            if self._is_up(deadline):
                return
            await asyncio.sleep(_POLL)

    def stop(self) -> None:
        """Stop it in order; harmless when it does not run."""
        if self._process is not None:
            self._process.end()
            self._process = None

    def kill(self) -> None:
        """End it like a power cut: no chance to write anything."""
        if self._process is not None:
            self._process.kill()
            self._process = None

    def log(self) -> str:
        """Return everything it has said, over all its runs."""
        return self.log_path.read_text(encoding="utf-8", errors="replace") if self.log_path.exists() else ""

    def log_records(self) -> Iterator[tuple[str, str, str]]:
        """Yield level, logger and whole text (with traceback) of every record in the log."""
        level, logger, lines = "", "", list[str]()
        for line in self.log().splitlines():
            if record := _RECORD.match(line):
                if lines:
                    yield level, logger, "\n".join(lines)
                level, logger, lines = record["level"], record["logger"], []
            lines.append(line)
        if lines:
            yield level, logger, "\n".join(lines)

    def _is_up(self, deadline: float) -> bool:
        """Return whether it has finished starting and answers. Raises InstanceError when it never will."""
        if self._process is None or not self._process.running:
            code = self._process.exit_code if self._process else None
            raise InstanceError(f"Home Assistant ended with code {code} while starting\n{self._log_tail()}")
        if time.monotonic() > deadline:
            raise InstanceError(f"Home Assistant was not up in time\n{self._log_tail()}")
        with self.log_path.open(encoding="utf-8", errors="replace") as log:
            log.seek(self._log_start)
            if _INITIALIZED not in log.read():
                return False
        return answers(self.port, "/api/onboarding")

    def _log_tail(self) -> str:
        return "\n".join(self.log().splitlines()[-25:])

    def _prepare(self) -> None:
        """Lay out the folder, the first time only."""
        components = self.folder / "custom_components"
        if components.exists():
            return
        components.mkdir(parents=True)
        (components / INTEGRATION.name).symlink_to(INTEGRATION, target_is_directory=True)
        (self.folder / "configuration.yaml").write_text(self._configuration, encoding="utf-8")
        storage = self.folder / ".storage"
        storage.mkdir(mode=0o700)
        server = {**_SERVER, "server_port": self.port}
        stored = {
            "http": (3, {"stable": server, "pending": None, "yaml_migration_done": True}),
            "onboarding": (4, {"done": _ONBOARDED}),
        }
        for key, (version, data) in stored.items():
            record = {"version": version, "minor_version": 1, "key": key, "data": data}
            (storage / key).write_text(json.dumps(record), encoding="utf-8")
