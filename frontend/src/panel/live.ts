import type { Api } from "../api/client.ts";
import { type ApiError, asApiError } from "../api/errors.ts";
import type { EngineStatus, MemoryEvent } from "../api/types.ts";
import type { HassConnection } from "../home-assistant.ts";

/** `"stale"`: events may have been missed, load anew. */
export type LiveEvent = MemoryEvent | { kind: "stale" };

/** Milliseconds between attempts to reach the integration while it is not there. */
export const RETRY = 5_000;

/**
 * What happens to memories while one looks at them. The subscription is renewed after a lost connection, and tried again while
 * the integration is being loaded; listeners are told whenever something may have been missed meanwhile.
 */
export class Live {
  status: EngineStatus | null = null;
  error: ApiError | null = null;
  connected: boolean;

  private readonly listeners = new Set<(event: LiveEvent) => void>();
  private readonly watchers = new Set<() => void>();
  private readonly connection: HassConnection;
  private unsubscribe?: () => Promise<void>;
  private timer?: ReturnType<typeof setTimeout>;
  private stopped = false;
  /** Number of the latest attempt to subscribe: what comes of earlier ones counts no more. */
  private attempt = 0;

  constructor(private readonly api: Api) {
    this.connection = api.hass.connection;
    this.connected = this.connection.connected;
    this.connection.addEventListener("ready", this.onReady);
    this.connection.addEventListener("disconnected", this.onDisconnected);
    void this.start();
  }

  /** Calls `listener` for every event until the returned function is called. */
  listen(listener: (event: LiveEvent) => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  /** Calls `watcher` whenever `status`, `error` or `connected` has changed, until the returned function is called. */
  watch(watcher: () => void): () => void {
    this.watchers.add(watcher);
    return () => this.watchers.delete(watcher);
  }

  stop(): void {
    this.stopped = true;
    clearTimeout(this.timer);
    this.connection.removeEventListener("ready", this.onReady);
    this.connection.removeEventListener("disconnected", this.onDisconnected);
    void this.unsubscribe?.().catch(() => undefined);
    this.listeners.clear();
    this.watchers.clear();
  }

  private async start(missed = false): Promise<void> {
    clearTimeout(this.timer);
    this.attempt += 1;
    const { attempt } = this;
    try {
      const unsubscribe = await this.api.subscribe((event) => attempt === this.attempt && this.take(event));
      if (this.stopped || attempt !== this.attempt) return void unsubscribe().catch(() => undefined);
      this.unsubscribe = unsubscribe;
      this.error = null;
      if (missed) this.tell({ kind: "stale" });
    } catch (reason) {
      if (this.stopped || attempt !== this.attempt) return;
      const error = asApiError(reason);
      if (error.code !== "connection_lost") this.error = error; // that one is told already, and ends by itself
      this.timer = setTimeout(() => void this.start(true), RETRY);
    }
    this.changed();
  }

  private take(event: MemoryEvent): void {
    if (event.kind === "status") {
      this.status = event.status;
      this.changed();
    }
    this.tell(event);
  }

  private tell(event: LiveEvent): void {
    for (const listener of [...this.listeners]) listener(event);
  }

  private changed(): void {
    for (const watcher of [...this.watchers]) watcher();
  }

  private onReady = (): void => {
    this.connected = true;
    this.unsubscribe = undefined; // went with the connection
    this.changed();
    void this.start(true);
  };

  private onDisconnected = (): void => {
    this.connected = false;
    this.changed();
  };
}
