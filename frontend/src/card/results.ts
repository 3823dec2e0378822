import { mdiAccountGroupOutline, mdiAccountOutline, mdiTimerSandComplete } from "@mdi/js";
import { html, nothing, svg, type TemplateResult } from "lit";
import { repeat } from "lit/directives/repeat.js";
import { styleMap } from "lit/directives/style-map.js";
import type { Hit, Memory } from "../api/types.ts";
import type { Format } from "../format.ts";
import { followsHere, navigate } from "../home-assistant.ts";
import type { Localize } from "../localize.ts";

/** Milliseconds: seven days, as everywhere. */
const SOON = 7 * 86_400_000;

/** Where the panel shows one memory. */
export function addressOf(memory: Memory): string {
  return `/semantic-memory/memories/${encodeURIComponent(memory.id)}`;
}

/** An icon without the elements of the panel, which may be loaded from another bundle. */
export function icon(path: string): TemplateResult {
  return html`<svg viewBox="0 0 24 24" aria-hidden="true">${svg`<path d=${path}></path>`}</svg>`;
}

/** Lists memories as links to the panel; values are text. */
export function renderMemories(memories: readonly (Memory | Hit)[], t: Localize, format: Format): TemplateResult {
  return html`<ul>
    ${repeat(
      memories,
      ({ id }) => id,
      (memory) =>
        html`<li>
          <a href=${addressOf(memory)} @click=${open}>
            <span class="value" dir="auto">${memory.value}</span>
            <span class="about">
              ${"score" in memory ? renderScore(memory, t, format) : nothing}
              <span>
                ${icon(memory.owner === "household" ? mdiAccountGroupOutline : mdiAccountOutline)}
                ${t(memory.owner === "household" ? "scope.household" : "scope.user")}
              </span>
              ${
                endsSoon(memory)
                  ? html`<span>${icon(mdiTimerSandComplete)} ${t("card.until", { date: format.date(memory.expires_at) })}</span>`
                  : nothing
              }
            </span>
          </a>
        </li>`,
    )}
  </ul>`;
}

/** Whether a memory's end is near enough to matter to somebody who looks for something. */
export function endsSoon(memory: Memory, now = Date.now()): memory is Memory & { expires_at: string } {
  return memory.expires_at !== null && Date.parse(memory.expires_at) - now < SOON;
}

function renderScore(hit: Hit, t: Localize, format: Format): TemplateResult {
  return html`<span class="score">
      <span class="bar" aria-hidden="true"><span style=${styleMap({ inlineSize: `${hit.score * 100}%` })}></span></span>
      <span aria-label=${t("card.score", { percent: format.percent(hit.score) })}>${format.percent(hit.score)}</span>
    </span>
    <span>${t(`match.${hit.match}`)}</span>`;
}

/** Goes on inside Home Assistant, unless another tab or window is wanted. */
function open(event: MouseEvent): void {
  if (!followsHere(event)) return;
  event.preventDefault();
  navigate((event.currentTarget as HTMLAnchorElement).pathname);
}
