/**
 * What the integration's websocket commands take and answer (`semantic_memory/…`).
 *
 * Every command takes an optional `user_id`: whose memories an administrator looks at; everybody else may name only
 * themselves. What is seen is that user's own memories and the household's. Times are ISO 8601 in UTC, `null` stands for
 * "never"; scores are 0..1. Refusals are errors with a translated sentence as `message`.
 */

export type Scope = "user" | "household" | "session";

export type Category =
  | "user"
  | "home"
  | "device"
  | "routine"
  | "preference"
  | "relationship"
  | "event"
  | "instruction"
  | "general";

export type SortKey = "updated" | "created" | "last_used" | "key" | "expires" | "use_count";

export type GroupKey = "category" | "scope" | "surface";

/** Where a memory came from: ids, and under `*_name` what they are called where that is known. */
export interface Source {
  surface: string;
  conversation_id: string | null;
  agent_id: string | null;
  device_id: string | null;
  area_id: string | null;
}

export interface Memory {
  id: string;
  key: string;
  value: string;
  scope: Scope;
  /** A user id, or "household". */
  owner: string;
  category: Category;
  tag_list: string[];
  confidence: number;
  pinned: boolean;
  created_at: string;
  updated_at: string;
  last_used_at: string | null;
  use_count: number;
  expires_at: string | null;
  deleted_at: string | null;
  source: Source;
}

export interface ExplanationPart {
  name: string;
  value: number;
  weight: number;
  contribution: number;
  [detail: string]: unknown;
}

export interface Hit extends Memory {
  score: number;
  match: "meaning" | "word" | "both";
  vector_score: number | null;
  keyword_score: number | null;
  explanation?: { score: number; parts: ExplanationPart[] };
}

export interface Filter {
  /** "household", or the user that is looked at. */
  owner?: string;
  scope?: Scope;
  category?: Category;
  /** All of them. */
  tags?: string[];
  text?: string;
  pinned?: boolean;
  /** Ends within seven days. */
  expiring?: boolean;
  surface?: string;
  /** Those that were forgotten and can be restored, instead of the live ones. */
  forgotten?: boolean;
}

export interface Person {
  user_id: string;
  name: string;
}

/** `semantic_memory/info` */
export interface Info {
  user_id: string;
  is_admin: boolean;
  /** Whether this user may change anything: not those in Home Assistant's group of readers. */
  can_change: boolean;
  /** Whom this user may look at, the user first. */
  people: Person[];
  version: string;
  settings: {
    recall_limit: number;
    threshold: number;
    default_expiry_days: number;
    forgotten_days: number;
  };
  /** Whether every Assist agent gets the memory's tools. */
  exposed_to_assist: boolean;
  agents: { entity_id: string; name: string }[];
}

/** `semantic_memory/list` { filter?, sort?, descending?, group_by?, offset?, limit? } */
export interface ListAnswer {
  total: number;
  /** In the order of the list, empty without `group_by`. */
  groups: { value: string; count: number }[];
  offset: number;
  memories: Memory[];
}

/** `semantic_memory/facets` { filter? }: how many memories there are of each kind. */
export interface Facets {
  total: number;
  pinned: number;
  expiring: number;
  forgotten: number;
  owners: Record<string, number>;
  scopes: Partial<Record<Scope, number>>;
  categories: Partial<Record<Category, number>>;
  surfaces: Record<string, number>;
  /** The most frequent first, 200 at most. */
  tags: { tag: string; count: number }[];
}

/** `semantic_memory/search` { query, filter?, limit?, threshold?, explain? } */
export interface SearchAnswer {
  query: string;
  hits: Hit[];
  /** Whether the best hit most likely is the answer; if not, none of them may be. */
  certain: boolean;
  /** Model of the embedding space that served, null where only words were compared. */
  model: string | null;
  embedder: EmbedderState;
  /** Milliseconds in the engine. */
  took_ms: number;
  explanation?: Record<string, unknown>;
}

/** What people can change about a memory, as it was. */
export interface MemoryState {
  key: string;
  value: string;
  owner: string;
  scope: Scope;
  category: Category;
  tags: string[];
  confidence: number;
  pinned: boolean;
  expires_at: string | null;
}

export type ChangeKind = "set" | "change" | "forget" | "expire" | "restore";

export interface HistoryEntry {
  /** Names the entry in `undo`. */
  id: number;
  at: string;
  kind: ChangeKind;
  actor: string | null;
  /** Name of the user, "automation" or null for nobody. */
  actor_name: string | null;
  surface: string;
  before: MemoryState | null;
  after: MemoryState | null;
  /** Whether the state from before it can be brought back. */
  undoable: boolean;
}

/** `semantic_memory/get` { memory_id }: `id` is the number of the message */
export interface GetAnswer {
  memory: Memory;
  /** Newest first. */
  history: HistoryEntry[];
  /** What the ids of its source are called, and who stored it first and changed it last. */
  origin: {
    created_by: string | null;
    changed_by: string | null;
    agent_name: string | null;
    device_name: string | null;
    area_name: string | null;
  };
}

/** `semantic_memory/similar` { memory_id }: the most similar first, without itself. */
export interface SimilarAnswer {
  hits: Hit[];
}

/**
 * `semantic_memory/set` { value, key?, scope?, category?, tags?, pinned?, expires_at?, force_new? };
 * without `expires_at` the default of the options holds, null means never.
 */
export interface SetAnswer {
  result: "added" | "updated" | "unchanged";
  memory: Memory;
  similar: Hit[];
}

/**
 * `semantic_memory/update` { ids: string[], changes }: all of them or none; answers how they are now.
 * `semantic_memory/undo` { memory_id, entry } → { memory }
 * `semantic_memory/forget` { ids, purge? } → { ids }
 * `semantic_memory/restore` { ids } → { memories }
 */
export interface Changes {
  key?: string;
  value?: string;
  /** "household", or a user id: administrators may move a memory to anybody, others to themselves or the household. */
  owner?: string;
  category?: Category;
  /** Instead of those it has. */
  tags?: string[];
  add_tags?: string[];
  remove_tags?: string[];
  confidence?: number;
  pinned?: boolean;
  expires_at?: string | null;
}

export interface MemoriesAnswer {
  memories: Memory[];
}

/**
 * `semantic_memory/subscribe`: what happened to memories that the subscriber may see, and how the engine is doing. The first
 * event is a status.
 */
export type MemoryEvent =
  | {
      kind: "set" | "change" | "forget" | "restore" | "purge" | "import" | "recall";
      memories: Memory[];
      /** Those that are no longer seen: purged, or moved to somebody else. */
      removed: string[];
      /** There were too many to name: load anew. */
      reload: boolean;
    }
  | { kind: "status"; status: EngineStatus };

export type EmbedderState = "ollama" | "built_in" | "keyword";

export interface EngineStatus {
  memories: number;
  pending: number;
  embedder: EmbedderState;
  model: string | null;
  preferred_model: string | null;
  embedder_error: string | null;
  unavailable_since: string | null;
  index: "sqlite-vec" | "memory" | "none";
  index_error: string | null;
  storage_error: string | null;
  last_recall_at: string | null;
}

/** `semantic_memory/atlas`: the memories of the space that serves, by their first two principal components. */
export interface Atlas {
  model: string | null;
  /** How many memories there are; `points` holds 20,000 at most. */
  total: number;
  /** Those without a vector of this space yet: they are not among the points. */
  missing: number;
  /** Share of the variance that the two axes hold, 0..1. */
  explained: number;
  /** Columns of equal length; x and y are -1..1. */
  points: {
    id: string[];
    x: number[];
    y: number[];
    category: Category[];
    owner: string[];
    pinned: boolean[];
    key: string[];
    /** The first 80 characters. */
    value: string[];
  };
}

export interface RecallEntry {
  type: "recall";
  /** Unique among recalls. */
  id: string;
  at: string;
  query: string;
  surface: string;
  actor_name: string | null;
  agent_name: string | null;
  device_name: string | null;
  conversation_id: string | null;
  model: string | null;
  threshold: number | null;
  took_ms: number;
  hits: { id: string; key: string; value: string; score: number; match: Hit["match"] }[];
  /** The exact result of the tool as the language model got it, null where no model asked. */
  answer: unknown;
}

export interface ChangeEntry {
  type: "change";
  /** Id of the line of the history. */
  id: string;
  at: string;
  kind: ChangeKind;
  /** null where the user no longer sees the memory. */
  memory_id: string | null;
  key: string;
  surface: string;
  actor_name: string | null;
  before: MemoryState | null;
  after: MemoryState | null;
}

/**
 * `semantic_memory/activity` { kinds?: ("set" | "change" | "forget" | "expire" | "restore" | "recall")[], cursor?, limit? }: the
 * newest first. Recalls are kept in memory only, the last 200 since the start.
 */
export interface ActivityAnswer {
  entries: (RecallEntry | ChangeEntry)[];
  cursor: string | null;
}

export interface Snapshot {
  name: string;
  taken_at: string;
  reason: string;
  size: number;
  memories: number | null;
}

/** `semantic_memory/status` */
export interface StatusAnswer {
  engine: EngineStatus;
  database_bytes: number;
  /** Counts of what the user may see. */
  visible: number;
  forgotten: number;
  space: { model: string; dimension: number; vectors: number; ready: boolean } | null;
  /** The rest is null for users who are no administrators. */
  snapshots: Snapshot[] | null;
  last_check: { at: string | null; problems: string[] } | null;
  /** `sqlite-vec`'s version where it is in use. */
  index_version: string | null;
}

/**
 * For administrators:
 * `semantic_memory/reembed` → {}
 * `semantic_memory/backup` → Snapshot
 * `semantic_memory/restore_backup` { name } → { restored: Snapshot, before: string | null }
 * `semantic_memory/import` { file_id, owner, format?, keep_owners?, dry_run } → ImportAnswer; `file_id` is that of Home
 * Assistant's /api/file_upload, and stays usable after a trial until the import or ten minutes later. `owner` is "household",
 * a user id, or null: what belongs to nobody we know is left out.
 */
export interface ImportAnswer {
  format: string;
  dry_run: boolean;
  read: number;
  added: number;
  updated: number;
  unchanged: number;
  skipped: number;
  reasons: Record<string, number>;
  details: { line: string; reason: string; key: string | null; detail: string | null }[];
  notes: Record<string, number>;
  ignored: string[];
  complete: boolean;
}

/**
 * `semantic_memory/export` { format: "jsonl" | "csv" | "markdown" | "text", filter?, ids?, history? }: a signed address, good
 * for one download within five minutes.
 */
export interface ExportAnswer {
  url: string;
  filename: string;
  memories: number;
  size: number;
}
