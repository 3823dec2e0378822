import { css, html, nothing, type TemplateResult } from "lit";
import type { Hit } from "../api/types.ts";
import "../elements/score.ts";
import type { PanelContext } from "./context.ts";
import { memoryLink } from "./memory-link.ts";

/** What is shown of a hit, whether it was found now or some time ago. */
type ShownHit = Pick<Hit, "id" | "key" | "value" | "score" | "match">;

export const hitStyles = css`
  ol {
    margin: 0;
    padding: 0;
    list-style: none;
  }
  li {
    display: grid;
    grid-template-columns: minmax(0, 1fr) 132px;
    gap: 4px 16px;
    align-items: center;
    padding-block: 8px;
  }
  li + li {
    border-block-start: 1px solid var(--sm-divider);
  }
  li a {
    display: block;
    color: inherit;
    font-weight: var(--ha-font-weight-medium, 500);
    text-decoration: none;
    overflow-wrap: anywhere;
  }
  li a:hover {
    text-decoration: underline;
  }
  .value {
    display: -webkit-box;
    overflow: hidden;
    overflow-wrap: anywhere;
    -webkit-box-orient: vertical;
    -webkit-line-clamp: 6;
  }
  @media (max-width: 600px) {
    li {
      grid-template-columns: minmax(0, 1fr);
    }
  }
`;

/** Returns the hits with their scores, each with what stands below it. */
export function hitList<H extends ShownHit>(
  panel: PanelContext,
  hits: readonly H[],
  below: (hit: H) => TemplateResult | typeof nothing = () => nothing,
): TemplateResult {
  const { t, format } = panel;
  return html`<ol>
    ${hits.map(
      (hit) => html`<li>
        <div>
          ${memoryLink(panel, hit.id, hit.key)}
          <div class="value start" dir="auto">${hit.value}</div>
        </div>
        <sm-score .score=${hit.score} .text=${format.percent(hit.score)} .match=${t(`match.${hit.match}`)}></sm-score>
        ${below(hit)}
      </li>`,
    )}
  </ol>`;
}
