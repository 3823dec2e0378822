import { mdiAccount, mdiAccountMultiple, mdiAlertCircleOutline, mdiMenu } from "@mdi/js";
import { html, LitElement, nothing, type PropertyValues } from "lit";
import { customElement, property, query, state } from "lit/decorators.js";
import { Api } from "../api/client.ts";
import { errorText } from "../api/errors.ts";
import type { Info } from "../api/types.ts";
import "../elements/alert.ts";
import "../elements/button.ts";
import "../elements/empty.ts";
import "../elements/icon-button.ts";
import "../elements/menu.ts";
import "../elements/spinner.ts";
import "../elements/toast.ts";
import type { SmToast } from "../elements/toast.ts";
import { fire } from "../fire.ts";
import { Format } from "../format.ts";
import { followsHere, type Hass, navigate, type Route } from "../home-assistant.ts";
import { type Localize, loadTexts } from "../localize.ts";
import { base, tokens } from "../styles.ts";
import type { LeaveGuard, PanelContext } from "./context.ts";
import { Live, RETRY } from "./live.ts";
import { panelStyles } from "./panel-styles.ts";
import { type Address, format, parse } from "./routes.ts";
import { VIEWS } from "./tabs.ts";

/** The sidebar page "Memory": its bar, its tabs, and whose memories are looked at. */
@customElement("semantic-memory-panel")
export class SemanticMemoryPanel extends LitElement {
  static override styles = [tokens, base, panelStyles];

  @property({ attribute: false, hasChanged: matters }) hass!: Hass;
  @property({ type: Boolean, reflect: true }) narrow = false;
  @property({ attribute: false }) route: Route = { prefix: "/semantic-memory", path: "" };

  @state() private address: Address = { tab: "memories", query: {} };
  @state() private t?: Localize;
  @state() private info?: Info;
  @state() private error?: unknown;
  @state() private context?: PanelContext;

  @query("sm-toast") private toaster!: SmToast;
  private live?: Live;
  private api?: Api;
  private language = "";
  private retrying?: ReturnType<typeof setTimeout>;
  private guard: LeaveGuard | null = null;

  override connectedCallback(): void {
    super.connectedCallback();
    window.addEventListener("location-changed", this.locate);
    window.addEventListener("popstate", this.locate);
    this.locate();
    // It was taken off the page and put back.
    if (this.info) this.look();
    else if (this.error) void this.load();
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    window.removeEventListener("location-changed", this.locate);
    window.removeEventListener("popstate", this.locate);
    clearTimeout(this.retrying);
    this.live?.stop();
    this.live = undefined;
    this.api = undefined;
  }

  private locate = (): void => {
    const { prefix } = this.route;
    if (!location.pathname.startsWith(prefix)) return;
    const address = parse(location.pathname.slice(prefix.length), location.search);
    if (JSON.stringify(address) !== JSON.stringify(this.address)) this.address = address;
  };

  protected override willUpdate(changed: PropertyValues): void {
    if (changed.has("route")) this.locate();
    if (changed.has("hass") && this.hass && this.language !== this.hass.language) {
      this.language = this.hass.language;
      void this.load();
    }
    if (this.info) this.look();
    if (["hass", "narrow", "address", "t", "info"].some((name) => changed.has(name)) || !this.context) this.provide();
  }

  private load = async (): Promise<void> => {
    clearTimeout(this.retrying);
    try {
      this.t = await loadTexts(this.hass);
      this.info = await new Api(this.hass).info();
      this.error = undefined;
    } catch (reason) {
      this.error = reason;
      if (this.isConnected) this.retrying = setTimeout(this.load, RETRY); // it may just be loading
    }
  };

  /** The person of the address where the user may look at them, else the user. */
  private get userId(): string {
    const { info } = this;
    const { person } = this.address.query;
    return info?.people.some(({ user_id }) => user_id === person) ? (person as string) : (info?.user_id ?? "");
  }

  /** Sets up commands and subscription for the person who is looked at. */
  private look(): void {
    const userId = this.userId;
    if (this.api?.userId === userId && this.live && this.api.hass.connection === this.hass.connection) return;
    this.live?.stop();
    this.api = new Api(this.hass, userId);
    this.live = new Live(this.api);
    this.live.watch(() => this.requestUpdate());
    this.live.listen((event) => {
      const reloaded = event.kind === "stale" || ("reload" in event && event.reload);
      if (reloaded) void this.renew(); // options may be others now
    });
    this.provide();
  }

  private async renew(): Promise<void> {
    try {
      this.info = await new Api(this.hass).info();
    } catch {
      // What is known serves on; the subscription says what is wrong.
    }
  }

  private provide(): void {
    const { hass, api, live, t, info, narrow, address } = this;
    if (!t || !info || !api || !live) return;
    const names = new Map(info.people.map(({ user_id, name }) => [user_id, name]));
    this.context = {
      hass,
      api,
      live,
      t,
      info,
      narrow,
      address,
      format: new Format(hass),
      userId: this.userId,
      isAdmin: info.is_admin,
      ownerName: (owner) =>
        owner === "household" ? t("common.household") : (names.get(owner) ?? t("common.somebody")),
      url: (change) => this.url(change),
      go: (change, replace) => void this.go(change, replace),
      toast: (toast) => this.toaster.show(toast),
      fail: (reason) => this.toaster.show({ message: errorText(t, reason), duration: 8_000 }),
      setGuard: (guard) => {
        this.guard = guard;
      },
    };
  }

  private url(change: Partial<Address>): string {
    const { person } = this.address.query;
    const query = {
      ...(change.query ?? this.address.query),
      ...(person && { person: change.query?.person ?? person }),
    };
    return format(this.route.prefix, { tab: change.tab ?? this.address.tab, id: change.id, query });
  }

  private async go(change: Partial<Address>, replace = false): Promise<void> {
    const leaves = change.id !== this.address.id || (change.tab ?? this.address.tab) !== this.address.tab;
    if (leaves && this.guard && !(await this.guard())) return;
    navigate(this.url(change), replace);
  }

  private onTab = (event: MouseEvent, tab: Address["tab"]): void => {
    if (!followsHere(event)) return;
    event.preventDefault();
    void this.go({ tab, query: {} });
  };

  protected override render() {
    const { t } = this;
    const menu = this.narrow || this.hass?.dockedSidebar === "always_hidden";
    return html`
      <header>
        ${
          menu && !this.hass.kioskMode && t
            ? html`<sm-icon-button .path=${mdiMenu} .label=${t("panel.menu")} @click=${() => fire(this, "hass-toggle-menu")}></sm-icon-button>`
            : nothing
        }
        <h1>${t?.("panel.title")}</h1>
        ${this.narrow ? nothing : this.renderTabs()} ${this.renderPeople()}
      </header>
      ${this.renderTrouble()}
      <main>${this.renderMain()}</main>
      ${this.narrow ? this.renderTabs() : nothing}
      <sm-toast class=${this.address.tab === "memories" ? "higher" : ""} .closeLabel=${t?.("common.close") ?? ""}></sm-toast>
    `;
  }

  private renderTabs() {
    const { t } = this;
    if (!t || !this.info) return nothing;
    return html`<nav aria-label=${t("panel.views")}>
      ${VIEWS.map(
        ({ tab, icon, title }) => html`<a
          href=${format(this.route.prefix, { tab, query: {} })}
          aria-current=${tab === this.address.tab ? "page" : nothing}
          @click=${(event: MouseEvent) => this.onTab(event, tab)}
        >
          <sm-icon .path=${icon}></sm-icon><span>${t(title)}</span>
        </a>`,
      )}
    </nav>`;
  }

  private renderPeople() {
    const { info, t } = this;
    if (!t || !info || info.people.length < 2) return html`<div class="end"></div>`;
    const other = this.userId !== info.user_id;
    const items = info.people.map(({ user_id, name }) => ({
      value: user_id,
      label: user_id === info.user_id ? t("panel.you", { name }) : name,
      checked: user_id === this.userId,
    }));
    const name = info.people.find(({ user_id }) => user_id === this.userId)?.name ?? "";
    const label = t("panel.whose", { name });
    return html`<div class="end">
      <sm-menu
        .items=${items}
        .label=${t("panel.choose_person")}
        @sm-select=${(event: CustomEvent<{ value: string }>) => {
          const person = event.detail.value === info.user_id ? "" : event.detail.value;
          void this.go({ query: { ...this.address.query, person } });
        }}
      >
        ${
          this.narrow
            ? html`<sm-icon-button slot="trigger" popup="menu" .selected=${other} .path=${other ? mdiAccount : mdiAccountMultiple} .label=${label}></sm-icon-button>`
            : html`<sm-button slot="trigger" .variant=${other ? "tonal" : "outlined"} .icon=${mdiAccount} .label=${label}>${name}</sm-button>`
        }
      </sm-menu>
    </div>`;
  }

  /** What is wrong while the page is there: one line above it. */
  private renderTrouble() {
    const { t, live } = this;
    if (!t || !live) return nothing;
    if (!live.connected) return html`<sm-alert kind="warning">${t("errors.reconnecting")}</sm-alert>`;
    if (live.error) return html`<sm-alert kind="error">${errorText(t, live.error)}</sm-alert>`;
    return nothing;
  }

  private renderMain() {
    const { t, context } = this;
    if (this.error) return this.renderError();
    if (!t || !context)
      return html`<div class="wait"><sm-spinner .label=${t?.("common.loading") ?? ""}></sm-spinner></div>`;
    return VIEWS.find(({ tab }) => tab === this.address.tab)?.render(context) ?? nothing;
  }

  private renderError() {
    const { t } = this;
    // Without texts Home Assistant itself could not be reached: the retry brings them.
    return html`<sm-empty .icon=${mdiAlertCircleOutline} .heading=${t?.("errors.heading") ?? "Semantic Memory"} .text=${t ? errorText(t, this.error) : ""}>
      <sm-button variant="filled" @click=${this.load}>${t?.("common.retry") ?? "↻"}</sm-button>
    </sm-empty>`;
  }
}

/** Whether a new `hass` differs in what the panel shows: it is another one for every change of any state. */
function matters(next: Hass, before?: Hass): boolean {
  return (
    !before ||
    next.connection !== before.connection ||
    next.language !== before.language ||
    next.locale !== before.locale ||
    next.user !== before.user ||
    next.themes !== before.themes ||
    next.dockedSidebar !== before.dockedSidebar ||
    next.kioskMode !== before.kioskMode
  );
}
