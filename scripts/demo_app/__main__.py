"""``scripts/demo [--keep] [--config FOLDER]``: see the README."""

import argparse
import asyncio
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
import shutil
import signal
import sys
import tempfile
from typing import Final

from .client import ApiError
from .demo import Demo
from .flows import FlowError
from .instance import InstanceError
from .ollama_server import OllamaServerError
from .screen import Screen
from .verdict import DemoError

_INTERRUPTED: Final = 130


def main() -> int:
    """Run the demo; return the exit code."""
    options = _arguments()
    screen = Screen()
    folder = options.config or Path(tempfile.mkdtemp(prefix="semantic-memory-demo-")) / "config"
    kept = options.config is not None
    code = 1
    try:
        code = asyncio.run(_async_main(screen, folder, keep=options.keep))
    except KeyboardInterrupt, asyncio.CancelledError:
        code = _INTERRUPTED
    finally:
        if not kept and code != 1:
            shutil.rmtree(folder.parent, ignore_errors=True)
    return code


async def _async_main(screen: Screen, folder: Path, *, keep: bool) -> int:
    """Run the demo inside the event loop, and clean up however it ends."""
    _end_with_main_task(signal.SIGTERM, signal.SIGHUP)
    demo = Demo(screen, folder)
    try:
        await demo.run()
        screen.heading("Everything worked")
        if keep:
            _show_login(screen, demo)
            with suppress(asyncio.CancelledError):  # that is how it is meant to end
                await asyncio.Event().wait()
    except (ApiError, DemoError, FlowError, InstanceError, OllamaServerError) as err:
        screen.failed(f"It did not work: {err}")
        screen.say(f"Home Assistant's log: {demo.instance.log_path}")
        return 1
    finally:
        await demo.close()
    return 0


def _end_with_main_task(*signals: signal.Signals) -> None:
    """Have these signals end the run as Ctrl-C does: in order."""
    task = asyncio.current_task()
    cancel: Callable[[], object] = task.cancel if task else sys.exit
    for number in signals:
        asyncio.get_running_loop().add_signal_handler(number, cancel)


def _show_login(screen: Screen, demo: Demo) -> None:
    """Say how to go on by hand."""
    screen.say(f"Home Assistant:  {demo.instance.url}")
    for resident in demo.residents:
        person = resident.person
        screen.say(f"Login:           {person.username} / {person.password}")
    screen.say(f"Ollama:          {demo.ollama.url}")
    screen.say(f"Folder:          {demo.instance.folder}")
    screen.say("Press Ctrl-C to stop it.")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="scripts/demo",
        description="Shows Semantic Memory in a real Home Assistant, and checks every step.",
        epilog=(
            "OLLAMA_URL names a server to use instead of the stand-in; "
            "OLLAMA_EMBED_MODEL and OLLAMA_CHAT_MODEL name its models."
        ),
    )
    parser.add_argument("--keep", action="store_true", help="leave it running at the end, until Ctrl-C")
    parser.add_argument(
        "--config", type=Path, metavar="FOLDER", help="new folder for Home Assistant, which is left there"
    )
    options = parser.parse_args()
    if options.config is not None:
        options.config = options.config.resolve()
        if options.config.exists() and any(options.config.iterdir()):
            parser.error(f"{options.config} is not empty: name a new folder")
    return options


if __name__ == "__main__":
    sys.exit(main())
