"""Packages that make recall better, fetched when they are missing.

They are not in the manifest: Home Assistant refuses to set up an integration whose requirements it cannot install, so a
package index that is down after an update would take every memory away. Here it only costs recall by meaning, and only
for a while.
"""

from pathlib import Path
from typing import Final

from homeassistant.core import HomeAssistant
from homeassistant.requirements import RequirementsNotFound, async_clear_install_history, async_process_requirements

from .const import DOMAIN, FOLDER
from .memory.storage.sqlite_vec.errors import UnobtainableError
from .memory.storage.sqlite_vec.machine import is_musl, this_target
from .memory.storage.sqlite_vec.obtain import async_obtain
from .memory.storage.sqlite_vec.wheel import VERSION
from .memory.storage.vec import LIB_FOLDER

RUNTIME_REQUIREMENTS: Final = (
    "numpy>=2.3",
    "safetensors>=0.5",
    "tokenizers>=0.21",
    "wordllama==0.2.2.post0",
)
"""What the built-in model needs. ``scripts/check_musl`` proves that each has wheels for musl on x86-64 and aarch64."""

VECTOR_INDEX_PACKAGE: Final = "sqlite-vec"
VECTOR_INDEX_REQUIREMENTS: Final = (f"{VECTOR_INDEX_PACKAGE}=={VERSION}",)
"""Has wheels for glibc only; for musl, one of them is fitted."""


def may_install(hass: HomeAssistant, package: str) -> bool:
    """Return whether Home Assistant was not told to leave this package alone (--skip-pip, --skip-pip-packages)."""
    return not hass.config.skip_pip and package not in hass.config.skip_pip_packages


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


async def async_install_vector_index(hass: HomeAssistant) -> None:
    """Have sqlite-vec installed, or the file that fits musl made. Raises UnobtainableError."""
    if not is_musl():
        if not await async_install(hass, VECTOR_INDEX_REQUIREMENTS):
            raise UnobtainableError(f"Home Assistant could not install the package {VECTOR_INDEX_PACKAGE}")
        return
    if not may_install(hass, VECTOR_INDEX_PACKAGE):
        raise UnobtainableError("Home Assistant was told to install no packages (--skip-pip)")
    await async_obtain(Path(hass.config.path(FOLDER)) / LIB_FOLDER, this_target())
