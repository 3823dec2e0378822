"""Times in texts of many languages."""

# ruff: noqa: RUF001 - texts in many scripts are the point of it

from datetime import UTC, datetime, timedelta, tzinfo
from itertools import pairwise
from zoneinfo import ZoneInfo

from hypothesis import given, settings, strategies as st
import pytest

from custom_components.semantic_memory.memory.times.reading import time_spans
from custom_components.semantic_memory.memory.times.spans import Precision, Span, best_fit, without

BERLIN = ZoneInfo("Europe/Berlin")
NOW = datetime(2026, 11, 21, 10, 30, tzinfo=BERLIN)  # a Saturday


def read(text: str, now: datetime = NOW) -> list[Span]:
    assert now.tzinfo is not None
    return list(time_spans(text, now.timestamp(), now.tzinfo))


def days(span: Span, zone: tzinfo = BERLIN) -> tuple[str, str]:
    """Return the first and the last day of a span."""
    begin = datetime.fromtimestamp(span.start, zone)
    end = datetime.fromtimestamp(span.end, zone) - timedelta(seconds=1)
    return begin.date().isoformat(), end.date().isoformat()


YESTERDAY, BEFORE = "2026-11-20", "2026-11-19"
LAST_WEEK = ("2026-11-09", "2026-11-15")
MAY = ("2026-05-01", "2026-05-31")
MAY_3 = ("2026-05-03", "2026-05-03")
JUNE_16 = ("2023-06-16", "2023-06-16")


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("what did I tell you yesterday", (YESTERDAY, YESTERDAY)),
        ("was habe ich gestern gesagt", (YESTERDAY, YESTERDAY)),
        ("qu'est-ce que j'ai dit hier ?", (YESTERDAY, YESTERDAY)),
        ("qué te dije ayer", (YESTERDAY, YESTERDAY)),
        ("cosa ho detto ieri", (YESTERDAY, YESTERDAY)),
        ("wat zei ik gisteren", (YESTERDAY, YESTERDAY)),
        ("co mówiłem wczoraj", (YESTERDAY, YESTERDAY)),
        ("o que eu disse ontem", (YESTERDAY, YESTERDAY)),
        ("vad sa jag i går", (YESTERDAY, YESTERDAY)),
        ("vad sa jag igår", (YESTERDAY, YESTERDAY)),
        ("hvad sagde jeg i går", (YESTERDAY, YESTERDAY)),
        ("mitä sanoin eilen", (YESTERDAY, YESTERDAY)),
        ("co jsem řekl včera", (YESTERDAY, YESTERDAY)),
        ("mit mondtam tegnap", (YESTERDAY, YESTERDAY)),
        ("ce am spus ieri", (YESTERDAY, YESTERDAY)),
        ("dün ne dedim", (YESTERDAY, YESTERDAY)),
        ("что я говорил вчера", (YESTERDAY, YESTERDAY)),
        ("що я казав вчора", (YESTERDAY, YESTERDAY)),
        ("我昨天说了什么", (YESTERDAY, YESTERDAY)),
        ("昨日何と言った", (YESTERDAY, YESTERDAY)),
        ("어제 뭐라고 했지", (YESTERDAY, YESTERDAY)),
        ("today", ("2026-11-21", "2026-11-21")),
        ("heute", ("2026-11-21", "2026-11-21")),
        ("aujourd’hui", ("2026-11-21", "2026-11-21")),
        ("this week", ("2026-11-16", "2026-11-22")),
        ("今日", ("2026-11-21", "2026-11-21")),
        ("the day before yesterday", (BEFORE, BEFORE)),
        ("avant-hier", (BEFORE, BEFORE)),
        ("last week", LAST_WEEK),
        ("in der letzten Woche, also letzte Woche", LAST_WEEK),
        ("la semaine derniere", LAST_WEEK),
        ("LA SEMAINE DERNIÈRE", LAST_WEEK),
        ("la semana pasada", LAST_WEEK),
        ("w zeszłym tygodniu", LAST_WEEK),
        ("на прошлой неделе", LAST_WEEK),
        ("지난주에", LAST_WEEK),
        ("last weekend", ("2026-11-14", "2026-11-15")),
        ("last month", ("2026-10-01", "2026-10-31")),
        ("last year", ("2025-01-01", "2025-12-31")),
        ("last Monday", ("2026-11-16", "2026-11-16")),
        ("last Saturday", ("2026-11-14", "2026-11-14")),
        ("letzten Montag", ("2026-11-16", "2026-11-16")),
        ("в прошлую среду", ("2026-11-18", "2026-11-18")),
        ("three days ago", ("2026-11-18", "2026-11-18")),
        ("3 days ago", ("2026-11-18", "2026-11-18")),
        ("vor drei Tagen", ("2026-11-18", "2026-11-18")),
        ("il y a 3 jours", ("2026-11-18", "2026-11-18")),
        ("hace tres dias", ("2026-11-18", "2026-11-18")),
        ("tre giorni fa", ("2026-11-18", "2026-11-18")),
        ("3日前", ("2026-11-18", "2026-11-18")),
        ("三天前", ("2026-11-18", "2026-11-18")),
        ("3일 전에", ("2026-11-18", "2026-11-18")),
        ("a week ago", ("2026-11-11", "2026-11-17")),
        ("vor einer Woche", ("2026-11-11", "2026-11-17")),
        ("in May", MAY),
        ("what did i say in may", MAY),
        ("im Mai", MAY),
        ("en mai", MAY),
        ("en mayo", MAY),
        ("w maju", MAY),
        ("v květnu", MAY),
        ("toukokuussa", MAY),
        ("májusban", MAY),
        ("Mayıs'ta", MAY),
        ("5月に", MAY),
        ("em maio", MAY),
        ("in december", ("2025-12-01", "2025-12-31")),
        ("в июне", ("2026-06-01", "2026-06-30")),
        ("in September 2022", ("2022-09-01", "2022-09-30")),
        ("septembre 2022", ("2022-09-01", "2022-09-30")),
        ("2022-09", ("2022-09-01", "2022-09-30")),
        ("am 3. Mai", MAY_3),
        ("May 3rd", MAY_3),
        ("the 3rd of May", MAY_3),
        ("3 de mayo", MAY_3),
        ("den 3 maj", MAY_3),
        ("5月3日", MAY_3),
        ("on 16 June 2023", JUNE_16),
        ("June 16th, 2023", JUNE_16),
        ("Jun 16, 2023", JUNE_16),
        ("16 juin 2023", JUNE_16),
        ("16 de junio de 2023", JUNE_16),
        ("2023-06-16", JUNE_16),
        ("2023-06-16T10:00:00Z", JUNE_16),
        ("16.06.2023", JUNE_16),
        ("16.6.2023", JUNE_16),
        ("16/06/2023", JUNE_16),
        ("06/16/2023", JUNE_16),
        ("2023. június 16-án", JUNE_16),
        ("2023年6月16日", JUNE_16),
        ("2023년 6월 16일", JUNE_16),
        ("in 2022", ("2022-01-01", "2022-12-31")),
        ("im Jahr 2022", ("2022-01-01", "2022-12-31")),
    ],
)
def test_times_are_understood(text: str, wanted: tuple[str, str]) -> None:
    assert days(read(text)[0]) == wanted
    assert read(text)[0].weight == 1


@pytest.mark.parametrize("text", ["on Saturday", "am Samstag", "le samedi", "el sábado", "土曜日"])
def test_what_may_happen_every_week_counts_less(text: str) -> None:
    (span,) = read(f"dinner with the neighbours {text}")
    assert span.weight == 0.5
    assert span.start <= NOW.timestamp() < span.end
    (alone,) = read(text)
    assert alone.weight == 1


@pytest.mark.parametrize(
    "text",
    [
        "",
        "  ",
        "may I ask who may march with us?",
        "This may be the key of the house",
        "The code of the garage is 2022",
        "Dial 192.168.1.20, version 1.2.3",
        "It costs 3.50, two out of three",
        "What do we do on Mondays?",
        "Hier wohnt die Familie, ist das hier richtig?",
        "Wat is hier het wachtwoord van de wifi?",
        "La casa è bella, ma piccola",
        "Ce îți place cel mai mult? În mai multe feluri.",
        "Ce e în mai multe sertare",
        "co je v lednici a v ledu",
        "Ocakta ne var",
        "A major decision about the mayor of Sunderland",
        "the marching band and the augmented reality",
        "Wo ist der Schlüssel zum Keller?",
        "Où sont les clés de la voiture ?",
        "¿Dónde está la llave del coche?",
        "How many people are in the house now, recently or lately?",
        "Guten Morgen, was machen wir morgen?",
        "Ask me again tomorrow or next week",
        "Planet Mars",
        "Martin does martial arts, at the Oktoberfest too",
        "99999999999999999999 days ago",
        "3000 years ago",
        "31.02.2023",
        "February 30",
        "月が綺麗ですね",
    ],
)
def test_ordinary_sentences_hold_no_time(text: str) -> None:
    assert read(text) == []


def test_a_date_without_its_year_may_be_earlier_ones_too() -> None:
    spans = read("on June 16")
    assert [days(span)[0] for span in spans] == [f"{year}-06-16" for year in range(2026, 2021, -1)]
    assert [span.weight for span in spans] == [1, 0.5, 0.5, 0.5, 0.5]
    assert [days(span)[0] for span in read("29 February")] == ["2024-02-29"]


def test_nobody_knows_which_number_is_the_month() -> None:
    assert {days(span)[0] for span in read("05/06/2023")} == {"2023-05-06", "2023-06-05"}


def test_expressions_are_marked() -> None:
    text = "What did Maria tell on 16 June 2023 and last week?"
    spans = read(text)
    assert [text[span.begin : span.stop] for span in spans] == ["16 June 2023", "last week"]
    assert without(text, spans) == "What did Maria tell on and ?"
    assert without("yesterday", read("yesterday")) == ""
    assert [span.precision for span in spans] == [Precision.DAY, Precision.WEEK]


@pytest.mark.parametrize(
    ("zone", "now", "hours"),
    [
        ("Europe/Berlin", "2026-03-30T09:00", 23),
        ("Europe/Berlin", "2026-10-26T09:00", 25),
        ("America/New_York", "2026-03-09T09:00", 23),
        ("Africa/Cairo", "2026-04-25T09:00", 23),  # its clocks go forward at midnight
        ("Pacific/Auckland", "2026-06-01T00:01", 24),
        ("Asia/Kolkata", "2026-06-01T23:59", 24),
        ("UTC", "2024-03-01T00:00", 24),
    ],
)
def test_days_are_those_of_the_time_zone(zone: str, now: str, hours: int) -> None:
    there = datetime.fromisoformat(now).replace(tzinfo=ZoneInfo(zone))
    (span,) = read("yesterday", there)
    day = (there - timedelta(days=1)).date().isoformat()
    assert days(span, ZoneInfo(zone)) == (day, day)
    assert span.end - span.start == hours * 3600


def test_fit_fades_outside() -> None:
    (span,) = read("16 June 2023")
    day = 86_400
    assert span.fit(span.start) == span.fit(span.end - 1) == 1
    assert span.fit(span.end + day) == pytest.approx(span.fit(span.start - day)) == pytest.approx(0.5, abs=0.02)
    assert span.fit(span.start - 60 * day) < 0.001
    assert best_fit([], [0.0]) == 0
    assert best_fit([span], [0.0, span.start]) == 1
    month, now = read("June 2023")[0], read("dinner is what today")[0]
    assert month.fit(month.end + day) > span.fit(span.end + day)
    assert now.fit(now.start) == 1
    assert now.fit(now.start - day) < span.fit(span.start - day) - 0.2


def test_hours_and_nights() -> None:
    (hour,) = read("two hours ago")
    assert hour.start < NOW.timestamp() - 7200 < hour.end
    (night,) = read("last night")
    assert night.start == datetime(2026, 11, 20, 18, tzinfo=BERLIN).timestamp()
    assert night.end == datetime(2026, 11, 21, 6, tzinfo=BERLIN).timestamp()


@pytest.mark.parametrize("now", [-1e18, 1e18, float("inf"), float("nan"), -62_135_596_800.0, 253_402_300_799.0])
def test_a_clock_that_is_far_off_is_no_failure(now: float) -> None:
    assert len(time_spans("yesterday, last year, in May, 100 years ago", now)) <= 16


VOCABULARY = (
    "may in May im Mai 16 2023 . , - / 06 31 32 0 last week ago days vor einer Woche hier ma 5 月 日 前 3 on the of ’ '"
    " Monday 2023-06-16 16.06. yesterday İstanbul ﬁ 三 à Mayıs ² ١٢"
)
WORDS = st.lists(st.sampled_from(VOCABULARY.split()), max_size=25)


@settings(max_examples=400, deadline=None)
@given(
    st.one_of(st.text(max_size=200), WORDS.map(" ".join), WORDS.map("".join)),
    st.floats(0, 4e9),
)
def test_any_text_can_be_read(text: str, now: float) -> None:
    spans = time_spans(text, now, UTC)
    assert len(spans) <= 16
    for span in spans:
        assert span.start < span.end
        assert 0 <= span.begin < span.stop <= len(text)
        assert 0 < span.weight <= 1
    places = [(span.begin, span.stop) for span in spans]
    assert places == sorted(places)
    assert all(one == other or one[1] <= other[0] for one, other in pairwise(places))
    without(text, spans)


def test_a_long_text_is_read_in_part() -> None:
    assert read("word " * 2_000 + "yesterday") == []
    assert len(read("yesterday 2023-06-16 last week " * 50)) == 16
