import { mdiClose, mdiMagnify, mdiPin } from "@mdi/js";
import { html, LitElement, nothing, type PropertyValues } from "lit";
import { property, query, state } from "lit/decorators.js";
import { live } from "lit/directives/live.js";
import { errorText } from "../api/errors.ts";
import { Format } from "../format.ts";
import type { Hass } from "../home-assistant.ts";
import type { Localize } from "../localize.ts";
import { base, tokens } from "../styles.ts";
import { Asking } from "./asking.ts";
import { cardStyles } from "./card-styles.ts";
import { type CardConfig, readConfig, type Settings } from "./config.ts";
import { type ConfigForm, configForm } from "./form.ts";
import { icon, renderMemories } from "./results.ts";
import { cardTexts } from "./texts.ts";

/** A dashboard card that asks the memory, and shows what is pinned. It changes nothing. */
export class SemanticMemoryCard extends LitElement {
  static override styles = [tokens, base, ...cardStyles];

  @property({ attribute: false }) hass?: Hass;

  @state() private settings?: Settings;
  @state() private t?: Localize;
  @query("input") private field?: HTMLInputElement;

  private asking?: Asking;
  private format?: Format;
  private language?: string;

  static getStubConfig(): Partial<CardConfig> {
    return { mode: "both", scope: "all", limit: 5 };
  }

  static async getConfigForm(): Promise<ConfigForm> {
    const app = document.querySelector("home-assistant") as (Element & { hass?: Hass }) | null;
    if (!app?.hass) throw new Error("Home Assistant is not connected");
    return configForm(app.hass);
  }

  setConfig(config: CardConfig): void {
    this.settings = readConfig(config);
    this.restart();
  }

  getCardSize(): number {
    const { mode, limit } = this.settings ?? { mode: "both", limit: 5 };
    return mode === "search" ? 3 : 3 + limit;
  }

  getGridOptions() {
    return { columns: 12, min_columns: 3, rows: "auto", min_rows: 2 };
  }

  override connectedCallback(): void {
    super.connectedCallback();
    if (this.hass) this.restart();
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.asking?.stop(); // dashboards move cards about: what was typed stays
  }

  protected override willUpdate(changed: PropertyValues<this>): void {
    if (!changed.has("hass") || !this.hass) return;
    const { locale, language, connection } = this.hass;
    const before = changed.get("hass");
    if (before?.locale !== locale) this.format = new Format(this.hass);
    if (this.language !== language) {
      this.language = language;
      void this.loadTexts(this.hass);
    }
    if (!this.asking || before?.connection !== connection) this.restart();
  }

  private async loadTexts(hass: Hass): Promise<void> {
    const t = await cardTexts(hass);
    if (hass.language === this.language) this.t = t;
  }

  /** Asks anew, with the settings as they are; what was typed stays, and what is shown until the new answer comes. */
  private restart(): void {
    const before = this.asking;
    before?.stop();
    if (!this.hass || !this.settings || !this.isConnected) return;
    this.asking = new Asking(this.hass, this.settings, () => this.requestUpdate());
    this.asking.start();
    if (before) this.asking.goOn(before);
  }

  private readonly onSubmit = (event: Event): void => {
    event.preventDefault();
    void this.asking?.search();
  };

  private readonly onKey = (event: KeyboardEvent): void => {
    if (event.key !== "Escape" || !this.asking?.query) return;
    event.stopPropagation();
    this.clear();
  };

  private clear(): void {
    this.asking?.type("");
    this.field?.focus();
  }

  protected override render() {
    const { settings, asking, t, format } = this;
    if (!settings || !asking || !t || !format) return html`<div class="card"></div>`;
    const title = settings.title ?? t(settings.mode === "pinned" ? "card.pinned" : "card.name");
    return html`<section class="card" aria-label=${title || t("card.name")}>
      ${title ? html`<h2 dir="auto">${title}</h2>` : nothing}
      ${settings.mode === "pinned" ? nothing : this.renderField(asking, t)}
      <div class="body" aria-busy=${String(asking.busy)}>${this.renderBody(settings, asking, t, format)}</div>
      <div class="sr" role="status">${this.announcement(asking, t)}</div>
    </section>`;
  }

  /** What a screen reader is told when an answer has come. */
  private announcement({ hits, certain, busy }: Asking, t: Localize) {
    if (!hits || busy) return nothing;
    if (!hits.length) return t("card.nothing_found");
    const found = hits.length === 1 ? t("card.found_one") : t("card.found_many", { count: hits.length });
    return certain ? found : `${found}. ${t("card.not_certain")}`;
  }

  private renderField(asking: Asking, t: Localize) {
    return html`<form role="search" @submit=${this.onSubmit} @keydown=${this.onKey}>
      ${icon(mdiMagnify)}
      <input
        type="text"
        dir="auto"
        enterkeyhint="search"
        autocomplete="off"
        maxlength="1000"
        aria-label=${t("card.ask")}
        placeholder=${t("card.placeholder")}
        .value=${live(asking.query)}
        @input=${(event: Event) => asking.type((event.target as HTMLInputElement).value)}
      />
      ${asking.busy ? html`<span class="busy"></span>` : nothing}
      ${
        asking.query && !asking.busy
          ? html`<button type="button" aria-label=${t("card.clear")} title=${t("card.clear")} @click=${this.clear}>
              ${icon(mdiClose)}
            </button>`
          : nothing
      }
    </form>`;
  }

  private renderBody(settings: Settings, asking: Asking, t: Localize, format: Format) {
    if (asking.error) return html`<p class="error" role="alert">${errorText(t, asking.error)}</p>`;
    if (asking.hits) {
      if (!asking.hits.length) return html`<p class="quiet">${t("card.nothing_found")}</p>`;
      const warning = asking.certain ? nothing : html`<p class="quiet">${t("card.not_certain")}</p>`;
      return html`${warning}${renderMemories(asking.hits, t, format)}`;
    }
    if (settings.mode === "search") return html`<p class="quiet">${t("card.hint")}</p>`;
    if (!asking.pinned) return nothing;
    if (!asking.pinned.length) {
      return html`<p class="quiet">${t(settings.mode === "both" ? "card.hint" : "card.nothing_pinned")}</p>`;
    }
    const heading = settings.mode === "both" ? html`<h3>${icon(mdiPin)} ${t("card.pinned")}</h3>` : nothing;
    return html`${heading}${renderMemories(asking.pinned, t, format)}`;
  }
}
