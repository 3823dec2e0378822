"""What the stand-in answers on each path, in the shapes of Ollama's API (docs/api.md of ollama/ollama)."""

import asyncio
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
import json
import time
from typing import Final

from aiohttp import web

from .chat import Reply, reply_to
from .faults import Faults, faults_of, missing
from .models import MODIFIED_AT, Installed, Models, embed

VERSION: Final = "0.12.3"
_PULL_STEPS: Final = 4
_NEVER: Final = "2318-01-01T00:00:00Z"

type Body = Mapping[str, object]


class Api:
    """The handlers, over the models of one server."""

    def __init__(self, models: Models, pull_pause: float) -> None:
        """Take the models and the seconds between two steps of a download."""
        self._models = models
        self._pull_pause = pull_pause
        self._calls = 0

    def add_routes(self, router: web.UrlDispatcher) -> None:
        """Register every path."""
        router.add_get("/", _index)
        router.add_get("/api/version", _version)
        router.add_get("/api/tags", self._tags)
        router.add_get("/api/ps", self._ps)
        router.add_post("/api/show", self._show)
        router.add_post("/api/embed", self._embed)
        router.add_post("/api/embeddings", self._embeddings)
        router.add_post("/api/pull", self._pull)
        router.add_delete("/api/delete", self._delete)
        router.add_post("/api/chat", self._chat)
        router.add_post("/api/generate", self._generate)

    async def _tags(self, request: web.Request) -> web.Response:
        return web.json_response({"models": [_entry(model) for model in self._models.installed.values()]})

    async def _ps(self, request: web.Request) -> web.Response:
        return web.json_response(
            {
                "models": [
                    {**_entry(model), "expires_at": _NEVER, "size_vram": 0, "context_length": model.kind.context}
                    for model in self._models.installed.values()
                ]
            }
        )

    async def _show(self, request: web.Request) -> web.Response:
        body = await _body(request)
        model = self._models.get(_name(body))
        if model is None:
            return missing(_name(body))
        family, kind = model.kind.family, model.kind
        info: dict[str, object] = {"general.architecture": family, f"{family}.context_length": kind.context}
        if kind.dimension:
            info[f"{family}.embedding_length"] = kind.dimension
        return web.json_response(
            {
                "license": "",
                "modelfile": f"FROM {model.name}\n",
                "parameters": "",
                "template": "{{ .Prompt }}",
                "details": _details(model),
                "model_info": info,
                "capabilities": kind.capabilities,
                "modified_at": MODIFIED_AT,
            }
        )

    async def _embed(self, request: web.Request) -> web.Response:
        body = await _body(request)
        texts = body.get("input")
        texts = [texts] if isinstance(texts, str) else texts
        if not isinstance(texts, list) or not all(isinstance(text, str) for text in texts):
            return web.json_response({"error": "invalid input type"}, status=400)
        model = self._models.get(_name(body))
        if refusal := _refusal(model, _name(body)):
            return refusal
        started = time.perf_counter_ns()
        vectors = faults_of(request).spoil(await embed(model, texts)) if model and texts else []
        return web.json_response(
            {
                "model": _name(body),
                "embeddings": vectors,
                "total_duration": time.perf_counter_ns() - started,
                "load_duration": 0,
                "prompt_eval_count": sum(len(text.split()) for text in texts),
            }
        )

    async def _embeddings(self, request: web.Request) -> web.Response:
        body = await _body(request)
        model = self._models.get(_name(body))
        if refusal := _refusal(model, _name(body)):
            return refusal
        vectors = faults_of(request).spoil(await embed(model, [str(body.get("prompt", ""))])) if model else []
        return web.json_response({"embedding": vectors[0] if vectors else []})

    async def _pull(self, request: web.Request) -> web.StreamResponse:
        body = await _body(request)
        lines = self._pull_lines(_name(body), faults_of(request))
        if body.get("stream") is False:
            last = list(lines)[-1]
            return web.json_response(last, status=500 if "error" in last else 200)
        return await _stream(request, lines, self._pull_pause)

    def _pull_lines(self, name: str, faults: Faults) -> Iterable[Body]:
        """Tell a download step by step; the model is there when all have been told."""
        yield {"status": "pulling manifest"}
        if faults.pull_error is not None:
            yield {"error": faults.pull_error}
            return
        found = Models().install(name)
        if found is None:
            yield {"error": "pull model manifest: file does not exist"}
            return
        layer = {"status": f"pulling {found.digest[:12]}", "digest": f"sha256:{found.digest}"}
        for step in range(_PULL_STEPS + 1):
            if faults.pull_breaks and step == _PULL_STEPS // 2:
                return
            yield {**layer, "total": found.kind.size, "completed": found.kind.size * step // _PULL_STEPS}
        yield {"status": "verifying sha256 digest"}
        yield {"status": "writing manifest"}
        self._models.install(name)
        yield {"status": "success"}

    async def _delete(self, request: web.Request) -> web.Response:
        name = _name(await _body(request))
        return web.Response() if self._models.remove(name) else missing(name)

    async def _chat(self, request: web.Request) -> web.StreamResponse:
        body = await _body(request)
        name = _name(body)
        if self._models.get(name) is None:
            return missing(name)
        reply = reply_to(_objects(body.get("messages")), _objects(body.get("tools")))
        if body.get("stream") is False:
            return web.json_response({**self._message(name, reply), **_done()})
        parts = [self._message(name, part) for part in _split(reply)]
        return await _stream(request, [*parts, {**self._message(name, Reply()), **_done()}])

    def _message(self, model: str, reply: Reply) -> Body:
        message: dict[str, object] = {"role": "assistant", "content": reply.content}
        if reply.tool is not None:
            self._calls += 1
            function = {"index": 0, "name": reply.tool, "arguments": reply.arguments}
            message["tool_calls"] = [{"id": f"call_{self._calls}", "function": function}]
        return {"model": model, "created_at": _now(), "message": message, "done": False}

    async def _generate(self, request: web.Request) -> web.StreamResponse:
        body = await _body(request)
        name, prompt = _name(body), str(body.get("prompt") or "")
        if self._models.get(name) is None:
            return missing(name)
        text = reply_to([{"role": "user", "content": prompt}], []).content if prompt else ""
        answer = {"model": name, "created_at": _now(), "response": text, **_done()}
        return web.json_response(answer) if body.get("stream") is False else await _stream(request, [answer])


async def _index(_: web.Request) -> web.Response:
    return web.Response(text="Ollama is running")


async def _version(_: web.Request) -> web.Response:
    return web.json_response({"version": VERSION})


async def _stream(request: web.Request, lines: Iterable[Body], pause: float = 0.0) -> web.StreamResponse:
    """Send objects one by one, a line each."""
    response = web.StreamResponse(headers={"Content-Type": "application/x-ndjson"})
    await response.prepare(request)
    for line in lines:
        await response.write(json.dumps(line).encode() + b"\n")
        await asyncio.sleep(pause)
    await response.write_eof()
    return response


def _refusal(model: Installed | None, name: str) -> web.Response | None:
    if model is None:
        return missing(name)
    if not model.kind.dimension:
        return web.json_response({"error": "this model does not support embeddings"}, status=501)
    return None


def _entry(model: Installed) -> dict[str, object]:
    return {
        "name": model.name,
        "model": model.name,
        "modified_at": MODIFIED_AT,
        "size": model.kind.size,
        "digest": model.digest,
        "details": _details(model),
    }


def _details(model: Installed) -> Body:
    return {
        "parent_model": "",
        "format": "gguf",
        "family": model.kind.family,
        "families": [model.kind.family],
        "parameter_size": model.kind.parameters,
        "quantization_level": "F16",
    }


def _split(reply: Reply) -> list[Reply]:
    """Cut a text into words, as a model would stream it."""
    if reply.tool is not None or not reply.content:
        return [reply]
    words = reply.content.split(" ")
    return [Reply(word if index == 0 else f" {word}") for index, word in enumerate(words)]


def _done() -> Body:
    return {
        "done": True,
        "done_reason": "stop",
        "total_duration": 1_000_000,
        "load_duration": 0,
        "prompt_eval_count": 1,
        "prompt_eval_duration": 0,
        "eval_count": 1,
        "eval_duration": 0,
    }


def _now() -> str:
    return datetime.now(UTC).isoformat().replace("+00:00", "Z")


def _objects(value: object) -> list[Body]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def _name(body: Body) -> str:
    name = body.get("model") or body.get("name")
    return name if isinstance(name, str) else ""


async def _body(request: web.Request) -> Body:
    try:
        body = await request.json()
    except ValueError as err:
        raise web.HTTPBadRequest(text=json.dumps({"error": "invalid JSON"}), content_type="application/json") from err
    return body if isinstance(body, dict) else {}
