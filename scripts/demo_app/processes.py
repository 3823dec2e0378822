"""Child processes that never outlive the one that started them."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
import http.client
import os
from pathlib import Path
import signal
import socket
import subprocess
import sys
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[2]
"""The repository."""
HOST: Final = "127.0.0.1"
"""Everything that is started listens on loopback only."""


def free_port() -> int:
    """Return a port on loopback that nobody listens on."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
        return port


def answers(port: int, path: str) -> bool:
    """Return whether something speaks HTTP there, whatever it says."""
    connection = http.client.HTTPConnection(HOST, port, timeout=5)
    try:
        connection.request("GET", path)
        connection.getresponse().read()
    except OSError, http.client.HTTPException:
        return False
    finally:
        connection.close()
    return True


class ChildProcess:
    """A command on a leash, in a process group of its own, with all its output in one file.

    Start it from the main thread: on Linux the leash is tied to the thread that starts the child.
    """

    def __init__(self, command: Sequence[str], output: Path, environment: Mapping[str, str] | None = None) -> None:
        """Start ``command``; ``environment`` is added to this process's own."""
        with output.open("ab") as sink:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "scripts.demo_app.leash", *command],
                cwd=ROOT,
                env={**os.environ, **(environment or {})},
                stdin=subprocess.DEVNULL,
                stdout=sink,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # Ctrl-C is for us: we end the child in order
            )

    @property
    def pid(self) -> int:
        """Return the process id."""
        return self._process.pid

    @property
    def running(self) -> bool:
        """Return whether it is still there."""
        return self._process.poll() is None

    @property
    def exit_code(self) -> int | None:
        """Return how it ended, ``None`` while it runs."""
        return self._process.poll()

    def end(self, timeout: float = 30.0) -> None:
        """Ask it to stop, wait up to ``timeout`` seconds, then end it and whatever it started."""
        if self.running:
            self._process.terminate()
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(timeout)
        self.kill()

    def kill(self) -> None:
        """End it and its children at once, as a power cut would."""
        with suppress(ProcessLookupError):  # nobody is left in its group
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
