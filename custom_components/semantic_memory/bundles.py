"""The built files of the page and the card, and where they are served."""

from hashlib import sha256
from pathlib import Path
from typing import Final

from homeassistant.components.http.server import StaticPathConfig
from homeassistant.core import HomeAssistant
from homeassistant.util.hass_dict import HassKey

from .const import DOMAIN

_FOLDER: Final = Path(__file__).with_name("frontend")
_FRONTEND: Final = "frontend"
_SERVED: Final[HassKey[dict[str, str]]] = HassKey(f"{DOMAIN}_frontend")
"""Paths under which the folder is served, by what it holds; Home Assistant cannot take one back."""
_DIGITS: Final = 12


async def async_bundle_url(hass: HomeAssistant, name: str) -> str | None:
    """Return the address of a built file, which is another as soon as any of them changes: browsers keep them.

    ``None`` where Home Assistant has no frontend, and where the file was not built.
    """
    if _FRONTEND not in hass.config.components:
        return None
    version = await hass.async_add_executor_job(_version, _FOLDER, name)
    if version is None:
        return None
    served = hass.data.setdefault(_SERVED, {})
    if version not in served:
        served[version] = f"/{DOMAIN}_static/{version}"
        await hass.http.async_register_static_paths([StaticPathConfig(served[version], str(_FOLDER))])
    return f"{served[version]}/{name}"


def _version(folder: Path, name: str) -> str | None:
    """Return what stands for all that the folder holds, ``None`` where the file is not there."""
    if not (folder / name).is_file():
        return None
    digest = sha256()
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            digest.update(f"{path.relative_to(folder)}\0{path.stat().st_size}\0".encode())
            digest.update(path.read_bytes())
    return digest.hexdigest()[:_DIGITS]
