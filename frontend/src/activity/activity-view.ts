import { mdiHistory } from "@mdi/js";
import { css, html, LitElement, nothing, type PropertyValues } from "lit";
import { customElement, property, query, state } from "lit/decorators.js";
import { repeat } from "lit/directives/repeat.js";
import type { Api } from "../api/client.ts";
import "../elements/chip.ts";
import "../elements/empty.ts";
import "../elements/spinner.ts";
import { LiveController, type PanelContext } from "../panel/context.ts";
import { renderFailure } from "../panel/failure.ts";
import type { LiveEvent } from "../panel/live.ts";
import { base, scrolling, tokens } from "../styles.ts";
import "./change-entry.ts";
import { broughtBack, byDay, type Day, dayOf, type Entry, keyOf, withNewest } from "./days.ts";
import { KIND_ICONS, KINDS, type Kind } from "./kinds.ts";
import "./recall-entry.ts";

const PAGE = 40;
/** Milliseconds between something that happens and asking what it was: several things are asked about once. */
const SETTLED = 300;

/** What happened, day by day: the newest first, more when one scrolls, and live. */
@customElement("sm-activity-view")
export class SmActivityView extends LitElement {
  static override styles = [
    tokens,
    base,
    scrolling,
    css`
      :host {
        display: flex;
        flex-direction: column;
        min-block-size: 0;
      }
      .filter {
        display: flex;
        flex: none;
        gap: 8px;
        padding: 12px max(16px, calc((100% - 840px) / 2));
        overflow-x: auto;
        scrollbar-width: none;
      }
      .filter sm-chip {
        flex: none;
      }
      .page {
        flex: 1;
        min-block-size: 0;
        padding: 0 max(16px, calc((100% - 840px) / 2)) 24px;
      }
      .note {
        margin-block-end: 4px;
        color: var(--sm-quiet);
        font-size: var(--ha-font-size-s, 12px);
      }
      h2 {
        position: sticky;
        z-index: 1;
        inset-block-start: 0;
        padding: 12px 4px 8px;
        background: var(--sm-page);
        font-size: var(--ha-font-size-m, 14px);
        font-weight: var(--ha-font-weight-medium, 500);
      }
      .day {
        border: var(--ha-card-border-width, 1px) solid var(--ha-card-border-color, var(--sm-divider));
        border-radius: var(--sm-radius);
        background: var(--sm-surface);
        overflow: hidden;
      }
      .day > :not(:first-child) {
        border-block-start: 1px solid var(--sm-divider);
      }
      .more {
        display: grid;
        place-items: center;
        min-block-size: 64px;
        color: var(--sm-quiet);
      }
      @media (max-width: 600px) {
        .filter {
          padding: 8px;
        }
        .page {
          padding: 0 8px 16px;
        }
      }
    `,
  ];

  @property({ attribute: false }) panel!: PanelContext;

  @state() private entries: Entry[] | null = null;
  @state() private cursor: string | null = null;
  @state() private kinds: ReadonlySet<Kind> = new Set();
  @state() private loading = false;
  @state() private failure: unknown = null;

  @query(".page") private page!: HTMLElement;
  @query(".more") private more!: HTMLElement | null;

  private api?: Api;
  private settling = 0;
  private end: IntersectionObserver | null = null;

  constructor() {
    super();
    new LiveController(this, (event) => this.happened(event));
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    clearTimeout(this.settling);
    this.end?.disconnect();
    this.end = null;
  }

  protected override willUpdate(_changed: PropertyValues): void {
    if (this.panel.api === this.api) return;
    this.api = this.panel.api;
    this.begin();
  }

  protected override updated(): void {
    this.end?.disconnect();
    if (!this.more || this.cursor === null) return;
    this.end = new IntersectionObserver(
      ([seen]) => {
        if (seen?.isIntersecting) void this.next();
      },
      { root: this.page, rootMargin: "600px" },
    );
    this.end.observe(this.more);
  }

  private begin(): void {
    this.failure = null;
    this.entries = null;
    this.cursor = null;
    void this.load(async (api) => {
      const { entries, cursor } = await api.activity(this.asked);
      return () => {
        this.entries = entries;
        this.cursor = cursor;
      };
    });
  }

  private async next(): Promise<void> {
    const { cursor } = this;
    if (this.loading || cursor === null) return;
    await this.load(async (api) => {
      const page = await api.activity({ ...this.asked, cursor });
      return () => {
        this.entries = [...(this.entries ?? []), ...page.entries];
        this.cursor = page.cursor;
      };
    });
  }

  private happened(event: LiveEvent): void {
    if (event.kind === "status") return;
    clearTimeout(this.settling);
    this.settling = window.setTimeout(() => void this.refresh(), SETTLED);
  }

  private async refresh(): Promise<void> {
    await this.load(async (api) => {
      const { entries, cursor } = await api.activity(this.asked);
      return () => {
        const merged = withNewest(this.entries ?? [], entries);
        if (merged === null || this.entries === null) this.cursor = cursor;
        this.entries = merged ?? entries;
      };
    });
  }

  private get asked() {
    return { limit: PAGE, ...(this.kinds.size && { kinds: [...this.kinds] }) };
  }

  /** Loads for the person and the filter of now; what arrives after these have changed is dropped. */
  private async load(ask: (api: Api) => Promise<() => void>): Promise<void> {
    const { api } = this.panel;
    const { kinds } = this;
    this.loading = true;
    try {
      const take = await ask(api);
      if (api !== this.panel.api || kinds !== this.kinds) return;
      this.failure = null;
      take();
    } catch (reason) {
      if (this.entries) this.panel.fail(reason);
      else this.failure = reason;
    } finally {
      this.loading = false;
    }
  }

  private toggle(kind: Kind): void {
    const kinds = new Set(this.kinds);
    if (!kinds.delete(kind)) kinds.add(kind);
    this.kinds = kinds;
    this.begin();
  }

  protected override render() {
    const { t } = this.panel;
    return html`
      <div class="filter" role="group" aria-label=${t("activity.filter")}>
        ${KINDS.map(
          (kind) => html`<sm-chip
            selectable
            .label=${t(`activity.kind_${kind}`)}
            .icon=${KIND_ICONS[kind]}
            .selected=${this.kinds.has(kind)}
            @click=${() => this.toggle(kind)}
          ></sm-chip>`,
        )}
      </div>
      <div class="page scroll" tabindex="0" role="region" aria-label=${t("panel.activity")}>${this.renderPage()}</div>
    `;
  }

  private renderPage() {
    const { t, hass } = this.panel;
    if (this.failure) return renderFailure(this.panel, this.failure, () => this.begin());
    if (this.entries === null)
      return html`<div class="more"><sm-spinner .label=${t("common.loading")}></sm-spinner></div>`;
    if (this.entries.length === 0) {
      const kinds = this.kinds.size > 0;
      return html`<sm-empty .icon=${mdiHistory} .heading=${t(kinds ? "activity.empty_kinds" : "activity.empty")} .text=${t(kinds ? "activity.empty_kinds_text" : "activity.empty_text")}></sm-empty>`;
    }
    const zone = hass.locale.time_zone === "server" ? hass.config.time_zone : undefined;
    const back = broughtBack(this.entries);
    const recalls = this.kinds.size === 0 || this.kinds.has("recall");
    return html`
      ${recalls ? html`<p class="note">${t("activity.recalls_kept")}</p>` : nothing}
      ${repeat(
        byDay(this.entries, zone),
        ({ day }) => day,
        (day) => this.renderDay(day, back, zone),
      )}
      <div class="more">${this.cursor === null ? t("activity.end") : html`<sm-spinner .label=${t("common.loading")}></sm-spinner>`}</div>
    `;
  }

  private renderDay({ day, entries }: Day, back: ReadonlySet<Entry>, zone: string | undefined) {
    const { panel } = this;
    return html`<section aria-labelledby=${`day-${day}`}>
      <h2 id=${`day-${day}`}>${this.dayName(day, entries, zone)}</h2>
      <div class="day">
        ${repeat(entries, keyOf, (entry) =>
          entry.type === "recall"
            ? html`<sm-recall-entry .panel=${panel} .entry=${entry}></sm-recall-entry>`
            : html`<sm-change-entry .panel=${panel} .entry=${entry} .undoable=${back.has(entry) ? false : undefined}></sm-change-entry>`,
        )}
      </div>
    </section>`;
  }

  private dayName(day: string, [first]: Entry[], zone: string | undefined): string {
    const { t, format } = this.panel;
    const nameOf = dayOf(zone);
    if (day === nameOf(Date.now())) return t("activity.today");
    if (day === nameOf(Date.now() - 86_400_000)) return t("activity.yesterday");
    return first ? format.day(first.at) : day;
  }
}
