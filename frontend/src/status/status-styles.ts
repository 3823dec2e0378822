import { css } from "lit";

/** What the cards of the page share: rows of facts, columns of buttons. */
export const statusStyles = css`
  :host {
    display: block;
    min-inline-size: 0;
  }
  dl.facts {
    display: grid;
    grid-template-columns: minmax(0, 2fr) minmax(0, 3fr);
    margin: 0;
  }
  dt,
  dd {
    margin: 0;
    overflow-wrap: anywhere;
  }
  dt {
    color: var(--sm-quiet);
  }
  .facts :is(dt, dd) {
    padding-block: 6px;
  }
  .facts dt {
    padding-inline-end: 12px;
  }
  .facts > :nth-child(n + 3) {
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
  .stack > [role="status"]:empty {
    margin-block-start: -12px;
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
