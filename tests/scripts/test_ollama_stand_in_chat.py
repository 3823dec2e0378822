"""The script of the stand-in's chat: words to tool calls, results to sentences."""

import json
from typing import Any

import pytest

from scripts.ollama_stand_in.chat import Reply, reply_to


def tool(name: str, *parameters: str) -> dict[str, Any]:
    """Return a tool as it is offered in a request."""
    properties = {parameter: {"type": "string"} for parameter in parameters}
    return {"type": "function", "function": {"name": name, "parameters": {"properties": properties}}}


TOOLS = [
    tool("GetLiveContext"),
    tool("semantic_memory__remember", "value", "key", "category"),
    tool("semantic_memory__recall", "query", "limit"),
    tool("semantic_memory__forget", "what"),
]


def says(text: str) -> dict[str, Any]:
    """Return a message of the user."""
    return {"role": "user", "content": text}


def called(name: str, **arguments: object) -> dict[str, Any]:
    """Return the assistant's message that calls a tool."""
    call = {"function": {"name": f"semantic_memory__{name}", "arguments": arguments}}
    return {"role": "assistant", "content": "", "tool_calls": [call]}


def result(data: object, *, error: bool = False) -> dict[str, Any]:
    """Return a tool's result as Home Assistant sends it."""
    return {"role": "tool", "content": json.dumps({"data": data, "error": error})}


@pytest.mark.parametrize(
    ("text", "name", "arguments"),
    [
        ("Remember that I live in Portland.", "remember", {"value": "I live in Portland", "key": "my_location"}),
        ("remember: my name is Kim", "remember", {"value": "My name is Kim", "key": "my_name"}),
        ("Please remember my shoe size is 43", "remember", {"value": "My shoe size is 43", "key": "my_shoe_size"}),
        ("Can you remember that Tom likes tea?", "remember", {"value": "Tom likes tea"}),
        ("Don't forget that bins go out on Monday", "remember", {"value": "Bins go out on Monday"}),
        ("Where do I live?", "recall", {"query": "Where do I live?"}),
        ("what is my shoe size", "recall", {"query": "what is my shoe size"}),
        ("Tom likes what?", "recall", {"query": "Tom likes what?"}),
        ("Can you remember where I live?", "recall", {"query": "Can you remember where I live?"}),
        ("Do you remember my name?", "recall", {"query": "Do you remember my name?"}),
        ("Forget that I live in Portland.", "forget", {"what": "I live in Portland"}),
        ("please forget my_location", "forget", {"what": "my_location"}),
        ("Forget about the wifi", "forget", {"what": "the wifi"}),
    ],
)
def test_words_to_tools(text: str, name: str, arguments: dict[str, object]) -> None:
    assert reply_to([says(text)], TOOLS) == Reply(tool=f"semantic_memory__{name}", arguments=arguments)


def test_prefixed_tools_and_other_parameters() -> None:
    """A merged API puts prefixes before names; a parameter that the tool lacks is not sent."""
    offered = [tool("assist__semantic_memory__remember", "value"), tool("assist__x__recall", "text")]
    assert reply_to([says("Remember that my name is Kim")], offered).arguments == {"value": "My name is Kim"}
    assert reply_to([says("Who am I?")], offered).arguments == {"text": "Who am I?"}
    assert reply_to([says("Forget it all")], offered) == Reply("All right.")


def test_one_tool_for_everything() -> None:
    """The script of the blueprint: which operation is meant is a parameter, and the answer lies deeper."""
    offered = [tool("script__memory_tool", "operation", "key", "value", "query")]
    stored = reply_to([says("Remember that Tom likes tea")], offered)
    assert stored.arguments == {"operation": "set", "value": "Tom likes tea"}
    asked = reply_to([says("What does Tom like?")], offered)
    assert asked.arguments == {"operation": "search", "query": "What does Tom like?"}
    assert reply_to([says("Forget toms_tea")], offered).arguments == {"operation": "forget", "key": "toms_tea"}
    call = {"function": {"name": asked.tool, "arguments": asked.arguments}}
    found = {"result": {"status": "ok", "results": [{"value": "Tom likes tea"}]}}
    messages = [says("…"), {"role": "assistant", "tool_calls": [call]}, result(found)]
    assert reply_to(messages, offered) == Reply("Tom likes tea.")


def test_without_tools() -> None:
    assert reply_to([says("Where do I live?")], []).content == "You said: Where do I live?"
    assert reply_to([], []).content == "Hello! How can I help you?"
    assert reply_to([says("Thank you")], TOOLS).content == "All right."


@pytest.mark.parametrize(
    ("name", "data", "answer"),
    [
        ("recall", {"memories": [{"value": "I live in Portland"}, {"value": "x"}]}, "You live in Portland."),
        ("recall", {"memories": [{"value": "My wife is Ann"}]}, "Your wife is Ann."),
        ("recall", {"status": "nothing_found", "memories": []}, "I do not know that yet."),
        ("remember", {"status": "stored", "value": "I live in X"}, "I will remember that: You live in X."),
        ("remember", {"memory": {"value": "Tea"}}, "I will remember that: Tea."),
        ("remember", {}, "I will remember that."),
        ("forget", {"status": "forgotten", "value": "I live in X."}, "I have forgotten that you live in X."),
        ("forget", {"status": "nothing_found", "candidates": []}, "There is nothing like that to forget."),
        (
            "forget",
            {"candidates": [{"key": "a", "value": "My cat"}, {"key": "b", "value": "Dog"}]},
            "Which one shall I forget? your cat (a); Dog (b)",
        ),
        ("forget", {"candidates": [{"key": "a", "value": "My cat"}]}, "Shall I forget this? your cat (a)"),
        ("GetLiveContext", {"success": True}, "Done."),
    ],
)
def test_results_to_sentences(name: str, data: object, answer: str) -> None:
    assert reply_to([says("…"), called(name), result(data)], TOOLS) == Reply(answer)


@pytest.mark.parametrize(
    ("message", "answer"),
    [
        (result({"error": "x", "message": "The disk is full"}, error=True), "The disk is full"),
        (result({"error": "full"}, error=True), "full"),
        (result({}, error=True), "no reason was given"),
        ({"role": "tool", "content": '{"error": "full"}'}, "full"),
    ],
)
def test_failures(message: dict[str, Any], answer: str) -> None:
    reply = reply_to([says("…"), called("recall"), message], TOOLS)
    assert reply.content == f"Sorry, that did not work: {answer}."


@pytest.mark.parametrize("content", ["plain text", "7", "", None])
def test_results_that_are_no_objects(content: str | None) -> None:
    assert (
        reply_to([called("recall"), {"role": "tool", "content": content}], TOOLS).content == "I do not know that yet."
    )


def test_a_bare_list_and_a_tool_that_names_itself() -> None:
    message = {"role": "tool", "tool_name": "x__recall", "content": '[{"value": "We have a cat"}]'}
    assert reply_to([says("…"), message], TOOLS).content == "You have a cat."
    assert reply_to([message], TOOLS).content == "You have a cat."


def test_two_results_at_once() -> None:
    message = called("recall")
    message["tool_calls"] *= 2
    messages = [says("…"), message, result({"memories": [{"value": "One"}]}), result({"memories": []})]
    assert reply_to(messages, TOOLS).content == "One. I do not know that yet."


@pytest.mark.parametrize(
    ("text", "chosen"),
    [("Yes", "a"), ("the first one", "a"), ("I mean b", "01B"), ("Forget b.", "01B"), ("the bee", None), ("no", None)],
)
def test_choosing_a_candidate(text: str, chosen: str | None) -> None:
    candidates = [{"key": "a", "value": "A"}, {"key": "b", "value": "B", "id": "01B"}]
    messages = [
        says("Forget the letter"),
        called("forget"),
        result({"status": "confirm", "candidates": candidates}),
        {"role": "assistant", "content": "Which one shall I forget?"},
        says(text),
    ]
    reply = reply_to(messages, TOOLS)
    assert reply.arguments == ({} if chosen is None else {"what": chosen})


def test_yes_to_nothing() -> None:
    assert reply_to([says("Yes")], TOOLS) == Reply("All right.")
    assert reply_to([called("recall"), result({}), says("Yes")], TOOLS) == Reply("All right.")
