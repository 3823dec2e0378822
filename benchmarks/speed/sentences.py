"""Made-up memories of a household, with words as real text has them.

A few words stand in most memories, some in a fifth of them, and most in hardly any (Zipf's law): surnames, brands,
codes and numbers grow with the store, as they do in a real one. How many memories a word of a question is in decides
how long a search takes, so a store of sentences that all use the same hundred words would measure nothing.
"""

from bisect import bisect
from collections.abc import Callable, Iterator, Sequence
from itertools import accumulate
import random
import re
from typing import Final

from custom_components.semantic_memory.memory.models import Category

_RARE: Final = 12_000
"""Surnames, brands and towns, made of syllables."""
_SLOT: Final = re.compile(r"\{(\w+)\}")
_TAGGED: Final = 0.3
"""Share of memories with tags."""

PERSONS: Final = (
    "Anna Ben Clara David Emma Felix Greta Hugo Ida Jonas Klara Liam Mia Noah Olivia Paul Quentin Rosa Samuel Tilda"
    " Uma Victor Wilma Xenia Yusuf Zoe Amir Bianca Carlos Dilara Elias Fatima Gustav Hana Igor Julia Kenji Lena Marco"
    " Nina Oskar Petra Rami Sofia Tom Ursula Vera Walter Yara Zeno"
)
OBJECTS: Final = (
    "lamp heater thermostat window door ladder bicycle passport kettle curtain camera piano boiler oven printer robot"
    " vacuum fridge freezer dishwasher dryer speaker television router switch sensor lock key suitcase mirror tent sofa"
    " hammock telescope microwave carpet umbrella violin calendar battery charger drill hammer saw paint bucket hose"
    " mower sprinkler grill blanket pillow mattress wardrobe shelf bookcase desk chair stool bench cushion vase candle"
    " clock radio projector keyboard tablet laptop phone headset cable adapter fuse bulb filter pump valve radiator"
    " humidifier fan shutter blind awning gate bell intercom mailbox scooter helmet skateboard sledge skis racket ball"
    " guitar flute drum easel microscope globe atlas album diary wallet purse backpack basket crate toolbox screwdriver"
    " wrench pliers tape glue rope torch lantern compass tripod binoculars toaster blender mixer scale pan pot wok"
    " teapot thermos tray jug bottle carafe corkscrew grater sieve ladle apron towel iron hanger hamper"
)
PLACES: Final = (
    "kitchen cellar attic garage balcony office hallway bathroom nursery shed bedroom pantry laundry terrace garden"
    " library study workshop conservatory porch driveway lobby loft greenhouse sauna gym wardrobe stairwell"
)
ADJECTIVES: Final = (
    "old new red blue green small large broken spare wooden heavy round black white yellow silver electric folding"
    " leather expensive borrowed noisy quiet bright dusty antique cordless waterproof striped rusty"
)
FOODS: Final = (
    "coffee tea bread cheese pasta rice soup salad fish chicken tofu lentils pancakes porridge yoghurt honey butter"
    " apples pears cherries strawberries peanuts walnuts almonds mushrooms spinach garlic onions tomatoes potatoes"
    " carrots pumpkin celery mustard chocolate vanilla cinnamon ginger mango coconut milk eggs shrimps mussels olives"
)
RELATIONS: Final = "neighbour uncle aunt cousin teacher doctor plumber dentist friend colleague landlord trainer"
ANIMALS: Final = "dog cat parrot hamster rabbit tortoise pony canary goldfish ferret"
EVENTS: Final = "birthday wedding concert picnic meeting festival training exam excursion dinner funeral party"
PARTS: Final = "filter battery bulb seal belt cartridge fuse membrane brush hose valve bearing"
DAYS: Final = "Monday Tuesday Wednesday Thursday Friday Saturday Sunday"
MONTHS: Final = "January February March April May June July August September October November December"
ROUTINES: Final = (
    "waters the plants|walks the dog|takes out the rubbish|goes swimming|calls the office|feeds the fish|practises the"
    " scales|checks the mail|goes for a run|bakes bread|reads to the children|tidies the desk|charges the car"
)
TAGS: Final = (
    "home family school work health holiday car garden food music sport money guests routine device safety heating"
    " light shopping hobby"
)

_PATTERNS: Final = (
    "{person} keeps the {adjective} {object} in the {place}, behind the {object} from {rare}",
    "The {object} in the {place} was repaired by {rare} on the {date} of {month} for {number} euros",
    "{person} likes {food} with {food} for dinner, but never on {day} because {person} hates it",
    "Every {day} at {time} {person} {routine}, and then prepares the {food} for {person} in the {place}",
    "The code of the {object} at the {place} is {code}, and only {person} and {person} know it",
    "{person}'s {relation} {rare} lives in {rare} and comes in {month} with a {adjective} {animal}",
    "When {person} says good night, dim the {object} in the {place} to {number} percent and lock the {object}",
    "The warranty of the {rare} {object} ends in {month} {year}, the receipt is in the {adjective} {object}",
    "{person} is allergic to {food} and should not eat {food} or {food} at a {event}",
    "Our {rare} {object} needs a new {part} every {number} weeks, last changed on the {date} of {month} {year}",
    "{person} wants the {place} at {number} degrees in the morning and at {number} at night, except on {day}",
    "{person} and {person} met the {relation} {rare} from {rare} at the {event} in {year}",
    "The {animal} of {rare} eats {food} at {time} and sleeps in the {place} near the {adjective} {object}",
    "Call {rare} on {code} {code} if the {object} in the {place} shows error {code} again",
    "{person} lent the {adjective} {object} to the {relation} {rare} until {day}, the {date} of {month}",
)
_QUESTIONS: Final = (
    "where does {person} keep the {adjective} {object}?",
    "who repaired the {object} in the {place} in {month}?",
    "what does {person} like for dinner on {day}?",
    "what is the code of the {object} at the {place}?",
    "when does the warranty of the {rare} {object} end?",
    "how warm does {person} want the {place} at night?",
    "how often does the {object} need a new {part}?",
    "which {relation} did {person} meet at the {event}?",
    "when does the {animal} of {rare} eat {food}?",
    "is {person} allergic to {food}?",
    "who has borrowed our {adjective} {object} until {day}?",
    "what happens in the {place} every {day} at {time}?",
)


class Writer:
    """Writes memories and questions; the same ones for the same seed."""

    def __init__(self, seed: int) -> None:
        """Begin with this seed."""
        self._chance = random.Random(seed)
        rare = random.Random(0)  # every writer knows the same people and brands
        self._pools = {
            "person": _Pool(PERSONS.split()),
            "object": _Pool(OBJECTS.split(), 0.8),
            "place": _Pool(PLACES.split(), 0.8),
            "adjective": _Pool(ADJECTIVES.split(), 0.6),
            "food": _Pool(FOODS.split(), 0.6),
            "relation": _Pool(RELATIONS.split(), 0.5),
            "animal": _Pool(ANIMALS.split()),
            "event": _Pool(EVENTS.split(), 0.5),
            "part": _Pool(PARTS.split(), 0.5),
            "day": _Pool(DAYS.split(), 0.2),
            "month": _Pool(MONTHS.split(), 0.1),
            "routine": _Pool(ROUTINES.split("|"), 0.5),
            "rare": _Pool([*dict.fromkeys(_made_up(rare) for _ in range(_RARE))], 0.7),
            "number": _Pool([str(number) for number in range(2, 100)], 0.4),
            "date": _Pool([str(number) for number in range(1, 29)], 0.0),
            "year": _Pool([str(year) for year in range(2026, 1990, -1)], 0.7),
        }

    def memory(self) -> str:
        """Return what is remembered, 10 to 22 words."""
        return self._filled(self._chance.choice(_PATTERNS))

    def question(self) -> str:
        """Return what is asked, 5 to 10 words."""
        return self._filled(self._chance.choice(_QUESTIONS))

    def tags(self) -> tuple[str, ...]:
        """Return the tags of a memory; most have none."""
        if self._chance.random() >= _TAGGED:
            return ()
        return tuple(self._chance.sample(TAGS.split(), self._chance.randint(1, 3)))

    def category(self) -> Category:
        """Return the category of a memory, ``general`` for half of them."""
        return Category.GENERAL if self._chance.random() < 0.5 else self._chance.choice(list(Category))  # noqa: PLR2004

    def _filled(self, pattern: str) -> str:
        return _SLOT.sub(lambda slot: self._word(slot[1]), pattern)

    def _word(self, slot: str) -> str:
        if slot == "code":
            return f"{self._chance.randrange(10_000):04}"
        if slot == "time":
            return f"{self._chance.randint(5, 23)}:{self._chance.choice(('00', '15', '30', '45'))}"
        return self._pools[slot].pick(self._chance)


class _Pool:
    """Words of which the first are used most: the one at place n in proportion to 1 / (n + 1) ** exponent."""

    def __init__(self, words: Sequence[str], exponent: float = 1.0) -> None:
        self._words = words
        self._sums = list(accumulate((place + 1) ** -exponent for place in range(len(words))))

    def pick(self, chance: random.Random) -> str:
        return self._words[bisect(self._sums, chance.random() * self._sums[-1])]


def memories(seed: int) -> Iterator[str]:
    """Return distinct memories without an end."""
    return _distinct(Writer(seed).memory)


def questions(seed: int) -> Iterator[str]:
    """Return distinct questions without an end."""
    return _distinct(Writer(seed).question)


def _distinct(write: Callable[[], str]) -> Iterator[str]:
    seen = set[str]()
    while True:
        text = write()
        if text not in seen:
            seen.add(text)
            yield text


def _made_up(chance: random.Random) -> str:
    syllables = (chance.choice("bdfghjklmnprstvwz") + chance.choice("aeiou") for _ in range(chance.randint(2, 3)))
    return ("".join(syllables) + chance.choice(("n", "r", "l", "s", "x", ""))).capitalize()
