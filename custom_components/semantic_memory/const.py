"""Names that several modules share."""

from typing import Final

DOMAIN: Final = "semantic_memory"
FOLDER: Final = "semantic_memory"
"""Folder in the configuration directory that holds the database."""

CONF_EMBEDDER: Final = "embedder"
EMBEDDER_BUILT_IN: Final = "built_in"
EMBEDDER_OLLAMA: Final = "ollama"

SECTION_RECALL: Final = "recall"
SECTION_RETENTION: Final = "retention"
SECTION_PEOPLE: Final = "people"
SECTION_LLM: Final = "llm"
SECTION_PANEL: Final = "panel"

CONF_LIMIT: Final = "limit"
CONF_THRESHOLD: Final = "threshold"
CONF_KEYWORD_WEIGHT: Final = "keyword_weight"
CONF_DEFAULT_EXPIRY_DAYS: Final = "default_expiry_days"
CONF_SATELLITES: Final = "satellites"
CONF_DEVICE: Final = "device"
CONF_PERSON: Final = "person"
CONF_EXPOSE_TOOLS: Final = "expose_tools"
CONF_PROMPT: Final = "prompt"
CONF_SHOW_IN_SIDEBAR: Final = "show_in_sidebar"
