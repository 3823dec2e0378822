"""What each model family wants in front of a question and in front of what is searched.

Retrieval models are trained with such prefixes and find less without them; Ollama adds none by itself. Sources, read
off the model cards (huggingface.co) unless another is named:

- nomic-embed-text (v1, v1.5, v2-moe): nomic-ai/nomic-embed-text-v1.5, "the text prompt must include a task
  instruction prefix": ``search_query: `` and ``search_document: ``.
- mxbai-embed-large: mixedbread.ai/docs/embeddings/mxbai-embed-large-v1, "Using a Prompt": queries only.
- bge-*: FlagOpen/FlagEmbedding, examples/inference/embedder/README.md, model list: an English or a Chinese instruction
  for queries. bge-m3 needs none, and bge-multilingual-gemma2 and bge-en-icl take free instructions: none here.
- e5, multilingual-e5: intfloat/multilingual-e5-large, "Each input text should start with "query: " or "passage: "".
  The ``-instruct`` variants (intfloat/multilingual-e5-large-instruct): an instruction for queries only.
- qwen3-embedding: Qwen/Qwen3-Embedding-0.6B, ``get_detailed_instruct``; no space follows ``Query:``.
- embeddinggemma: ai.google.dev/gemma/docs/embeddinggemma/model_card, "Prompt instructions".
- snowflake-arctic-embed: Snowflake/snowflake-arctic-embed-m-v1.5 (and mteb/models/arctic_models.py); the second
  generation, Snowflake/snowflake-arctic-embed-l-v2.0, says ``query: ``. Queries only.
- all-minilm (sentence-transformers/all-MiniLM-L6-v2), paraphrase-multilingual
  (sentence-transformers/paraphrase-multilingual-mpnet-base-v2) and granite-embedding
  (ibm-granite/granite-embedding-278m-multilingual): their usage examples encode plain text.
"""

from dataclasses import dataclass
import re
from typing import Final


@dataclass(frozen=True, slots=True)
class Template:
    """Prefixes of one model family.

    ``name`` is a part of the embedding space: a family whose prefixes change needs a new name, too, so that what was
    embedded with the old ones is embedded again.
    """

    name: str
    query: str = ""
    document: str = ""

    def for_query(self, text: str) -> str:
        """Return what is sent for a question."""
        return self.query + text

    def for_document(self, text: str) -> str:
        """Return what is sent for a text that is to be found."""
        return self.document + text


@dataclass(frozen=True, slots=True)
class KnownModel:
    """An embedding model of Ollama's library that suits a household."""

    name: str
    size_mb: int
    """Download in MB (10⁶ bytes), as the library shows it."""
    languages: str


PLAIN: Final = Template("plain")
"""No prefixes: what models get that the table does not name."""

_SEARCHING: Final = "Represent this sentence for searching relevant passages: "
_TASK: Final = "Instruct: Given a web search query, retrieve relevant passages that answer the query\n"

_FAMILIES: Final = (
    # The first pattern that matches wins. The patterns see the base name in lower case.
    ("nomic-embed-text", Template("nomic", "search_query: ", "search_document: ")),
    ("mxbai-embed-large", Template("mxbai", _SEARCHING)),
    ("bge-(m3|multilingual|en-icl)", PLAIN),
    ("bge-.*-zh", Template("bge-zh", "为这个句子生成表示以用于检索相关文章：")),
    ("bge-(small|base|large)", Template("bge", _SEARCHING)),
    ("e5-.*instruct", Template("e5-instruct", f"{_TASK}Query: ")),
    ("e5(-|$)", Template("e5", "query: ", "passage: ")),
    ("qwen3-embedding", Template("qwen3", f"{_TASK}Query:")),
    ("embeddinggemma", Template("gemma", "task: search result | query: ", "title: none | text: ")),
    ("snowflake-arctic-embed(2|.*v2)", Template("arctic-2", "query: ")),
    ("snowflake-arctic-embed", Template("arctic", _SEARCHING)),
)
_PATTERNS: Final = tuple((re.compile(rf"(?:^|[-_.]){pattern}"), template) for pattern, template in _FAMILIES)


def base_name(model: str) -> str:
    """Return a model's name without registry, namespace and tag, in lower case: ``Me/BGE-M3:567m`` is ``bge-m3``."""
    return model.strip().rsplit("/", 1)[-1].partition(":")[0].lower()


def template_for(model: str) -> Template:
    """Return the prefixes for a model, whoever published it and whatever its tag. Unknown models get none."""
    name = base_name(model)
    return next((template for pattern, template in _PATTERNS if pattern.search(name)), PLAIN)


def known_embedding_models() -> tuple[KnownModel, ...]:
    """Return the models to recommend, best choice for most households first."""
    return (
        KnownModel("nomic-embed-text", 274, "English"),
        KnownModel("embeddinggemma", 622, "over 100 languages"),
        KnownModel("granite-embedding:278m", 563, "12 languages"),
        KnownModel("bge-m3", 1_200, "over 100 languages"),
        KnownModel("snowflake-arctic-embed2", 1_200, "English and many European languages"),
        KnownModel("qwen3-embedding:0.6b", 639, "over 100 languages"),
        KnownModel("mxbai-embed-large", 670, "English"),
        KnownModel("all-minilm", 46, "English, smallest and fastest"),
    )
