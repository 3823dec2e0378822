"""Starts processes to be killed: it has everything imported, so that a new one takes milliseconds.

Each line of standard input is a job as JSON. On standard output it says ``born``, what the job says, and ``dead``.
"""

import json
import os
import sys
import traceback

from . import jobs


def main() -> None:
    """Run one job after the other, each in a process of its own, until the input ends."""
    for line in sys.stdin:
        about = json.loads(line)
        pid = os.fork()
        if pid == 0:
            _run(about)
        _, status = os.waitpid(pid, 0)
        say("dead", os.waitstatus_to_exitcode(status))


def say(*words: object) -> None:
    """Write a line in one go, so that it is there whole or not at all."""
    os.write(1, ("\t".join(map(str, words)) + "\n").encode())


def _run(about: dict[str, object]) -> None:
    say("born", os.getpid())  # not left to the parent, who may come later than what the child says next
    try:
        jobs.JOBS[str(about.pop("job"))](say=say, **about)
    except BaseException:  # noqa: BLE001 - whatever it is, whoever reads has to know
        say("failed", json.dumps(traceback.format_exc()))
        os._exit(1)
    os._exit(0)


if __name__ == "__main__":
    main()
