"""The Ollama server of a run: the stand-in as a process that can be switched off and on, or somebody's own."""

import os
from pathlib import Path
import sys
import time
from typing import Final

from .processes import HOST, ChildProcess, answers, free_port

CHAT_MODEL: Final = "llama3.2"
EMBEDDING_MODEL: Final = "nomic-embed-text"
_PULL_PAUSE: Final = 0.05
"""Seconds between two steps of a pretended download, so that there is progress to see."""
_START_TIMEOUT: Final = 30.0
_POLL: Final = 0.05


class OllamaServerError(Exception):
    """The stand-in did not come up."""


class StandInServer:
    """The stand-in, always on the same port."""

    def __init__(self, log: Path, *, pull_pause: float = 0.0, models: tuple[str, ...] = (CHAT_MODEL,)) -> None:
        """Start nothing yet. ``pull_pause`` is in seconds between two steps of a download; ``log`` gets its output."""
        self.port = free_port()
        self._log = log
        self._arguments = ["--port", str(self.port), "--pull-pause", str(pull_pause)]
        self._models = models
        self._process: ChildProcess | None = None

    @property
    def url(self) -> str:
        """Return where it answers."""
        return f"http://{HOST}:{self.port}"

    def install(self, model: str) -> None:
        """Have ``model`` from the next start on: a stand-in forgets what it pulled."""
        self._models = (*self._models, model)

    def switch_on(self) -> None:
        """Start it and wait until it answers. Raises OllamaServerError."""
        models = [part for model in self._models for part in ("--model", model)]
        command = [sys.executable, "-m", "scripts.ollama_stand_in", *self._arguments, *models]
        self._process = ChildProcess(command, self._log)
        deadline = time.monotonic() + _START_TIMEOUT
        while not answers(self.port, "/api/version"):
            if not self._process.running or time.monotonic() > deadline:
                raise OllamaServerError(f"the stand-in for Ollama did not start; see {self._log}")
            time.sleep(_POLL)

    def switch_off(self) -> None:
        """End it at once; harmless when it is off."""
        if self._process is not None:
            self._process.kill()
            self._process = None


class OllamaChoice:
    """Which server and models a run uses: the stand-in's, or those that the environment names."""

    def __init__(self, log: Path) -> None:
        """Read OLLAMA_URL, OLLAMA_EMBED_MODEL and OLLAMA_CHAT_MODEL; start nothing."""
        own = os.environ.get("OLLAMA_URL")
        self.embedding_model = os.environ.get("OLLAMA_EMBED_MODEL") or EMBEDDING_MODEL
        self.chat_model = _tagged(os.environ.get("OLLAMA_CHAT_MODEL") or CHAT_MODEL)
        self.stand_in = None if own else StandInServer(log, pull_pause=_PULL_PAUSE, models=(self.chat_model,))
        self.url = own or (self.stand_in.url if self.stand_in else "")

    def close(self) -> None:
        """Switch the stand-in off."""
        if self.stand_in is not None:
            self.stand_in.switch_off()


def _tagged(model: str) -> str:
    """Return the name with its tag, as Ollama lists it and Home Assistant's integration compares it."""
    return model if ":" in model.rpartition("/")[2] else f"{model}:latest"
