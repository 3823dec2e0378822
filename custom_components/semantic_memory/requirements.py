"""Packages that make recall better, fetched when they are missing.

They are not in the manifest: Home Assistant refuses to set up an integration whose requirements it cannot install, so a
package index that is down after an update would take every memory away. Here it only costs recall by meaning, and only
for a while.
"""

import os
from typing import Final

from homeassistant.core import HomeAssistant
from homeassistant.requirements import RequirementsNotFound, async_clear_install_history, async_process_requirements

from .const import DOMAIN

RUNTIME_REQUIREMENTS: Final = (
    "numpy>=2.3",
    "safetensors>=0.5",
    "tokenizers>=0.21",
    "wordllama==0.2.2.post0",
)
"""What the built-in model needs. ``scripts/check_musl`` proves that each has wheels for musl on x86-64 and aarch64."""

VECTOR_INDEX_REQUIREMENTS: Final = ("sqlite-vec==0.1.9",)
"""Has wheels for glibc only."""


def vector_index_installable() -> bool:
    """Return whether the wheel of sqlite-vec suits this machine's C library."""
    try:  # platform.libc_ver() would read Python's executable on musl, in the event loop
        return (os.confstr("CS_GNU_LIBC_VERSION") or "").startswith("glibc")
    except OSError, ValueError:
        return False


async def async_install(hass: HomeAssistant, requirements: tuple[str, ...]) -> bool:
    """Have Home Assistant install what is missing; return whether everything is there now.

    Home Assistant gives up on a package for good after a few failures; that is undone here, since the index comes back.
    """
    if hass.config.skip_pip:
        return False
    async_clear_install_history(hass)
    try:
        await async_process_requirements(hass, DOMAIN, list(requirements), is_built_in=False)
    except RequirementsNotFound:
        return False
    return True
