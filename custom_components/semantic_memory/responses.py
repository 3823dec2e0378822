"""What surfaces answer with: memories, hits and counts as JSON values.

The names that the older memory scripts answered with are kept: ``tags`` is comma-separated text (``tag_list`` is the
list), ``match_score`` repeats ``score``. Times are ISO 8601 in UTC; ``None`` stands for "never".
"""

from collections.abc import Iterable, Mapping

from homeassistant.util import dt as dt_util
from homeassistant.util.json import JsonArrayType, JsonObjectType, JsonValueType

from .memory.answers import Hit
from .memory.explanation import SearchExplanation
from .memory.models import Memory, Source
from .memory.status import EngineStatus, Stats
from .memory.storage.snapshots import Snapshot


def moment(timestamp: float | None) -> str | None:
    """Return seconds since the epoch as ISO 8601 text in UTC."""
    return None if timestamp is None else dt_util.utc_from_timestamp(timestamp).isoformat()


def memory_as_dict(memory: Memory) -> JsonObjectType:
    """Return everything that is known of a memory."""
    return {
        "id": memory.id,
        "key": memory.key,
        "value": memory.value,
        "scope": memory.scope.value,
        "owner": memory.owner,
        "category": memory.category.value,
        "tags": ", ".join(memory.tags),
        "tag_list": list(memory.tags),
        "confidence": memory.confidence,
        "pinned": memory.pinned,
        "created_at": moment(memory.created_at),
        "updated_at": moment(memory.updated_at),
        "last_used_at": moment(memory.last_used_at),
        "use_count": memory.use_count,
        "expires_at": moment(memory.expires_at),
        "deleted_at": moment(memory.deleted_at),
        "source": _source_as_dict(memory.source),
    }


def memories_as_list(memories: Iterable[Memory]) -> JsonArrayType:
    """Return memories in the order they come."""
    return [memory_as_dict(memory) for memory in memories]


def hit_as_dict(hit: Hit) -> JsonObjectType:
    """Return a memory with how well, and by what, it was found; scores 0..1."""
    return {
        **memory_as_dict(hit.memory),
        "score": round(hit.score, 4),
        "match_score": round(hit.score, 4),
        "match": hit.match.value,
        "vector_score": _rounded(hit.vector_score),
        "keyword_score": _rounded(hit.keyword_score),
        **({"explanation": _explanation_as_dict(hit)} if hit.explanation else {}),
    }


def hits_as_list(hits: Iterable[Hit]) -> JsonArrayType:
    """Return hits in the order they come, best first."""
    return [hit_as_dict(hit) for hit in hits]


def search_explanation_as_dict(explanation: SearchExplanation) -> JsonObjectType:
    """Return what was searched for."""
    return {
        "text": explanation.text,
        "required": list(explanation.required),
        "excluded": list(explanation.excluded),
        "words": [
            {"word": found.word, "weight": _rounded(found.weight), "memories": found.memories}
            for found in explanation.words
        ],
        "common_words": list(explanation.common_words),
        "models": list(explanation.models),
        "memories": explanation.memories,
        "threshold": explanation.threshold,
    }


def _explanation_as_dict(hit: Hit) -> JsonObjectType:
    """Return where a hit's score comes from."""
    parts = hit.explanation.parts if hit.explanation else ()
    return {
        "score": _rounded(hit.score),
        "parts": [
            {
                "name": part.name,
                "value": _rounded(part.value),
                "weight": _rounded(part.weight),
                "contribution": _rounded(part.contribution),
                **_details(part.details),
            }
            for part in parts
        ],
    }


def _details(details: Mapping[str, object]) -> JsonObjectType:
    """Return the details of a part, which are JSON values, with their numbers rounded."""

    def shown(value: object) -> JsonValueType:
        if isinstance(value, float):
            return round(value, 4)
        if isinstance(value, list):
            return [shown(item) for item in value]
        if isinstance(value, Mapping):
            return _details(value)
        return value if value is None or isinstance(value, int) else str(value)

    return {name: shown(value) for name, value in details.items()}


def stats_as_dict(stats: Stats) -> JsonObjectType:
    """Return the counts over what a caller may see, and how the engine is doing."""
    return {
        "total": stats.total,
        "pinned": stats.pinned,
        "expiring": stats.expiring,
        "forgotten": stats.forgotten,
        "by_scope": dict(stats.by_scope),
        "by_category": dict(stats.by_category),
        "by_owner": dict(stats.by_owner),
        "database_bytes": stats.database_bytes,
        **status_as_dict(stats.status),
    }


def status_as_dict(status: EngineStatus) -> JsonObjectType:
    """Return how the engine is doing."""
    return {
        "pending": status.pending,
        "embedder": status.embedder.value,
        "model": status.model,
        "preferred_model": status.preferred_model,
        "embedder_error": status.embedder_error,
        "unavailable_since": moment(status.unavailable_since),
        "index": status.index,
        "last_recall_at": moment(status.last_recall_at),
    }


def snapshot_as_dict(snapshot: Snapshot) -> JsonObjectType:
    """Return a snapshot."""
    return {
        "name": snapshot.name,
        "taken_at": moment(snapshot.taken_at),
        "reason": snapshot.reason,
        "size": snapshot.size,
        "memories": snapshot.memories,
    }


def _source_as_dict(source: Source) -> JsonObjectType:
    return {
        "surface": source.surface,
        "conversation_id": source.conversation_id,
        "agent_id": source.agent_id,
        "device_id": source.device_id,
        "area_id": source.area_id,
    }


def _rounded(score: float | None) -> float | None:
    return None if score is None else round(score, 4)
