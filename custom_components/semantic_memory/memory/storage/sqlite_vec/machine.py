"""Which C library and processor this Python was built for.

Nothing here reads a file, so that it may run in the event loop: ``platform.libc_ver()`` would read the interpreter.
"""

import os
import sys
from typing import Final

from .errors import UnobtainableError
from .wheel import TARGETS, VERSION, Target

_64_BITS: Final = 2**32
_OTHER_NAMES: Final = {"amd64": "x86_64", "arm64": "aarch64"}


def is_musl() -> bool:
    """Return whether this is Linux with another C library than glibc, which Home Assistant OS and Container are."""
    if sys.platform != "linux":
        return False
    try:
        return not (os.confstr("CS_GNU_LIBC_VERSION") or "").startswith("glibc")
    except OSError, ValueError:  # musl does not have that name
        return True


def this_target() -> Target:
    """Return what fits this machine. Raises UnobtainableError, which is final, where nothing does."""
    processor = os.uname().machine.lower()
    target = TARGETS.get(_OTHER_NAMES.get(processor, processor))
    if target is None:
        raise UnobtainableError(f"there is no sqlite-vec {VERSION} for a processor of the type {processor}", final=True)
    if sys.maxsize < _64_BITS:  # a 64-bit kernel runs 32-bit programs too
        raise UnobtainableError(f"there is no sqlite-vec {VERSION} for a 32-bit system", final=True)
    return target
