"""Whether the measurement of the page still runs. How fast anything is, no test asks."""

from playwright.async_api import Browser

from benchmarks.panel.measuring import async_measure, record, show

from ..houses import House
from .marks import E2E

pytestmark = E2E


async def test_every_figure_is_measured(browser: Browser, furnished: House) -> None:
    figures = await async_measure(browser, furnished, size=179, repeats=1, seconds=0.3)
    assert len(figures) == len({figure.name for figure in figures}) == 8
    assert all(0 < figure.median <= figure.p95 <= figure.high for figure in figures)
    assert "a search, from the key on" in show(figures)
    assert len(record(figures)["figures"]) == 8
