import { css } from "lit";

export const memoryStyles = css`
  :host {
    display: flex;
    flex-direction: column;
    min-block-size: 0;
    background: var(--sm-page);
  }
  .bar {
    display: flex;
    flex: none;
    align-items: center;
    gap: 4px;
    min-block-size: 56px;
    padding-inline: 8px;
  }
  .bar h2 {
    flex: 1;
    min-inline-size: 0;
    margin-inline-start: 4px;
    font-size: var(--ha-font-size-l, 16px);
    font-weight: var(--ha-font-weight-medium, 500);
  }
  .content {
    display: grid;
    flex: 1;
    grid-auto-rows: max-content;
    align-content: start;
    gap: 12px;
    min-block-size: 0;
    padding: 0 16px 32px;
  }
  .content > * {
    inline-size: 100%;
    max-inline-size: 760px;
    margin-inline: auto;
  }
  .wait {
    display: grid;
    flex: 1;
    place-items: center;
  }
  ol {
    margin: 0;
    padding: 0;
    list-style: none;
  }
  li + li {
    border-block-start: 1px solid var(--sm-divider);
  }
  q {
    display: block;
    margin-block-start: 4px;
    font-style: italic;
  }
  .save {
    display: flex;
    flex: none;
    flex-wrap: wrap;
    align-items: center;
    justify-content: flex-end;
    gap: 8px;
    padding: 8px 16px;
    border-block-start: 1px solid var(--sm-divider);
    background: var(--sm-surface);
    box-shadow: 0 -2px 8px rgb(0 0 0 / 8%);
  }
  .save span {
    flex: 1;
    font-weight: var(--ha-font-weight-medium, 500);
  }
`;
