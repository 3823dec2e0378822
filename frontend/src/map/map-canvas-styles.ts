import { css } from "lit";

export const mapCanvasStyles = css`
  :host {
    position: relative;
    display: block;
    overflow: hidden;
    background: var(--sm-surface);
  }
  canvas {
    position: absolute;
    inset: 0;
    inline-size: 100%;
    block-size: 100%;
    touch-action: none;
    user-select: none;
  }
  .front {
    cursor: grab;
    border-radius: inherit;
  }
  .front:active {
    cursor: grabbing;
  }
  .front.over {
    cursor: pointer;
  }
  .front:focus-visible {
    outline-offset: -3px;
  }
  .buttons {
    position: absolute;
    inset-block-end: 12px;
    inset-inline-end: 12px;
    display: flex;
    flex-direction: column;
    gap: 4px;
  }
  .tip {
    position: absolute;
    inset-block-start: 0;
    left: 0;
    inline-size: max-content;
    max-inline-size: min(300px, calc(100% - 24px));
    padding: 8px 12px;
    border: 1px solid var(--sm-divider);
    border-radius: var(--sm-radius-small);
    background: var(--sm-surface);
    box-shadow: var(--sm-shadow);
    pointer-events: none;
  }
  .tip strong,
  .tip span {
    display: block;
    overflow-wrap: anywhere;
  }
  .tip strong {
    font-weight: var(--ha-font-weight-medium, 500);
  }
  .tip .more {
    margin-block-start: 4px;
    color: var(--sm-quiet);
    font-size: var(--ha-font-size-s, 12px);
  }
`;
