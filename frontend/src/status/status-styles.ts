import { css } from "lit";

/** What the cards of the page share: rows of facts, columns of buttons. */
export const statusStyles = css`
  :host {
    display: block;
    min-inline-size: 0;
  }
  dl {
    display: grid;
    grid-template-columns: minmax(0, 2fr) minmax(0, 3fr);
    margin: 0;
  }
  dt,
  dd {
    margin: 0;
    padding-block: 6px;
    overflow-wrap: anywhere;
  }
  dt {
    padding-inline-end: 12px;
    color: var(--sm-quiet);
  }
  dl > :nth-child(n + 3) {
    border-block-start: 1px solid var(--sm-divider);
  }
  .quiet {
    color: var(--sm-quiet);
  }
  .small {
    font-size: var(--ha-font-size-s, 12px);
  }
  .stack {
    display: flex;
    flex-direction: column;
    gap: 12px;
  }
  .row {
    display: flex;
    flex-wrap: wrap;
    align-items: center;
    gap: 8px;
  }
  .row.end {
    justify-content: flex-end;
  }
  .fields {
    align-items: flex-start;
  }
  .row > sm-text-field,
  .row > sm-select {
    flex: 1 1 180px;
  }
`;
