"""What comes out: figures, each beside the exact scan of the same run."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from benchmarks.report import number, percentile, table

MS: Final = "ms"
BYTES: Final = "bytes"
MB: Final = "MB"
RATE: Final = "memories/s"
MEGABYTE: Final = 1_000_000
SHARE: Final = "of 10"
_MORE_IS_BETTER: Final = (RATE, SHARE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One figure of one size of store."""

    size: int
    name: str
    unit: str
    value: float
    """The median where there are several."""
    p05: float | None = None
    """What the machine can do when nothing else keeps it busy."""
    p95: float | None = None
    p99: float | None = None
    high: float | None = None
    """The highest."""
    exact: float | None = None
    """What the exact scan takes, in the same unit; of memory and disk, what its matrix takes."""

    @property
    def ratio(self) -> float | None:
        """Return how many times better than the exact scan it is."""
        if not self.exact or not self.value:
            return None
        return self.value / self.exact if self.unit in _MORE_IS_BETTER else self.exact / self.value

    def record(self) -> dict[str, Any]:
        """Return the figure for a file."""
        return {
            **{
                name: getattr(self, name)
                for name in ("size", "name", "unit", "value", "p05", "p95", "p99", "high", "exact")
            },
            "ratio": self.ratio,
        }


def times(size: int, name: str, seconds: Sequence[float], exact: float | None) -> Figure:
    """Return the figure for how long something took each time; ``exact`` is the median of the scan, in seconds."""
    return Figure(
        size=size,
        name=name,
        unit=MS,
        value=percentile(seconds, 0.5) * 1000,
        p05=percentile(seconds, 0.05) * 1000,
        p95=percentile(seconds, 0.95) * 1000,
        p99=percentile(seconds, 0.99) * 1000,
        high=max(seconds) * 1000,
        exact=None if exact is None else exact * 1000,
    )


def show(figures: Sequence[Figure]) -> str:
    """Return the figures as a table."""
    return table(
        ("memories", "measured", "unit", "p50", "p05", "p95", "highest", "exact scan", "ratio"),
        (
            (
                f"{figure.size:,}",
                figure.name,
                figure.unit,
                *map(number, (figure.value, figure.p05, figure.p95, figure.high, figure.exact)),
                "" if figure.ratio is None else f"× {number(figure.ratio)}",
            )
            for figure in figures
        ),
    )
