import { css } from "lit";

export const mapStyles = css`
  :host {
    display: block;
    min-block-size: 0;
    container-type: size;
  }
  .page {
    display: flex;
    flex-direction: column;
    gap: 12px;
    block-size: 100%;
    padding: 12px 16px 16px;
  }
  .bar {
    display: flex;
    flex: none;
    flex-wrap: wrap;
    align-items: center;
    gap: 8px 12px;
  }
  .bar sm-text-field {
    flex: 1 1 220px;
    max-inline-size: 480px;
  }
  .bar sm-segments {
    margin-inline-start: auto;
  }
  .area {
    display: grid;
    flex: 1;
    grid-template-columns: minmax(0, 1fr) 300px;
    gap: 12px;
    min-block-size: 0;
  }
  .stage {
    position: relative;
    display: flex;
    flex-direction: column;
    min-inline-size: 0;
    min-block-size: 0;
    border: var(--ha-card-border-width, 1px) solid var(--ha-card-border-color, var(--sm-divider));
    border-radius: var(--sm-radius);
    background: var(--sm-surface);
    overflow: hidden;
  }
  sm-map-canvas {
    flex: 1;
    min-block-size: 0;
    border-radius: inherit;
  }
  .notes {
    position: absolute;
    inset-block-end: 12px;
    inset-inline: 12px 64px;
    display: flex;
    flex-direction: column;
    align-items: flex-start;
    gap: 4px;
    pointer-events: none;
  }
  .notes p {
    padding: 2px 8px;
    border-radius: 6px;
    background: color-mix(in srgb, var(--sm-surface) 86%, transparent);
    color: var(--sm-quiet);
    font-size: var(--ha-font-size-s, 12px);
  }
  aside {
    display: flex;
    flex-direction: column;
    gap: 12px;
    min-block-size: 0;
  }
  sm-map-list {
    flex: 1;
    min-block-size: 0;
  }
  .elsewhere {
    color: var(--sm-quiet);
    font-size: var(--ha-font-size-s, 12px);
  }
  details {
    color: var(--sm-quiet);
    font-size: var(--ha-font-size-s, 12px);
  }
  summary {
    inline-size: fit-content;
    cursor: pointer;
  }
  .wait {
    display: grid;
    flex: 1;
    place-items: center;
  }
  sm-empty {
    flex: 1;
  }
  /* On narrow pages the map is the page: the legend becomes a row to swipe, the list opens below it. */
  @container (width < 860px) {
    .page {
      gap: 8px;
      padding: 8px;
    }
    .bar sm-text-field {
      max-inline-size: none;
    }
    .area {
      grid-template-columns: minmax(0, 1fr);
      grid-template-rows: minmax(0, 1fr) auto;
      gap: 8px;
    }
    aside {
      gap: 8px;
      max-block-size: 45cqh;
    }
    .about {
      display: none;
    }
    sm-map-list {
      max-block-size: 32cqh;
    }
  }
  @container (width < 500px) {
    .bar sm-text-field {
      flex-basis: 120px;
    }
  }
`;
