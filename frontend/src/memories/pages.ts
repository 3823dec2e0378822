import type { ListQuery } from "../api/client.ts";
import type { ListAnswer, Memory } from "../api/types.ts";

const PAGE = 100;
/** Pages kept beyond those that were asked for last. */
const KEPT = 30;

/**
 * The memories of one query, loaded page by page as they come into sight. What is there stays while it is loaded anew, so that nothing
 * flickers.
 */
export class Pages {
  total = 0;
  groups: ListAnswer["groups"] = [];
  /** Whether the first answer is there. */
  loaded = false;
  error: unknown;

  private pages = new Map<number, Memory[]>();
  private readonly asked = new Set<number>();
  private stale = new Set<number>();
  private generation = 0;
  /** Nothing is asked again by itself after a failure. */
  private failed = false;
  private wanted: [first: number, last: number] = [0, 0];

  constructor(
    private readonly fetch: (query: ListQuery) => Promise<ListAnswer>,
    private readonly query: ListQuery,
    private readonly changed: () => void,
  ) {}

  at(offset: number): Memory | undefined {
    return this.pages.get(Math.floor(offset / PAGE))?.[offset % PAGE];
  }

  /** Offset of a memory among those that are loaded, -1 where it is not. */
  offsetOf(id: string): number {
    for (const [page, memories] of this.pages) {
      const index = memories.findIndex((memory) => memory.id === id);
      if (index >= 0) return page * PAGE + index;
    }
    return -1;
  }

  /** Says which offsets are in sight; what is missing of them is fetched. */
  want(first: number, last: number): void {
    this.wanted = [Math.floor(first / PAGE), Math.floor(Math.max(first, last) / PAGE)];
    this.fill();
  }

  /** Loads everything that is in sight anew, and the rest when it comes into sight again. */
  refresh(): void {
    this.generation += 1;
    this.failed = false;
    this.asked.clear();
    this.stale = new Set(this.pages.keys());
    this.fill();
  }

  /** Puts changed memories in place of what they were. */
  patch(memories: readonly Memory[]): void {
    const byId = new Map(memories.map((memory) => [memory.id, memory]));
    for (const [page, there] of this.pages) {
      if (there.some(({ id }) => byId.has(id)))
        this.pages.set(
          page,
          there.map((memory) => byId.get(memory.id) ?? memory),
        );
    }
    this.changed();
  }

  /** Everything that is loaded. */
  *memories(): Iterable<Memory> {
    for (const page of this.pages.values()) yield* page;
  }

  private fill(): void {
    if (this.failed) return;
    const [first, last] = this.wanted;
    for (let page = first; page <= last; page += 1) {
      const missing = !this.pages.has(page) || this.stale.has(page);
      if (missing && !this.asked.has(page) && (page === 0 || !this.loaded || page * PAGE < this.total))
        void this.load(page);
    }
  }

  private async load(page: number): Promise<void> {
    const { generation } = this;
    this.asked.add(page);
    try {
      const answer = await this.fetch({ ...this.query, offset: page * PAGE, limit: PAGE });
      if (generation !== this.generation) return;
      this.take(page, answer);
    } catch (reason) {
      if (generation !== this.generation) return;
      this.error = reason;
      this.failed = true;
    }
    this.asked.delete(page);
    this.changed();
  }

  private take(page: number, { total, groups, memories }: ListAnswer): void {
    this.error = undefined;
    this.loaded = true;
    this.total = total;
    this.groups = groups;
    this.stale.delete(page);
    this.pages.delete(page); // the newest last
    this.pages.set(page, memories);
    for (const old of this.pages.keys()) {
      if (this.pages.size <= KEPT) break;
      if (old < this.wanted[0] || old > this.wanted[1]) this.pages.delete(old);
    }
    // Those beyond the end are no more.
    for (const old of this.pages.keys()) if (old > 0 && old * PAGE >= total) this.pages.delete(old);
  }
}
