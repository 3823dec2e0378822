import type { Hass, Message } from "../home-assistant.ts";
import { ApiError, asApiError } from "./errors.ts";
import type {
  ActivityAnswer,
  Atlas,
  ChangeKind,
  Changes,
  ExportAnswer,
  Facets,
  Filter,
  GetAnswer,
  GroupKey,
  ImportAnswer,
  Info,
  ListAnswer,
  MemoriesAnswer,
  Memory,
  MemoryEvent,
  SearchAnswer,
  SetAnswer,
  SimilarAnswer,
  Snapshot,
  SortKey,
  StatusAnswer,
} from "./types.ts";

export interface ListQuery {
  filter?: Filter;
  sort?: SortKey;
  descending?: boolean;
  group_by?: GroupKey;
  offset?: number;
  limit?: number;
}

export interface SearchQuery {
  query: string;
  filter?: Filter;
  limit?: number;
  threshold?: number;
  explain?: boolean;
}

export interface NewMemory {
  value: string;
  key?: string;
  scope?: "user" | "household";
  category?: Memory["category"];
  tags?: string[];
  pinned?: boolean;
  expires_at?: string | null;
  force_new?: boolean;
}

export interface ImportRequest {
  file_id: string;
  /** Whose memories become that are nobody's known here; null leaves them out. */
  owner: string | null;
  format?: string;
  keep_owners?: boolean;
  dry_run: boolean;
}

/** The integration's websocket commands, asked for one person's sight. Every method rejects with an `ApiError`. */
export class Api {
  /** `userId`: whose memories are looked at, undefined for the user who is logged in. */
  constructor(
    readonly hass: Hass,
    readonly userId?: string,
  ) {}

  info = () => this.call<Info>("info");
  list = (query: ListQuery) => this.call<ListAnswer>("list", { ...query });
  facets = (filter: Filter = {}) => this.call<Facets>("facets", { filter });
  search = (query: SearchQuery) => this.call<SearchAnswer>("search", { ...query });
  get = (id: string) => this.call<GetAnswer>("get", { memory_id: id });
  similar = (id: string) => this.call<SimilarAnswer>("similar", { memory_id: id });
  set = (memory: NewMemory) => this.call<SetAnswer>("set", { ...memory });
  update = (ids: string[], changes: Changes) => this.call<MemoriesAnswer>("update", { ids, changes });
  undo = (id: string, entry: number) => this.call<{ memory: Memory }>("undo", { memory_id: id, entry });
  forget = (ids: string[], purge = false) => this.call<{ ids: string[] }>("forget", { ids, ...(purge && { purge }) });
  restore = (ids: string[]) => this.call<MemoriesAnswer>("restore", { ids });
  atlas = () => this.call<Atlas>("atlas");
  activity = (query: { kinds?: (ChangeKind | "recall")[]; cursor?: string; limit?: number } = {}) =>
    this.call<ActivityAnswer>("activity", query);
  status = () => this.call<StatusAnswer>("status");
  reembed = () => this.call<Record<string, never>>("reembed");
  backup = () => this.call<Snapshot>("backup");
  restoreBackup = (name: string) =>
    this.call<{ restored: Snapshot; before: string | null }>("restore_backup", { name });
  import = (request: ImportRequest) => this.call<ImportAnswer>("import", { ...request });
  export = (query: {
    format: "jsonl" | "csv" | "markdown" | "text";
    filter?: Filter;
    ids?: string[];
    history?: boolean;
  }) => this.call<ExportAnswer>("export", query);

  /** Calls back for every event until the returned function is called, or the connection is lost. */
  async subscribe(callback: (event: MemoryEvent) => void): Promise<() => Promise<void>> {
    try {
      // Home Assistant's own renewal would be refused for good while the integration is still being loaded.
      return await this.hass.connection.subscribeMessage(callback, this.message("subscribe"), { resubscribe: false });
    } catch (reason) {
      throw this.error(reason);
    }
  }

  /** What a command is rejected with while there is no connection says nothing about it. */
  private error(reason: unknown): ApiError {
    return this.hass.connection.connected ? asApiError(reason) : new ApiError("connection_lost", "");
  }

  private message(command: string, args: object = {}): Message {
    return { type: `semantic_memory/${command}`, ...(this.userId && { user_id: this.userId }), ...args };
  }

  private async call<T>(command: string, args: object = {}): Promise<T> {
    try {
      return await this.hass.callWS<T>(this.message(command, args));
    } catch (reason) {
      throw this.error(reason);
    }
  }
}
