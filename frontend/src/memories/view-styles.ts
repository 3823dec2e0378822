import { css } from "lit";

export const viewStyles = css`
  :host {
    display: flex;
    flex-direction: column;
    min-block-size: 0;
  }
  .view {
    position: relative;
    display: flex;
    flex: 1;
    min-block-size: 0;
  }
  .filters {
    flex: none;
    inline-size: 268px;
    padding: 16px 12px;
    border-inline-end: 1px solid var(--sm-divider);
  }
  .list {
    position: relative;
    display: flex;
    flex: 1 1 0;
    flex-direction: column;
    min-inline-size: 0;
  }
  /* It keeps its place while one memory takes the whole page. */
  .list.behind {
    position: absolute;
    inset: 0;
    visibility: hidden;
  }
  sm-memory-list {
    flex: 1;
    min-block-size: 0;
    border-block-start: 1px solid var(--sm-divider);
  }
  sm-empty {
    flex: 1;
  }
  .memory {
    display: flex;
    flex: 1 1 0;
    min-inline-size: 0;
  }
  .list:not(.behind) + .memory {
    flex: 0 0 clamp(420px, 46%, 620px);
    border-inline-start: 1px solid var(--sm-divider);
  }
  sm-memory-view {
    flex: 1;
    min-inline-size: 0;
  }
  .wait {
    display: grid;
    flex: 1;
    place-items: center;
  }
  .fab {
    position: absolute;
    inset-block-end: 16px;
    inset-inline-end: 16px;
    display: inline-flex;
    align-items: center;
    gap: 8px;
    min-block-size: 48px;
    padding: 0 20px 0 16px;
    border: 0;
    border-radius: var(--sm-pill);
    background: var(--sm-fill);
    color: var(--text-primary-color, #fff);
    box-shadow: var(--sm-shadow);
    font-size: var(--ha-font-size-l, 16px);
    font-weight: var(--ha-font-weight-medium, 500);
  }
  .fab:dir(rtl) {
    padding: 0 16px 0 20px;
  }
  .fab:hover {
    filter: brightness(1.1);
  }
`;
