import { css } from "lit";

/**
 * What everything else is made of: Home Assistant's own variables under short names, with its defaults where a theme is silent.
 * `--sm-strong` is the primary colour made readable as small text, `--sm-fill` the one that white text is readable on.
 */
export const tokens = css`
  :host {
    --sm-primary: var(--primary-color, #009ac7);
    --sm-text: var(--primary-text-color, #141414);
    --sm-quiet: var(--secondary-text-color, #5e5e5e);
    --sm-surface: var(--card-background-color, #fff);
    --sm-page: var(--primary-background-color, #fafafa);
    --sm-divider: var(--divider-color, rgb(0 0 0 / 12%));
    --sm-danger: var(--error-color, #db4437);
    --sm-warning: var(--warning-color, #ffa600);
    --sm-success: var(--success-color, #43a047);
    --sm-strong: color-mix(in oklab, var(--sm-primary), var(--sm-text) 38%);
    --sm-fill: color-mix(in oklab, var(--sm-primary), #000 26%);
    --sm-danger-strong: color-mix(in oklab, var(--sm-danger), var(--sm-text) 30%);
    --sm-tint: color-mix(in srgb, var(--sm-primary) 12%, transparent);
    --sm-hover: color-mix(in srgb, var(--sm-text) 6%, transparent);
    --sm-pressed: color-mix(in srgb, var(--sm-text) 12%, transparent);
    --sm-field: var(--ha-color-form-background, var(--input-fill-color, #f5f5f5));
    --sm-field-line: var(--ha-color-border-neutral-loud, var(--sm-quiet));
    --sm-radius: var(--ha-card-border-radius, var(--ha-border-radius-lg, 12px));
    --sm-radius-small: var(--ha-border-radius-md, 8px);
    --sm-pill: var(--ha-border-radius-pill, 9999px);
    --sm-shadow: 0 4px 16px rgb(0 0 0 / 22%), 0 1px 3px rgb(0 0 0 / 18%);
    --sm-fast: 120ms ease-out;
  }
`;

/** Text, focus and motion: in the styles of every element. */
export const base = css`
  :host {
    color: var(--sm-text);
    font-family: var(--ha-font-family-body, Roboto, Noto, sans-serif);
    font-size: var(--ha-font-size-m, 14px);
    line-height: 1.45;
    -webkit-font-smoothing: var(--ha-font-smoothing, antialiased);
  }
  :host([hidden]),
  [hidden] {
    display: none !important;
  }
  *,
  ::before,
  ::after {
    box-sizing: border-box;
  }
  /* Texts of another direction than the page run their way, but keep to its edges. */
  [dir="auto"]:not(input, textarea) {
    text-align: -webkit-match-parent;
    text-align: match-parent;
  }
  /* So do those of ours that are not translated: their full stops belong to their ends. */
  :where(:is(p, dt, dd, h1, h2, h3, label, legend, small, span, .help, .error):dir(rtl)) {
    text-align: -webkit-match-parent;
    text-align: match-parent;
    unicode-bidi: plaintext;
  }
  button,
  input,
  select,
  textarea {
    font: inherit;
    color: inherit;
  }
  button {
    cursor: pointer;
    -webkit-tap-highlight-color: transparent;
  }
  button:disabled {
    cursor: default;
  }
  a {
    color: var(--sm-strong);
  }
  :focus-visible {
    outline: 2px solid var(--sm-strong);
    outline-offset: 2px;
  }
  :focus:not(:focus-visible) {
    outline: none;
  }
  h1,
  h2,
  h3,
  p {
    margin: 0;
  }
  @media (prefers-reduced-motion: reduce) {
    *,
    ::before,
    ::after {
      animation-duration: 1ms !important;
      transition-duration: 1ms !important;
      scroll-behavior: auto !important;
    }
  }
`;

/** For things that only screen readers are told. */
export const hiddenText = css`
  .sr {
    position: absolute;
    inline-size: 1px;
    block-size: 1px;
    overflow: hidden;
    clip-path: inset(50%);
    white-space: nowrap;
  }
`;

/** Scrolling areas with Home Assistant's thin bars. */
export const scrolling = css`
  .scroll {
    position: relative; /* what is only for screen readers scrolls along */
    overflow: auto;
    overscroll-behavior: contain;
    scrollbar-width: thin;
    scrollbar-color: var(--scrollbar-thumb-color, var(--sm-quiet)) transparent;
  }
`;
