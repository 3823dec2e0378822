import { Api } from "../api/client.ts";
import { asApiError } from "../api/errors.ts";
import type { Hit, Memory } from "../api/types.ts";
import type { Hass } from "../home-assistant.ts";
import { Live } from "../panel/live.ts";
import type { Settings } from "./config.ts";

/** Milliseconds of silence after which a question is asked. */
export const PATIENCE = 250;

/** What the card knows: the pinned memories, kept up to date, and the answer to the last question. */
export class Asking {
  query = "";
  hits: Hit[] | null = null;
  /** Whether the first of them most likely is the answer. */
  certain = true;
  /** `null` while they are not known, or not wanted. */
  pinned: Memory[] | null = null;
  busy = false;
  error: unknown;

  private readonly api: Api;
  private live?: Live;
  private timer?: ReturnType<typeof setTimeout>;
  private asked = 0;
  private listed = 0;

  constructor(
    hass: Hass,
    private readonly settings: Settings,
    private readonly changed: () => void,
  ) {
    this.api = new Api(hass);
  }

  /** Begins to show and follow what is pinned. */
  start(): void {
    if (this.live) return;
    this.live = new Live(this.api);
    this.live.listen((event) => {
      if (event.kind === "status" || event.kind === "recall") return;
      void this.list();
      if (this.query.trim()) void this.search();
    });
    void this.list();
  }

  stop(): void {
    clearTimeout(this.timer);
    this.live?.stop();
    delete this.live;
    this.asked += 1;
    this.listed += 1;
  }

  /** Takes what is typed, and asks when nothing more comes. */
  type(query: string): void {
    this.query = query;
    clearTimeout(this.timer);
    this.asked += 1; // an answer that is on its way comes too late
    const wanted = Boolean(query.trim());
    this.busy = wanted;
    this.error = undefined;
    if (wanted) this.timer = setTimeout(() => void this.search(), PATIENCE);
    else this.hits = null;
    this.changed();
  }

  /** Takes over what another one was asked, and shows, and asks it anew: dashboards move cards about. */
  goOn(before: Asking): void {
    const { mode } = this.settings;
    if (mode !== "search") this.pinned = before.pinned;
    if (mode === "pinned" || !before.query.trim()) return;
    this.query = before.query;
    this.hits = before.hits;
    this.certain = before.certain;
    this.busy = !before.hits;
    void this.search();
  }

  /** Asks at once, as after the Enter key. */
  async search(): Promise<void> {
    clearTimeout(this.timer);
    const query = this.query.trim();
    if (!query) return;
    this.asked += 1;
    const number = this.asked;
    const { limit, filter } = this.settings;
    try {
      const { hits, certain } = await this.api.search({ query, limit, filter });
      if (number !== this.asked) return;
      this.hits = hits;
      this.certain = certain;
      this.error = undefined;
    } catch (reason) {
      if (number !== this.asked) return;
      this.hits = null;
      this.error = asApiError(reason);
    }
    this.busy = false;
    this.changed();
  }

  private async list(): Promise<void> {
    if (this.settings.mode === "search") return;
    this.listed += 1;
    const number = this.listed;
    const { limit, filter } = this.settings;
    try {
      const { memories } = await this.api.list({ filter: { ...filter, pinned: true }, limit });
      if (number !== this.listed) return;
      this.pinned = memories;
      if (!this.query) this.error = undefined;
    } catch (reason) {
      if (number !== this.listed) return;
      this.error = asApiError(reason);
    }
    this.changed();
  }
}
