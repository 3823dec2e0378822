"""Run the stand-in: ``python -m scripts.ollama_stand_in --port 11434`` prints its URL and serves until interrupted."""

import argparse
import asyncio
import signal
import sys

from .server import StandIn


async def _serve(stand_in: StandIn) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    async with stand_in:
        sys.stdout.write(f"{stand_in.url}\n")
        sys.stdout.flush()
        await stop.wait()


def main() -> None:
    """Read the command line and serve."""
    parser = argparse.ArgumentParser(prog="python -m scripts.ollama_stand_in", description="A stand-in for Ollama.")
    parser.add_argument("--port", type=int, default=0, help="port on 127.0.0.1; 0 takes a free one")
    parser.add_argument("--model", action="append", help="installed model, may be given several times")
    parser.add_argument("--api-key", help="bearer token that every request has to bring")
    parser.add_argument("--pull-pause", type=float, default=0.0, help="seconds between two steps of a download")
    options = parser.parse_args()
    stand_in = StandIn(port=options.port, models=options.model, api_key=options.api_key, pull_pause=options.pull_pause)
    asyncio.run(_serve(stand_in))


if __name__ == "__main__":
    main()
