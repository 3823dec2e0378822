import {
  mdiAccountGroupOutline,
  mdiAccountOutline,
  mdiMessageProcessingOutline,
  mdiPinOutline,
  mdiTimerSandEmpty,
  mdiTrashCanOutline,
} from "@mdi/js";
import { css, html, LitElement, nothing, type TemplateResult } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import { repeat } from "lit/directives/repeat.js";
import type { Facets, Filter, Scope } from "../api/types.ts";
import "../elements/chip.ts";
import "../elements/icon.ts";
import "../elements/text-field.ts";
import { fire } from "../fire.ts";
import type { PanelContext } from "../panel/context.ts";
import { base, tokens } from "../styles.ts";
import { CATEGORY_ICONS, surfaceIcon, surfaceLabel } from "./labels.ts";
import { CATEGORIES, clean, SCOPES } from "./view-query.ts";

const SCOPE_ICONS: Record<Scope, string> = {
  user: mdiAccountOutline,
  household: mdiAccountGroupOutline,
  session: mdiMessageProcessingOutline,
};
/** Tags shown until somebody looks for one. */
const FEW = 24;

interface Choice {
  label: string;
  icon: string;
  count?: number;
  on: boolean;
  change: Filter;
}

/** Everything that a list can be narrowed down by, with how many there are. Fires `sm-change` with the whole filter. */
@customElement("sm-filters")
export class SmFilters extends LitElement {
  static override styles = [
    tokens,
    base,
    css`
      :host {
        display: block;
      }
      h3 {
        padding: 12px 8px 4px;
        color: var(--sm-quiet);
        font-size: var(--ha-font-size-s, 12px);
        font-weight: var(--ha-font-weight-medium, 500);
      }
      section:first-child h3 {
        padding-block-start: 0;
      }
      button {
        display: flex;
        align-items: center;
        gap: 12px;
        inline-size: 100%;
        min-block-size: 36px;
        padding: 4px 8px;
        border: 0;
        border-radius: var(--sm-radius-small);
        background: none;
        text-align: start;
        --sm-icon-size: 20px;
      }
      button:hover {
        background: var(--sm-hover);
      }
      button sm-icon,
      .count {
        color: var(--sm-quiet);
      }
      .count {
        font-size: var(--ha-font-size-s, 12px);
      }
      .label {
        flex: 1;
        min-inline-size: 0;
        overflow-wrap: anywhere;
      }
      [aria-pressed="true"] {
        background: color-mix(in srgb, var(--sm-primary) 18%, transparent);
        font-weight: var(--ha-font-weight-medium, 500);
      }
      [aria-pressed="true"] sm-icon {
        color: var(--sm-strong);
      }
      .tags {
        display: flex;
        flex-wrap: wrap;
        gap: 6px;
        padding: 4px 8px;
        --sm-chip-size: 30px;
      }
      sm-text-field {
        margin: 4px 8px 8px;
      }
    `,
  ];

  @property({ attribute: false }) panel!: PanelContext;
  @property({ attribute: false }) filter: Filter = {};
  @property({ attribute: false }) facets?: Facets;
  @state() private tagText = "";

  private change(change: Filter): void {
    fire(this, "sm-change", { filter: clean({ ...this.filter, ...change }) });
  }

  protected override render() {
    const { t } = this.panel;
    const { facets, filter } = this;
    return html`
      ${this.renderSection(t("filters.show"), [
        this.choice("pinned", t("filters.pinned"), mdiPinOutline, facets?.pinned, true),
        this.choice("expiring", t("filters.expiring"), mdiTimerSandEmpty, facets?.expiring, true),
        this.choice("forgotten", t("filters.forgotten"), mdiTrashCanOutline, facets?.forgotten, true),
      ])}
      ${this.renderSection(
        t("filters.scope"),
        SCOPES.filter((scope) => facets?.scopes[scope] || filter.scope === scope).map((scope) =>
          this.choice("scope", t(`scope.${scope}`), SCOPE_ICONS[scope], facets?.scopes[scope], scope),
        ),
      )}
      ${this.renderSection(
        t("filters.category"),
        CATEGORIES.filter((category) => facets?.categories[category] || filter.category === category).map((category) =>
          this.choice(
            "category",
            t(`category.${category}`),
            CATEGORY_ICONS[category],
            facets?.categories[category],
            category,
          ),
        ),
      )}
      ${this.renderTags()}
      ${this.renderSection(
        t("filters.source"),
        Object.entries(facets?.surfaces ?? {})
          .sort(([, one], [, other]) => other - one)
          .map(([surface, count]) =>
            this.choice("surface", surfaceLabel(t, surface), surfaceIcon(surface), count, surface),
          ),
      )}
    `;
  }

  private choice<K extends keyof Filter>(
    key: K,
    label: string,
    icon: string,
    count: number | undefined,
    value: Filter[K],
  ): Choice {
    const on = this.filter[key] === value;
    return { label, icon, count, on, change: { [key]: on ? undefined : value } };
  }

  private renderSection(heading: string, choices: Choice[]): TemplateResult | typeof nothing {
    if (!choices.length) return nothing;
    return html`<section>
      <h3>${heading}</h3>
      ${choices.map(
        ({
          label,
          icon,
          count,
          on,
          change,
        }) => html`<button type="button" aria-pressed=${String(on)} @click=${() => this.change(change)}>
          <sm-icon .path=${icon}></sm-icon><span class="label" dir="auto">${label}</span>
          ${count === undefined ? nothing : html`<span class="count">${this.panel.format.number(count)}</span>`}
        </button>`,
      )}
    </section>`;
  }

  private renderTags(): TemplateResult | typeof nothing {
    const { t, format } = this.panel;
    const chosen = this.filter.tags ?? [];
    const all = this.facets?.tags ?? [];
    if (!all.length && !chosen.length) return nothing;
    const wanted = this.tagText.trim().toLowerCase();
    const missing = chosen.filter((tag) => !all.some((facet) => facet.tag === tag)).map((tag) => ({ tag, count: 0 }));
    const found = [...missing, ...all].filter(({ tag }) => chosen.includes(tag) || tag.toLowerCase().includes(wanted));
    const shown = found.filter(({ tag }, index) => index < FEW || wanted || chosen.includes(tag));
    const toggle = (tag: string) => (chosen.includes(tag) ? chosen.filter((other) => other !== tag) : [...chosen, tag]);
    return html`<section>
      <h3>${t("filters.tags")}</h3>
      ${
        all.length > FEW
          ? html`<sm-text-field
              type="search"
              unlabelled
              .label=${t("filters.find_tag")}
              .placeholder=${t("filters.find_tag")}
              .clearLabel=${t("common.clear")}
              .value=${this.tagText}
              @sm-input=${(event: CustomEvent<{ value: string }>) => {
                this.tagText = event.detail.value;
              }}
            ></sm-text-field>`
          : nothing
      }
      <div class="tags">
        ${repeat(
          shown,
          ({ tag }) => tag,
          ({ tag, count }) => html`<sm-chip
            selectable
            .label=${tag}
            .count=${count ? format.number(count) : undefined}
            .selected=${chosen.includes(tag)}
            @click=${() => this.change({ tags: toggle(tag) })}
          ></sm-chip>`,
        )}
      </div>
    </section>`;
  }
}
