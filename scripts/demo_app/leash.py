"""Run a command that is ended when whoever started it is gone, however that went.

``python -m scripts.demo_app.leash COMMAND …``. On Linux the kernel sends the command SIGTERM when its parent dies, even
by ``kill -9``; elsewhere the command simply runs, and the parent's own clean-up has to do.
"""

import ctypes
import os
import signal
import sys
from typing import Final

_PR_SET_PDEATHSIG: Final = 1


def main(command: list[str]) -> None:
    """Become ``command``, on the leash of the present parent process."""
    parent = os.getppid()
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
        if os.getppid() != parent:  # it died before the leash was on
            sys.exit(1)
    os.execvp(command[0], command)  # noqa: S606 - becoming the command is the point


if __name__ == "__main__":
    main(sys.argv[1:])
