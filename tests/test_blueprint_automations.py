"""The automation blueprints, loaded as Home Assistant does, run, and what they tell whom."""

from collections.abc import AsyncIterator, Mapping
from datetime import timedelta
from pathlib import Path
import shutil
from typing import Any

from homeassistant.core import Context, HomeAssistant, ServiceCall, ServiceResponse, SupportsResponse
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import device_registry as dr
from homeassistant.setup import async_setup_component
from homeassistant.util import dt as dt_util
from homeassistant.util.yaml import load_yaml_dict
import pytest
from pytest_homeassistant_custom_component.common import (
    MockConfigEntry,
    MockUser,
    async_fire_time_changed,
    async_mock_service,
)

from custom_components.semantic_memory.memory.engine import MemoryEngine

from .service_helpers import PERSON, async_act, async_add_person, days_until

AUTOMATION = "automation"
FOLDER = Path(__file__).parent.parent / "blueprints" / "automation" / "semantic_memory"
NAMES = sorted(path.stem for path in FOLDER.glob("*.yaml"))
PHONE = "notify.phone"
ENTITY = "automation.tested"


@pytest.fixture(autouse=True)
async def _blueprints(hass: HomeAssistant, setup_integration: MockConfigEntry) -> AsyncIterator[None]:
    """Install the blueprints as Home Assistant does when they are imported; end what was made of them."""
    shutil.copytree(FOLDER, hass.config.path("blueprints", "automation", "semantic_memory"))
    yield
    if hass.services.has_service(AUTOMATION, "turn_off"):
        await hass.services.async_call(AUTOMATION, "turn_off", {"entity_id": "all"}, blocking=True)


@pytest.fixture
def sent(hass: HomeAssistant) -> list[ServiceCall]:
    """Return what is sent to notify entities."""
    return mocked(hass, "notify", "send_message")


@pytest.fixture
def shown(hass: HomeAssistant) -> list[ServiceCall]:
    """Return what is shown as notifications of Home Assistant."""
    return mocked(hass, "persistent_notification", "create")


@pytest.fixture
async def resident(hass: HomeAssistant, hass_admin_user: MockUser) -> MockUser:
    """Return the user who is ``PERSON``."""
    await async_add_person(hass, hass_admin_user)
    return hass_admin_user


async def async_automate(hass: HomeAssistant, blueprint: str, **inputs: Any) -> None:
    """Make an automation from a blueprint."""
    use = {"path": f"semantic_memory/{blueprint}.yaml", "input": inputs}
    config = {AUTOMATION: [{"id": "tested", "alias": "tested", "use_blueprint": use}]}
    assert await async_setup_component(hass, AUTOMATION, config)
    await hass.async_block_till_done()
    state = hass.states.get(ENTITY)
    assert state is not None
    assert state.state == "on", "the automation does not validate"


async def async_trigger(hass: HomeAssistant) -> None:
    """Run the automation by hand."""
    await hass.services.async_call(AUTOMATION, "trigger", {"entity_id": ENTITY, "skip_condition": False}, blocking=True)
    await hass.async_block_till_done()


def mocked(hass: HomeAssistant, domain: str, service: str, **options: Any) -> list[ServiceCall]:
    """Offer an action, and return its calls."""
    calls: list[ServiceCall] = async_mock_service(hass, domain, service, **options)
    return calls


def offer(hass: HomeAssistant, domain: str, service: str, response: Mapping[str, Any]) -> list[ServiceCall]:
    """Offer an action that answers with ``response``."""
    return mocked(hass, domain, service, response=response, supports_response=SupportsResponse.OPTIONAL)


@pytest.mark.parametrize("name", NAMES)
def test_metadata(name: str) -> None:
    about = load_yaml_dict(str(FOLDER / f"{name}.yaml"))["blueprint"]

    assert about["domain"] == "automation"
    assert about["homeassistant"] == {"min_version": "2026.10.0"}
    assert about["source_url"].endswith(f"/blob/main/blueprints/automation/semantic_memory/{name}.yaml")
    assert about["description"].endswith(".")
    inputs: dict[str, Any] = {}
    for key, value in about["input"].items():
        inputs |= value.get("input", {key: value})
    for value in inputs.values():
        assert value["name"]
        assert value["selector"]


# A morning briefing


async def async_fill(hass: HomeAssistant) -> None:
    """Store what is on today, and what is not."""
    now = dt_util.now()
    day, weekday = f"{now.day} {now:%B}", f"{now:%A}"
    tomorrow = now + timedelta(days=1)
    for key, value, more in (
        ("dentist", f"Dentist on {day} at 10:00", {"category": "event"}),
        ("bins", f"The bins go out on {weekday}s", {"category": "routine"}),
        ("parcel", f"The parcel comes on {now:%Y-%m-%d}", {}),
        ("party", "The garden party", {"category": "event", "expires_at": now.replace(hour=23, minute=59, second=59)}),
        ("other", f"Swimming on {tomorrow:%A}", {"category": "event"}),
        ("pills", "Take the pills", {"pinned": True, "tags": "Reminder"}),
        ("style", "Answer briefly", {"pinned": True, "category": "instruction"}),
    ):
        moment = more.pop("expires_at", None)
        await async_act(hass, "set", key=key, value=value, **more, **({"expires_at": str(moment)} if moment else {}))


async def test_briefing(hass: HomeAssistant, sent: list[ServiceCall]) -> None:
    await async_fill(hass)
    await async_automate(hass, "morning_briefing", notify_entities=[PHONE])
    await async_trigger(hass)

    (call,) = sent
    now = dt_util.now()
    assert call.data["entity_id"] == [PHONE]
    assert call.data["title"] == "Good morning!"
    assert call.data["message"].split("\n") == [
        "Today:",
        f"- Dentist on {now.day} {now:%B} at 10:00",
        f"- The parcel comes on {now:%Y-%m-%d}",
        f"- The bins go out on {now:%A}s",
        "- The garden party",
        "Keep in mind:",
        "- Take the pills",
    ]


async def test_briefing_at_its_time(hass: HomeAssistant, shown: list[ServiceCall]) -> None:
    await async_act(hass, "set", key="pills", value="Take the pills", pinned=True, tags="reminder")
    await async_automate(hass, "morning_briefing")
    seven = dt_util.now().replace(hour=7, minute=0, second=0, microsecond=0) + timedelta(days=1)
    async_fire_time_changed(hass, seven)
    await hass.async_block_till_done()

    (call,) = shown
    assert call.data["message"] == "Keep in mind:\n- Take the pills"


async def test_briefing_by_another_trigger(hass: HomeAssistant, shown: list[ServiceCall]) -> None:
    await async_act(hass, "set", key="pills", value="Take the pills", pinned=True, tags="reminder")
    await async_automate(hass, "morning_briefing", when=[{"trigger": "event", "event_type": "somebody_is_up"}])
    hass.bus.async_fire("somebody_is_up")
    await hass.async_block_till_done()

    assert len(shown) == 1


async def test_personal_memories_in_a_briefing(
    hass: HomeAssistant, resident: MockUser, sent: list[ServiceCall]
) -> None:
    await async_act(hass, "set", resident, key="pills", value="My pills", scope="user", pinned=True, tags="reminder")
    await async_automate(hass, "morning_briefing", notify_entities=[PHONE], person=PERSON)
    await async_trigger(hass)

    assert sent[0].data["message"] == "Keep in mind:\n- My pills"


async def test_no_personal_memories_without_a_person(
    hass: HomeAssistant, resident: MockUser, sent: list[ServiceCall]
) -> None:
    await async_act(hass, "set", resident, key="pills", value="My pills", scope="user", pinned=True, tags="reminder")
    await async_automate(hass, "morning_briefing", notify_entities=[PHONE], pinned_tag="")
    await async_trigger(hass)

    assert sent == []


async def test_nothing_to_tell(hass: HomeAssistant, sent: list[ServiceCall]) -> None:
    await async_automate(hass, "morning_briefing", notify_entities=[PHONE])
    await async_trigger(hass)

    assert sent == []


async def test_nothing_is_told_if_wanted(hass: HomeAssistant, sent: list[ServiceCall]) -> None:
    await async_automate(hass, "morning_briefing", notify_entities=[PHONE], even_if_empty=True)
    await async_trigger(hass)

    assert sent[0].data["message"] == "Nothing is noted for today."


async def test_briefing_is_said_and_more(hass: HomeAssistant, shown: list[ServiceCall]) -> None:
    said = async_mock_service(hass, "assist_satellite", "announce")
    more = async_mock_service(hass, "test", "more")
    await async_act(hass, "set", key="pills", value="Take 'the' \"pills\"\nnow", pinned=True, tags="reminder")
    await async_automate(
        hass,
        "morning_briefing",
        satellites=["assist_satellite.kitchen"],
        more_actions=[{"action": "test.more", "data": {"text": "{{ briefing }}", "number": "{{ pinned | length }}"}}],
    )
    await async_trigger(hass)

    assert said[0].data["message"] == "Good morning! Keep in mind:\n- Take 'the' \"pills\" now"
    assert more[0].data == {"text": "Keep in mind:\n- Take 'the' \"pills\" now", "number": 1}
    assert shown == []


async def test_a_model_puts_it_into_words(hass: HomeAssistant, sent: list[ServiceCall]) -> None:
    task = offer(hass, "ai_task", "generate_data", {"data": "Mind your pills today."})
    await async_act(hass, "set", key="pills", value="Take the pills", pinned=True, tags="reminder")
    await async_automate(hass, "morning_briefing", notify_entities=[PHONE], ai_task="ai_task.model")
    await async_trigger(hass)

    assert task[0].data["entity_id"] == "ai_task.model"
    assert '{"today":[],"reminders":["Take the pills"]}' in task[0].data["instructions"]
    assert sent[0].data["message"] == "Mind your pills today."


async def test_an_agent_puts_it_into_words(hass: HomeAssistant, sent: list[ServiceCall]) -> None:
    answer = {"response": {"response_type": "action_done", "speech": {"plain": {"speech": "Mind your pills."}}}}
    asked = offer(hass, "conversation", "process", answer)
    await async_act(hass, "set", key="pills", value="Take the pills", pinned=True, tags="reminder")
    await async_automate(hass, "morning_briefing", notify_entities=[PHONE], agent="conversation.model")
    await async_trigger(hass)

    assert asked[0].data["agent_id"] == "conversation.model"
    assert sent[0].data["message"] == "Mind your pills."


@pytest.mark.parametrize("inputs", [{"ai_task": "ai_task.model"}, {"agent": "conversation.model"}])
async def test_a_model_that_fails(hass: HomeAssistant, sent: list[ServiceCall], inputs: dict[str, str]) -> None:
    async def fail(_: ServiceCall) -> ServiceResponse:
        raise HomeAssistantError("offline")

    for domain, service in (("ai_task", "generate_data"), ("conversation", "process")):
        hass.services.async_register(domain, service, fail, supports_response=SupportsResponse.OPTIONAL)
    await async_act(hass, "set", key="pills", value="Take the pills", pinned=True, tags="reminder")
    await async_automate(hass, "morning_briefing", notify_entities=[PHONE], **inputs)
    await async_trigger(hass)

    assert sent[0].data["message"] == "Keep in mind:\n- Take the pills"


async def test_an_agent_that_answers_with_an_error(hass: HomeAssistant, sent: list[ServiceCall]) -> None:
    offer(hass, "conversation", "process", {"response": {"response_type": "error", "speech": {}}})
    await async_act(hass, "set", key="pills", value="Take the pills", pinned=True, tags="reminder")
    await async_automate(hass, "morning_briefing", notify_entities=[PHONE], agent="conversation.model")
    await async_trigger(hass)

    assert sent[0].data["message"] == "Keep in mind:\n- Take the pills"


# Something was learned


async def async_learn(hass: HomeAssistant, user: MockUser | None = None, **data: Any) -> None:
    """Store a memory, and let automations follow."""
    await async_act(hass, "set", user, **data)
    await hass.async_block_till_done()


async def test_learned_for_the_household(hass: HomeAssistant, sent: list[ServiceCall]) -> None:
    await async_automate(hass, "learned_something", household_entities=[PHONE], surfaces=["action"])
    await async_learn(hass, key="code", value="0041", scope="household")
    await async_learn(hass, key="code", value="0042", scope="household")
    await async_learn(hass, key="code", value="0042", scope="household")
    await async_act(hass, "forget", key="code")

    assert [call.data["message"] for call in sent] == ["“0041”", "“0042”"]
    assert {call.data["title"] for call in sent} == {"Assist remembers"}


async def test_learned_without_a_target(hass: HomeAssistant, shown: list[ServiceCall]) -> None:
    await async_automate(hass, "learned_something", surfaces=[])
    memory = await async_act(hass, "set", key="bins", value="Bins on Tuesday", scope="household")
    await hass.async_block_till_done()

    assert shown[0].data["message"] == f"“Bins on Tuesday” [Open](/semantic-memory/memories/{memory['id']})"


async def test_learned_about_a_person(
    hass: HomeAssistant, resident: MockUser, sent: list[ServiceCall], shown: list[ServiceCall]
) -> None:
    people = [{"person": PERSON, "notify": "notify.mine"}, {"person": "person.somebody", "notify": "notify.theirs"}]
    await async_automate(
        hass, "learned_something", household_entities=[PHONE], people=people, surfaces=["action"], kinds=["added"]
    )
    await async_learn(hass, resident, key="diagnosis", value="I have asthma", scope="user", tags="lungs")

    (call,) = sent
    assert call.data["entity_id"] == ["notify.mine"]
    assert call.data["message"] == "Assist has remembered something about you."
    assert shown == []


async def test_nobody_is_told_of_others(
    hass: HomeAssistant, resident: MockUser, sent: list[ServiceCall], shown: list[ServiceCall]
) -> None:
    await async_automate(hass, "learned_something", household_entities=[PHONE], surfaces=["action"])
    await async_learn(hass, resident, key="diagnosis", value="I have asthma", scope="user")

    assert sent == shown == []


async def test_only_what_assist_learns(hass: HomeAssistant, engine: MemoryEngine, sent: list[ServiceCall]) -> None:
    await async_automate(hass, "learned_something", household_entities=[PHONE])
    await async_learn(hass, key="bins", value="Bins on Tuesday", scope="household")

    assert sent == []


async def test_an_import_is_one_notification(hass: HomeAssistant, sent: list[ServiceCall], tmp_path: Path) -> None:
    (tmp_path / "old.csv").write_text("key,value\n" + "".join(f"k{number},Value {number}\n" for number in range(5)))
    await async_automate(
        hass, "learned_something", household_entities=[PHONE], kinds=["imported"], surfaces=[], many_text="{count} new"
    )
    await async_act(hass, "import", path=str(tmp_path / "old.csv"), dry_run=False)
    await hass.async_block_till_done()

    assert [call.data["message"] for call in sent] == ["5 new"]


# Forget-me-not


async def async_expiring(hass: HomeAssistant, key: str, days: float, user: MockUser | None = None) -> str:
    """Store a memory that was to last for long, and has these days left; return its id."""
    scope = "user" if user else "household"
    memory = await async_act(hass, "set", user, key=key, value=f"About {key}", scope=scope, expiration_days=days)
    entry = hass.config_entries.async_entries("semantic_memory")[0]
    identity = str(memory["id"])

    def age(connection: Any) -> None:
        connection.execute("UPDATE memory SET updated_at = updated_at - 86400 * 100 WHERE id = ?", (identity,))

    await entry.runtime_data.engine._database.async_write(age)
    return identity


def phone(hass: HomeAssistant) -> tuple[str, list[ServiceCall]]:
    """Return a phone with the app, and what is sent to it."""
    entry = MockConfigEntry(domain="mobile_app")
    entry.add_to_hass(hass)
    device = dr.async_get(hass).async_get_or_create(
        config_entry_id=entry.entry_id, identifiers={("mobile_app", "1")}, name="Ada's phone"
    )
    return device.id, async_mock_service(hass, "notify", "mobile_app_ada_s_phone")


async def async_answer(hass: HomeAssistant, action: str) -> None:
    """Press a button of a notification."""
    hass.bus.async_fire("mobile_app_notification_action", {"action": action}, context=Context(user_id="x" * 32))
    await hass.async_block_till_done()


async def test_who_is_asked_about(hass: HomeAssistant, sent: list[ServiceCall]) -> None:
    for key, days in (("soon", 6.5), ("later", 8), ("between", 3), ("last", 0.5)):
        await async_expiring(hass, key, days)
    await async_act(hass, "set", key="parking", value="Parked in B2", expiration_days=0.9)
    await async_act(hass, "set", key="ever", value="Stays", expiration_days=0)
    await async_automate(hass, "forget_me_not", notify_entities=[PHONE], until_text="ends {date}")
    await async_trigger(hass)

    (call,) = sent
    last = (dt_util.now() + timedelta(days=0.5)).date()
    assert call.data["message"].splitlines()[0] == f"- About last (ends {last})"
    assert [line.split(" (")[0] for line in call.data["message"].splitlines()] == ["- About last", "- About soon"]


async def test_nothing_expires(hass: HomeAssistant, shown: list[ServiceCall]) -> None:
    await async_automate(hass, "forget_me_not")
    await async_trigger(hass)

    assert shown == []


async def test_without_anybody_to_ask(hass: HomeAssistant, shown: list[ServiceCall]) -> None:
    await async_expiring(hass, "soon", 6.5)
    await async_automate(hass, "forget_me_not", time="09:00:00")
    nine = dt_util.now().replace(hour=9, minute=0, second=0, microsecond=0) + timedelta(days=1)
    async_fire_time_changed(hass, nine)
    await hass.async_block_till_done()

    (call,) = shown
    assert call.data["message"].startswith("- About soon (until ")
    assert call.data["message"].endswith("[Keep them](/semantic-memory/memories)")


async def test_keep_and_let_go(hass: HomeAssistant, engine: MemoryEngine, sent: list[ServiceCall]) -> None:
    kept, gone = await async_expiring(hass, "kept", 6.5), await async_expiring(hass, "gone", 6.6)
    device, asked = phone(hass)
    await async_automate(hass, "forget_me_not", phones=[device], keep_days=30)
    await async_trigger(hass)

    first, second = asked
    assert first.data["message"].startswith("“About kept” (until ")
    assert first.data["data"]["tag"] == f"semantic_memory_{kept}"
    assert first.data["data"]["url"] == f"/semantic-memory/memories/{kept}"
    keep, let_go = (button["action"] for button in first.data["data"]["actions"])
    assert keep.endswith(f"_KEEP_{kept}")
    assert let_go.endswith(f"_GO_{kept}")

    await async_answer(hass, keep)
    await async_answer(hass, second.data["data"]["actions"][1]["action"])

    page = await async_act(hass, "list")
    assert [memory["id"] for memory in page["memories"]] == [kept]
    assert abs(days_until(page["memories"][0]["expires_at"]) - 30) < 0.1
    assert (await async_act(hass, "restore", id=gone))["status"] == "ok"
    assert len(asked) == 2
    assert sent == []


async def test_answers_to_others_are_left_alone(hass: HomeAssistant) -> None:
    identity = await async_expiring(hass, "soon", 6.5)
    device, asked = phone(hass)
    await async_automate(hass, "forget_me_not", phones=[device])
    for action in (f"SM_KEEP_{identity}", f"SM_00000000_GO_{identity}", "SOMETHING", f"_GO_{identity}"):
        await async_answer(hass, action)

    assert asked == []
    assert abs(days_until((await async_act(hass, "get", id=identity))["expires_at"]) - 6.5) < 0.1


async def test_a_persons_own(hass: HomeAssistant, resident: MockUser, sent: list[ServiceCall]) -> None:
    own = await async_expiring(hass, "own", 6.5, resident)
    device, asked = phone(hass)
    await async_automate(hass, "forget_me_not", phones=[device], person=PERSON, keep_days=0)
    await async_trigger(hass)
    await async_answer(hass, asked[0].data["data"]["actions"][0]["action"])

    assert (await async_act(hass, "get", id=own, person=PERSON))["expires_at"] is None


async def test_personal_memories_stay_out_unless_a_person_is_chosen(
    hass: HomeAssistant, resident: MockUser, shown: list[ServiceCall]
) -> None:
    await async_expiring(hass, "own", 6.5, resident)
    await async_automate(hass, "forget_me_not")
    await async_trigger(hass)

    assert shown == []
