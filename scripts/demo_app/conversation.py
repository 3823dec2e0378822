"""An Assist conversation through Home Assistant's own ollama integration, which knows nothing of us."""

from .client import Api
from .flows import async_set_up_ollama_agent
from .ollama_server import OllamaChoice
from .screen import Screen
from .verdict import require

_FACT = "Portland"


async def async_converse(screen: Screen, api: Api, ollama: OllamaChoice) -> None:
    """Tell Assist something, ask in a new conversation, and have it forgotten."""
    screen.heading("Assist, through Home Assistant's own Ollama integration and our LLM tools")
    with screen.step("adding Home Assistant's Ollama integration", f"Agent added: {ollama.chat_model}, may use Assist"):
        agent = await async_set_up_ollama_agent(api, ollama.url, ollama.chat_model)
    talk = _Talk(screen, api, agent)
    await talk.say("Remember that I live in Portland")
    require(await _stored(api), "nothing about Portland was stored")
    talk.start_afresh()
    answer = await talk.say("Where do I live?")
    require(_FACT in answer, f"the agent does not know: {answer!r}")
    screen.done("Remembered in one conversation, recalled in another")
    talk.start_afresh()
    await talk.say("Forget where I live")
    if await _stored(api):  # the tool asks back unless it was given the exact key
        await talk.say("Yes, the first one")
    forgotten = not await _stored(api)
    if ollama.stand_in is None and not forgotten:
        screen.aside(f"{ollama.chat_model} did not get as far as forgetting it: small models do not always")
        return
    require(forgotten, "it was not forgotten")
    screen.done("Forgotten when asked to, after asking which memory is meant")


class _Talk:
    """A conversation with an agent, shown as it goes."""

    def __init__(self, screen: Screen, api: Api, agent: str) -> None:
        self._screen = screen
        self._api = api
        self._agent = agent
        self._conversation: str | None = None

    def start_afresh(self) -> None:
        """Begin a new conversation, which knows nothing of the one before."""
        self._conversation = None
        self._screen.aside("  (a new conversation)")

    async def say(self, text: str) -> str:
        """Say something and return the answer."""
        self._screen.spoken("Maya", text)
        answer, self._conversation = await self._api.ask(self._agent, text, self._conversation)
        self._screen.spoken("Assistant", answer)
        return answer


async def _stored(api: Api) -> bool:
    return bool((await api.act("memory_list", text=_FACT))["memories"])
