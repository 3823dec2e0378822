import type { ReactiveController, ReactiveControllerHost } from "lit";
import type { ListQuery } from "../api/client.ts";
import type { Facets, Hit, Memory, SearchAnswer } from "../api/types.ts";
import type { PanelContext } from "../panel/context.ts";
import type { LiveEvent } from "../panel/live.ts";
import type { ListSource } from "./memory-list.ts";
import { Pages } from "./pages.ts";
import { Rows } from "./rows.ts";
import { readQuery, type ViewQuery } from "./view-query.ts";

/** Milliseconds without a key until a search is asked, and without news until a list is loaded anew. */
const TYPING = 150;
const SETTLING = 300;
/** As many as the engine finds at most. */
const HITS = 50;

/** What the list shows: pages of memories, or what a search found; it follows the address and what happens to memories. */
export class MemoriesModel implements ReactiveController {
  query: ViewQuery = readQuery({});
  facets?: Facets;
  search?: SearchAnswer;
  searchError: unknown;
  /** Whether an answer is on its way. */
  searching = false;
  collapsed: ReadonlySet<string> = new Set();

  pages?: Pages;
  private rows = new Rows(0, []);
  private rowsOf = "";
  private asked = "";
  private panel?: PanelContext;
  private typing?: ReturnType<typeof setTimeout>;
  private settling?: ReturnType<typeof setTimeout>;
  private searchAgain = false;
  private round = 0;

  constructor(private readonly host: ReactiveControllerHost & { panel: PanelContext }) {
    host.addController(this);
  }

  /** Searches are recalls, and those reach live memories only; among the forgotten one looks for the text itself. */
  get recalls(): boolean {
    return this.query.text.trim() !== "" && !this.query.filter.forgotten;
  }

  get error(): unknown {
    return this.recalls ? this.searchError : this.pages?.error;
  }

  get loaded(): boolean {
    return this.recalls ? this.search !== undefined || this.searchError !== undefined : (this.pages?.loaded ?? false);
  }

  get count(): number {
    return this.recalls ? (this.search?.hits.length ?? 0) : (this.pages?.total ?? 0);
  }

  /** Among how many a search looks, undefined while that is not known. */
  get searchable(): number | undefined {
    if (!this.facets || this.facets === NOTHING) return undefined;
    return this.query.filter.forgotten ? this.facets.forgotten : this.facets.total;
  }

  /** What the list asks for, without the search. */
  get listQuery(): ListQuery {
    const { filter, sort, descending, group, text } = this.query;
    const words = filter.forgotten && text.trim() ? { text: text.trim() } : {};
    return { filter: { ...filter, ...words }, sort, descending, ...(group && { group_by: group }) };
  }

  get source(): ListSource {
    const { pages, search } = this;
    if (this.recalls) {
      const hits = search?.hits ?? [];
      this.layOut(hits.length, []);
      return { rows: this.rows, at: (offset) => hits[offset], want: () => undefined };
    }
    this.layOut(pages?.total ?? 0, pages?.groups ?? []);
    return { rows: this.rows, at: (offset) => pages?.at(offset), want: (first, last) => pages?.want(first, last) };
  }

  hostConnected(): void {
    if (this.panel) this.refresh(); // it was away, and may have missed something
  }

  hostDisconnected(): void {
    clearTimeout(this.typing);
    clearTimeout(this.settling);
    this.settling = undefined;
  }

  hostUpdate(): void {
    const { panel } = this.host;
    const another = panel.api !== this.panel?.api;
    this.panel = panel;
    this.query = readQuery(panel.address.query);
    const { text, ...list } = this.query;
    const asked = JSON.stringify([list, this.query.filter.forgotten ? text : ""]);
    if (another || asked !== this.asked) this.startList(asked);
    if (another) this.facets = undefined;
    if (another || !this.facets) void this.loadFacets();
    this.startSearch(another);
  }

  refresh = (): void => {
    this.pages?.refresh();
    void this.loadFacets();
    if (this.recalls) void this.runSearch();
    this.host.requestUpdate();
  };

  collapse(group: string): void {
    const collapsed = new Set(this.collapsed);
    if (!collapsed.delete(group)) collapsed.add(group);
    this.collapsed = collapsed;
    this.host.requestUpdate();
  }

  onEvent = (event: LiveEvent): void => {
    if (event.kind === "stale") this.refresh();
    if (event.kind === "stale" || event.kind === "status") return;
    this.patch(event.memories);
    const onlyUsed = event.kind === "recall" && !event.reload && !["last_used", "use_count"].includes(this.query.sort);
    if (onlyUsed) return;
    if (event.kind !== "recall") this.searchAgain = true; // a search that answered a recall would never end
    // Not put off by what follows: an import tells of itself all the time.
    this.settling ??= setTimeout(this.settle, SETTLING);
  };

  private settle = (): void => {
    this.settling = undefined;
    this.pages?.refresh();
    if (!this.searchAgain) return;
    this.searchAgain = false;
    void this.loadFacets();
    if (this.recalls) void this.runSearch();
  };

  private patch(memories: readonly Memory[]): void {
    this.pages?.patch(memories);
    if (!this.search) return;
    const byId = new Map(memories.map((memory) => [memory.id, memory]));
    const hits = this.search.hits.map((hit): Hit => ({ ...hit, ...byId.get(hit.id) }));
    this.search = { ...this.search, hits };
    this.host.requestUpdate();
  }

  private startList(asked: string): void {
    const { api } = this.host.panel;
    this.asked = asked;
    this.collapsed = new Set();
    this.pages = new Pages(
      (query) => api.list(query),
      this.listQuery,
      () => this.host.requestUpdate(),
    );
    this.pages.want(0, 0);
  }

  private async loadFacets(): Promise<void> {
    const { panel } = this;
    if (!panel) return;
    this.facets ??= NOTHING; // asked already
    try {
      const facets = await panel.api.facets();
      if (panel.api === this.panel?.api) this.facets = facets;
      this.host.requestUpdate();
    } catch {
      // The list says what is wrong; counts beside filters can wait for the next time.
    }
  }

  private searched = "";

  private startSearch(another: boolean): void {
    const { text, filter } = this.query;
    const searched = this.recalls ? JSON.stringify([text.trim(), filter]) : "";
    if (searched === this.searched && !another) return;
    const first = this.searched === "";
    this.searched = searched;
    clearTimeout(this.typing);
    this.round += 1;
    this.searching = this.recalls;
    if (!this.recalls) {
      this.search = undefined;
      return;
    }
    if (first || another) this.search = undefined;
    this.typing = setTimeout(() => void this.runSearch(), TYPING);
  }

  private async runSearch(): Promise<void> {
    this.round += 1;
    const { round } = this;
    const { text, filter } = this.query;
    this.searching = true;
    try {
      const search = await this.host.panel.api.search({ query: text.trim(), filter, limit: HITS });
      if (round !== this.round) return;
      this.search = search;
      this.searchError = undefined;
    } catch (reason) {
      if (round !== this.round) return;
      this.search = undefined;
      this.searchError = reason;
    }
    this.searching = false;
    this.host.requestUpdate();
  }

  private layOut(total: number, groups: { value: string; count: number }[]): void {
    const rowsOf = JSON.stringify([this.recalls, total, groups, [...this.collapsed]]);
    if (rowsOf === this.rowsOf) return;
    this.rowsOf = rowsOf;
    this.rows = new Rows(total, groups, this.collapsed);
  }
}

const NOTHING: Facets = {
  total: -1,
  pinned: 0,
  expiring: 0,
  forgotten: 0,
  owners: {},
  scopes: {},
  categories: {},
  surfaces: {},
  tags: [],
};
