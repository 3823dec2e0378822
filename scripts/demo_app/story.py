"""What happens in the demo: who lives there, what they tell, and what they ask later, in other words."""

from dataclasses import dataclass, field
from typing import Any, Final

from .people import Person

MAYA: Final = Person(name="Maya", username="maya", password="walk-the-dog")  # noqa: S106 - a house that exists for a minute
JONAS: Final = Person(name="Jonas", username="jonas", password="feed-the-cat")  # noqa: S106 - the same


@dataclass(frozen=True, slots=True)
class Telling:
    """Something that is told."""

    value: str
    details: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Question:
    """Something that is asked, and the key of the memory that answers it."""

    text: str
    key: str


MAYA_TELLS: Final = (
    Telling("I am allergic to peanuts", {"key": "allergy", "category": "user", "pinned": True}),
    Telling("I sleep best when the bedroom is at 17 degrees", {"key": "bedroom_climate", "category": "preference"}),
    Telling(
        "My usual coffee is a flat white with oat milk", {"key": "coffee", "category": "preference", "tags": "drink"}
    ),
    Telling("My sister Lena has her birthday on 9 June", {"key": "lena_birthday", "category": "relationship"}),
    Telling(
        "The guest Wi-Fi password hangs on the fridge door",
        {"key": "guest_wifi", "scope": "household", "category": "home", "tags": "internet, visitors"},
    ),
    Telling(
        "The heat pump was serviced in March by Nordwind",
        {"key": "heat_pump_service", "scope": "household", "category": "device"},
    ),
    Telling(
        "On Fridays we dim the living room lights and watch a movie",
        {"key": "movie_night", "scope": "household", "category": "routine"},
    ),
    Telling(
        "Ersatzschlüssel: in der blauen Dose im Flur",
        {"key": "Ersatzschlüssel", "scope": "household", "category": "home", "tags": "Schlüssel; Haustür"},
    ),
)
JONAS_TELLS: Final = (
    Telling("I get up at six on weekdays to go running", {"key": "morning_run", "category": "routine"}),
    Telling("I owe Maya a birthday present: a blue bicycle helmet", {"key": "surprise", "category": "event"}),
)
MAYA_ASKS: Final = (
    Question("how warm should my room be when I go to bed?", "bedroom_climate"),
    Question("what drink should I order in a café?", "coffee"),
    Question("what am I not allowed to eat?", "allergy"),
    Question("how can guests go online?", "guest_wifi"),
    Question("when was the heating maintained?", "heat_pump_service"),
    Question("when is our film evening?", "movie_night"),
    Question("when was Lena born?", "lena_birthday"),
    Question("wo finde ich die Schlüssel?", "ersatzschlüssel"),
)
JONAS_ASKS: Final = (
    Question("when do I exercise?", "morning_run"),
    Question("what should I buy as a gift?", "surprise"),
    Question("how can guests go online?", "guest_wifi"),
)
MAYAS_SECRETS: Final = ("what food is dangerous?", "coffee with oat milk", "bedroom temperature", "sister's birthday")
"""Questions of Jonas that only Maya's own memories would answer."""
OFFLINE_QUESTION: Final = Question("what hot drink do I like?", "coffee")
OFFLINE_TELLING: Final = Telling(
    "Our dog Bruno takes his tablet every morning", {"key": "bruno_tablet", "scope": "household"}
)
OFFLINE_ABOUT_IT: Final = Question("does our pet need medicine?", "bruno_tablet")
