"""A house that has been lived in: the made-up household of the benchmarks, told and asked over some months."""

import csv
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from scripts.demo_app.client import Api
from scripts.demo_app.people import Person
from scripts.demo_app.processes import ROOT

from ..houses import House

MARA: Final = Person(name="Mara", username="mara", password="owner's password")
_HOUSEHOLD: Final = ROOT / "benchmarks" / "quality" / "household" / "memories.tsv"
_PINNED: Final = frozenset({"home_address", "water_main", "house_alarm"})
_FIELDS: Final = (
    "key",
    "value",
    "scope",
    "owner",
    "tags",
    "category",
    "pinned",
    "created_at",
    "updated_at",
)
_SINCE: Final = timedelta(days=2)
"""How long ago the newest of the memories was told."""
_CHANGES: Final = (
    ("memory_set", {"key": "wifi_home", "value": "The wifi password at home is heron-42", "scope": "household"}),
    ("memory_set", {"key": "piano_tuner", "value": "The piano tuner comes on Friday at ten", "expiration_days": 5}),
    ("memory_set", {"key": "gym_membership", "value": "My gym is the one on Hawthorne now", "category": "user"}),
    ("memory_forget", {"key": "new_year_trip"}),
)
_SAYS: Final = (
    "Where is the fuse box?",
    "How do I turn off the water?",
    "When does the gardener come?",
    "Remember that the bird feeder is filled every Sunday",
    "Who looks after the dog?",
)


def memories(house: House) -> list[dict[str, str]]:
    """Return the English memories of Mara, Jonas and the household, as a table to import."""
    owners = {"mara": house.owner_id, "jonas": house.guest_id, "household": "household"}
    with _HOUSEHOLD.open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))
    rows = [row for row in rows if row["owner"] in owners and row["language"] == "en"]
    newest = max(datetime.fromisoformat(row["said_at"]) for row in rows)
    later = datetime.now() - _SINCE - newest  # noqa: DTZ005 - days of the file have no time zone either
    return [
        {
            "key": row["key"],
            "value": row["value"],
            "scope": "household" if row["owner"] == "household" else "user",
            "owner": owners[row["owner"]],
            "tags": row["tags"],
            "category": row["category"],
            "pinned": str(row["key"] in _PINNED).lower(),
            "created_at": _moved(row["said_at"], later),
            "updated_at": _moved(row["said_at"], later),
        }
        for row in rows
    ]


def _moved(day: str, later: timedelta) -> str:
    return f"{datetime.fromisoformat(day) + later:%Y-%m-%d}T18:30:00+00:00"


async def async_furnish(house: House, owner: Api, agent: str) -> None:
    """Import the memories, change and forget a few, and have an Assist agent asked for some."""
    rows = memories(house)
    _write(house.instance.folder / "household.csv", rows)
    report = await owner.act("memory_import", path="household.csv", dry_run=False, keep_owners=True)
    if report["added"] != len(rows):
        raise AssertionError(report)
    for action, data in _CHANGES:
        await owner.act(action, **data)
    for text in _SAYS:
        await owner.ask(agent, text)


def _write(path: Path, rows: list[dict[str, str]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, _FIELDS)
        writer.writeheader()
        writer.writerows(rows)
