import {
  mdiAccountGroupOutline,
  mdiAccountOutline,
  mdiCheckboxBlankCircleOutline,
  mdiCheckCircle,
  mdiPin,
  mdiTimerSandEmpty,
} from "@mdi/js";
import { css, html, nothing, svg, type TemplateResult } from "lit";
import type { Hit, Memory, SortKey } from "../api/types.ts";
import { counted } from "../localize.ts";
import { CATEGORY_LOOKS } from "../map/palette.ts";
import type { PanelContext } from "../panel/context.ts";
import { CATEGORY_ICONS } from "./labels.ts";

/** Of the lines of the list, in pixels: nothing has to be measured that way. */
export const HEIGHT = { wide: 64, compact: 84, group: 44 };

/** An icon that is no element of its own: a list moves a hundred of them. */
function icon(path: string, kind = "", label?: string): TemplateResult {
  return html`<svg
    class="icon ${kind}"
    viewBox="0 0 24 24"
    role=${label ? "img" : nothing}
    aria-label=${label ?? nothing}
    aria-hidden=${label ? nothing : "true"}
  >
    ${svg`<path d=${path}></path>`}
  </svg>`;
}

/** Ends are told from a month before on: with an expiry by default all memories would tell one. */
const SOON = 30 * 86_400_000;

function isSoon(iso: string): boolean {
  return new Date(iso).getTime() - Date.now() < SOON;
}

export function isHit(memory: Memory | Hit): memory is Hit {
  return "score" in memory;
}

/** The colour of a memory's category, the same as on the map. */
export function tone(panel: PanelContext, memory: Pick<Memory, "category">): string {
  return CATEGORY_LOOKS[memory.category][panel.hass.themes?.darkMode ? "dark" : "light"];
}

export function renderBadge(
  panel: PanelContext,
  memory: Memory,
  selected: boolean,
  selecting: boolean,
): TemplateResult {
  return html`<span class="badge ${selected ? "on" : ""}" style=${`--tone:${tone(panel, memory)}`} title=${panel.t(`category.${memory.category}`)}>
    ${icon(selected ? mdiCheckCircle : CATEGORY_ICONS[memory.category])}
    ${selecting && !selected ? icon(mdiCheckboxBlankCircleOutline, "check") : nothing}
  </span>`;
}

/** What is in a line: the value, and below it what tells it from others. */
export function renderText(panel: PanelContext, memory: Memory, sort?: SortKey): TemplateResult {
  const { t, format } = panel;
  const shared = memory.owner === "household";
  return html`<span class="text">
    <span class="value" dir="auto">${memory.value}</span>
    <span class="about">
      ${memory.pinned ? icon(mdiPin, "pin", t("memories.pinned")) : nothing}
      <span class="owner" title=${panel.ownerName(memory.owner)}>
        ${icon(shared ? mdiAccountGroupOutline : mdiAccountOutline)}${panel.ownerName(memory.owner)}
      </span>
      <span class="key" dir="auto">${memory.key}</span>
      ${memory.tag_list.slice(0, 3).map((tag) => html`<span class="tag" dir="auto">${tag}</span>`)}
      ${memory.tag_list.length > 3 ? html`<span class="tag">+${format.number(memory.tag_list.length - 3)}</span>` : nothing}
      ${
        memory.expires_at && !memory.deleted_at && isSoon(memory.expires_at)
          ? html`<span class="ends">${icon(mdiTimerSandEmpty)}${t("memories.ends", { when: format.relative(memory.expires_at) })}</span>`
          : nothing
      }
      ${sort && !isHit(memory) ? html`<span class="when">${renderWhen(panel, memory, sort)}</span>` : nothing}
    </span>
  </span>`;
}

/** At the end of a line: how well it fits the search, or the time that the list is sorted by. */
export function renderEnd(panel: PanelContext, memory: Memory | Hit, sort: SortKey): TemplateResult {
  const { t, format } = panel;
  if (!isHit(memory)) return html`<span class="end">${renderWhen(panel, memory, sort)}</span>`;
  return html`<span class="end hit">
    <span class="score">${format.percent(memory.score)}</span>
    <span class="meter" aria-hidden="true"><i style=${`inline-size:${Math.round(memory.score * 100)}%`}></i></span>
    <span class="match">${t(`match.${memory.match}`)}</span>
  </span>`;
}

/** What the list is sorted by, in a few words. */
export function renderWhen(panel: PanelContext, memory: Memory, sort: SortKey): TemplateResult {
  const { t, format } = panel;
  const timed = (at: string, text: string) => html`<span dir="auto" title=${format.dateTime(at)}>${text}</span>`;
  if (memory.deleted_at) {
    return timed(memory.deleted_at, t("memories.forgotten_when", { when: format.relative(memory.deleted_at) }));
  }
  switch (sort) {
    case "use_count":
      return html`${counted(panel, "memories.used", memory.use_count)}`;
    case "last_used":
      return memory.last_used_at
        ? timed(memory.last_used_at, format.relative(memory.last_used_at))
        : html`${t("memories.never_used")}`;
    case "expires":
      return memory.expires_at
        ? timed(memory.expires_at, t("memories.ends", { when: format.relative(memory.expires_at) }))
        : html`${t("expiry.never")}`;
    default: {
      const at = sort === "created" ? memory.created_at : memory.updated_at;
      return timed(at, format.relative(at));
    }
  }
}

export const rowStyles = css`
  .icon {
    flex: none;
    inline-size: var(--sm-icon-size, 24px);
    block-size: var(--sm-icon-size, 24px);
    fill: currentcolor;
  }
  .badge {
    position: relative;
    display: grid;
    flex: none;
    place-items: center;
    inline-size: 40px;
    block-size: 40px;
    border-radius: 50%;
    background: color-mix(in srgb, var(--tone) 15%, transparent);
    color: var(--tone);
    --sm-icon-size: 22px;
  }
  .badge.on {
    background: var(--sm-fill);
    color: #fff;
  }
  .badge .check {
    position: absolute;
    inset-block-end: -3px;
    inset-inline-end: -3px;
    border-radius: 50%;
    background: var(--sm-surface);
    color: var(--sm-quiet);
    --sm-icon-size: 18px;
  }
  .text {
    display: flex;
    flex: 1;
    flex-direction: column;
    gap: 2px;
    min-inline-size: 0;
  }
  .value {
    display: -webkit-box;
    overflow: hidden;
    line-height: 20px;
    overflow-wrap: anywhere;
    -webkit-box-orient: vertical;
    -webkit-line-clamp: var(--sm-value-lines, 1);
  }
  .about {
    display: flex;
    align-items: center;
    gap: 0 10px;
    min-inline-size: 0;
    block-size: 20px;
    overflow: hidden;
    color: var(--sm-quiet);
    font-size: var(--ha-font-size-s, 12px);
    white-space: nowrap;
    --sm-icon-size: 15px;
  }
  .about > * {
    flex: none;
    max-inline-size: 40%;
    overflow: hidden;
    text-overflow: ellipsis;
  }
  .owner {
    max-inline-size: 60%;
  }
  .owner,
  .ends {
    display: inline-flex;
    align-items: center;
    gap: 3px;
  }
  .pin {
    color: var(--sm-strong);
  }
  .key {
    font-family: var(--ha-font-family-code, monospace);
  }
  .tag {
    padding: 0 6px;
    border-radius: 6px;
    background: var(--sm-hover);
    line-height: 18px;
  }
  .when {
    display: none;
    max-inline-size: none;
    margin-inline-start: auto;
  }
  .end {
    flex: none;
    color: var(--sm-quiet);
    font-size: var(--ha-font-size-s, 12px);
    text-align: end;
    white-space: nowrap;
  }
  .hit {
    display: flex;
    flex-direction: column;
    align-items: flex-end;
    gap: 2px;
    inline-size: 112px;
  }
  .score {
    color: var(--sm-text);
    font-size: var(--ha-font-size-m, 14px);
    font-weight: var(--ha-font-weight-medium, 500);
    line-height: 16px;
  }
  .match {
    line-height: 14px;
    white-space: normal;
  }
  .meter {
    inline-size: 64px;
    block-size: 3px;
    border-radius: 2px;
    background: var(--sm-pressed);
    overflow: hidden;
  }
  .meter i {
    display: block;
    block-size: 100%;
    background: var(--sm-primary);
  }
`;
