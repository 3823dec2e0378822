import { css } from "lit";

export const listStyles = css`
  :host {
    display: flex;
    flex-direction: column;
    background: var(--sm-surface);
  }
  .scroll {
    flex: 1;
    min-block-size: 0;
    contain: strict;
  }
  .scroll:focus-visible {
    outline: none;
  }
  .all {
    position: relative;
    inline-size: 100%;
  }
  .row,
  .group {
    position: absolute;
    inset-block-start: 0;
    inset-inline: 0;
    display: flex;
    align-items: center;
    gap: 16px;
    padding-inline: 16px;
    border-block-end: 1px solid var(--sm-divider);
  }
  .row {
    cursor: pointer;
  }
  .row:hover {
    background: var(--sm-hover);
  }
  .row[aria-selected="true"] {
    background: var(--sm-tint);
  }
  .scroll:focus-visible .row.active {
    outline: 2px solid var(--sm-strong);
    outline-offset: -2px;
  }
  .compact .row {
    gap: 12px;
    padding-inline: 12px;
  }
  .compact .all {
    --sm-value-lines: 2;
  }
  .compact .key,
  .compact .tag ~ .tag {
    display: none;
  }
  .compact .end:not(.hit) {
    display: none;
  }
  .compact .when {
    display: inline;
  }
  .compact .hit {
    inline-size: 76px;
  }
  .group {
    inline-size: 100%;
    padding-block: 0;
    border-width: 0 0 1px;
    border-style: solid;
    border-color: var(--sm-divider);
    background: var(--sm-page);
    font-weight: var(--ha-font-weight-medium, 500);
    gap: 8px;
    cursor: pointer;
    user-select: none;
  }
  .group .count {
    color: var(--sm-quiet);
    font-weight: 400;
  }
  .ghost {
    flex: 1;
    block-size: 14px;
    max-inline-size: 60%;
    border-radius: 7px;
    background: var(--sm-hover);
  }
`;
