"""A fresh interpreter without any of the packages that the engine can use, and a package index that is down."""

import asyncio
from pathlib import Path
import time

import pytest
import pytest_asyncio

from scripts.demo_app.client import DOMAIN, Api
from scripts.demo_app.flows import async_entry

from ..houses import House, MakeInstance, async_house, async_set_up_built_in
from .log_check import NO_INDEX, complaints

pytestmark = [pytest.mark.smoke, pytest.mark.timeout(300)]

REPORT_TIMEOUT = 60.0
HIDDEN = ("numpy", "safetensors", "sqlite_vec", "tokenizers", "wordllama")
SITECUSTOMIZE = f"""\
import importlib.metadata
import sys

HIDDEN = {HIDDEN!r}


class Hide:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in HIDDEN:
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)


sys.meta_path.insert(0, Hide())
real = importlib.metadata.Distribution.from_name.__func__


def from_name(cls, name):
    if name.lower().replace("-", "_") in HIDDEN:
        raise importlib.metadata.PackageNotFoundError(name)
    return real(cls, name)


importlib.metadata.Distribution.from_name = classmethod(from_name)
"""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def house(make_instance: MakeInstance, tmp_path_factory: pytest.TempPathFactory) -> House:
    """Return an instance that cannot import, find or fetch the packages."""
    folder: Path = tmp_path_factory.mktemp("hidden")
    (folder / "sitecustomize.py").write_text(SITECUSTOMIZE)
    (folder / "cache").mkdir()
    environment = {
        "PYTHONPATH": str(folder),
        "UV_CACHE_DIR": str(folder / "cache"),
        "UV_OFFLINE": "1",
        "UV_DEFAULT_INDEX": "http://127.0.0.1:9/simple",
    }
    return await async_house(make_instance(environment))


async def test_words_are_enough(owner: Api) -> None:
    assert (await async_set_up_built_in(owner))["state"] == "loaded"
    await owner.act("memory_set", key="ladder", value="The long ladder hangs behind the garage door")
    await owner.act("memory_set", key="paint", value="The wall paint is called Sea Salt")
    found = await owner.act("memory_search", query="where does the ladder hang?")
    assert found["embedder"] == "keyword"
    assert found["results"][0]["key"] == "ladder"
    assert found["results"][0]["match"] == "word"
    assert (await owner.act("memory_get", key="paint"))["value"] == "The wall paint is called Sea Salt"


async def test_the_user_is_told(owner: Api) -> None:
    deadline = time.monotonic() + REPORT_TIMEOUT
    async with owner.connect() as connection:
        while True:
            issues = (await connection.command("repairs/list_issues"))["issues"]
            if {"packages_missing", "index_unavailable"} <= {
                issue["issue_id"] for issue in issues if issue["domain"] == DOMAIN
            }:
                break
            assert time.monotonic() < deadline, issues
            await asyncio.sleep(0.2)
    assert (await async_entry(owner))["state"] == "loaded"


async def test_log_is_clean(house: House) -> None:
    assert complaints(house.instance, NO_INDEX) == []
    assert len([text for _, _, text in house.instance.log_records() if NO_INDEX in text]) == 1
