import { css } from "lit";

/** An entry of the timeline: its icon, what happened, and by whom. */
export const entryStyles = css`
  :host {
    display: block;
  }
  article {
    display: grid;
    grid-template-columns: 36px minmax(0, 1fr) auto;
    gap: 0 12px;
    padding: 12px 16px;
  }
  .icon {
    display: grid;
    place-items: center;
    inline-size: 36px;
    block-size: 36px;
    border-radius: 50%;
    background: var(--sm-hover);
    color: var(--sm-quiet);
    --sm-icon-size: 20px;
  }
  .icon.recall {
    background: var(--sm-tint);
    color: var(--sm-strong);
  }
  .icon.set,
  .icon.restore {
    background: color-mix(in srgb, var(--sm-success) 16%, transparent);
    color: color-mix(in oklab, var(--sm-success), var(--sm-text) 35%);
  }
  .icon.forget {
    background: color-mix(in srgb, var(--sm-danger) 14%, transparent);
    color: var(--sm-danger-strong);
  }
  .main {
    min-inline-size: 0;
  }
  h3 {
    font-size: inherit;
    font-weight: var(--ha-font-weight-medium, 500);
    overflow-wrap: anywhere;
  }
  h3 a {
    color: inherit;
    text-decoration: none;
  }
  h3 a:hover {
    text-decoration: underline;
  }
  .what {
    color: var(--sm-quiet);
    font-weight: var(--ha-font-weight-normal, 400);
  }
  .way,
  time {
    color: var(--sm-quiet);
    font-size: var(--ha-font-size-s, 12px);
  }
  time {
    padding-block-start: 2px;
    white-space: nowrap;
    font-variant-numeric: tabular-nums;
  }
  .text {
    margin-block: 2px;
    overflow-wrap: anywhere;
    white-space: pre-line;
  }
  /* Of long texts the beginning: the whole is a click away. */
  .start {
    display: -webkit-box;
    overflow: hidden;
    -webkit-box-orient: vertical;
    -webkit-line-clamp: 6;
  }
  .gone {
    color: var(--sm-quiet);
    text-decoration: line-through;
  }
  .actions {
    display: flex;
    flex-wrap: wrap;
    gap: 4px 8px;
    margin: 4px 0 -4px -12px;
  }
  :host(:dir(rtl)) .actions {
    margin: 4px -12px -4px 0;
  }
  dl {
    display: grid;
    grid-template-columns: auto minmax(0, 1fr);
    gap: 2px 12px;
    margin: 4px 0;
  }
  dt {
    color: var(--sm-quiet);
  }
  dd {
    margin: 0;
    min-inline-size: 0;
    overflow-wrap: anywhere;
  }
`;
