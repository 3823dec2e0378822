"""The table of prefixes: every family, however its models are named."""

import pytest

from custom_components.semantic_memory.memory.embedding.templates import (
    PLAIN,
    Template,
    base_name,
    known_embedding_models,
    template_for,
)

SEARCHING = "Represent this sentence for searching relevant passages: "
TASK = "Instruct: Given a web search query, retrieve relevant passages that answer the query\n"


@pytest.mark.parametrize(
    ("model", "query", "document"),
    [
        ("nomic-embed-text", "search_query: ", "search_document: "),
        ("nomic-embed-text-v2-moe", "search_query: ", "search_document: "),
        ("mxbai-embed-large", SEARCHING, ""),
        ("bge-large", SEARCHING, ""),
        ("bge-small-en-v1.5", SEARCHING, ""),
        ("bge-large-zh-v1.5", "为这个句子生成表示以用于检索相关文章：", ""),
        ("bge-m3", "", ""),
        ("bge-multilingual-gemma2", "", ""),
        ("e5", "query: ", "passage: "),
        ("e5-base-v2", "query: ", "passage: "),
        ("multilingual-e5-large", "query: ", "passage: "),
        ("multilingual-e5-large-instruct", f"{TASK}Query: ", ""),
        ("qwen3-embedding", f"{TASK}Query:", ""),
        ("embeddinggemma", "task: search result | query: ", "title: none | text: "),
        ("snowflake-arctic-embed", SEARCHING, ""),
        ("snowflake-arctic-embed-m-v1.5", SEARCHING, ""),
        ("snowflake-arctic-embed2", "query: ", ""),
        ("snowflake-arctic-embed-l-v2.0", "query: ", ""),
        ("all-minilm", "", ""),
        ("granite-embedding", "", ""),
        ("paraphrase-multilingual", "", ""),
        ("something-new", "", ""),
    ],
)
@pytest.mark.parametrize("form", ["{}", "{}:latest", "someone/{}:335m-v1-f16", "hf.co/Some-One/{}-GGUF:Q8_0"])
def test_family(model: str, query: str, document: str, form: str) -> None:
    """A model gets its family's prefixes whatever the namespace, tag and case."""
    for name in (form.format(model), form.format(model).upper()):
        template = template_for(name)
        assert (template.query, template.document) == (query, document)
        assert template.for_query("where?") == f"{query}where?"
        assert template.for_document("there.") == f"{document}there."


@pytest.mark.parametrize("model", ["base5-chat", "some-bge-reranker", "llama3.2", ""])
def test_no_family_by_accident(model: str) -> None:
    """A name that only contains the letters of a family is not one of it."""
    assert template_for(model) is PLAIN


def test_names_tell_templates_apart() -> None:
    """Two families with different prefixes never share the name that is written into the embedding space."""
    seen: dict[str, Template] = {}
    models = ("nomic-embed-text", "mxbai-embed-large", "bge-large", "bge-base-zh", "e5-base", "e5-mistral-7b-instruct")
    others = ("qwen3-embedding", "embeddinggemma", "snowflake-arctic-embed", "snowflake-arctic-embed2", "all-minilm")
    for model in models + others:
        template = template_for(model)
        assert seen.setdefault(template.name, template) == template
    assert len(seen) == len(models + others)


def test_base_name() -> None:
    """The registry's port is not mistaken for a tag."""
    assert base_name(" registry.example:5000/Me/BGE-M3:567m ") == "bge-m3"


def test_known_models() -> None:
    """Recommended models have distinct names, plausible sizes and say which languages they know."""
    models = known_embedding_models()
    assert len({model.name for model in models}) == len(models)
    assert all(10 < model.size_mb < 2_000 and model.languages for model in models)
