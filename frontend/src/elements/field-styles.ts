import { css } from "lit";
import { hiddenText } from "../styles.ts";

/** A box with a label above and a line of help below, for text fields and selections. */
export const fieldStyles = [
  hiddenText,
  css`
    :host {
      display: block;
      min-inline-size: 0;
    }
    label {
      display: block;
      margin-block-end: 4px;
      color: var(--sm-quiet);
      font-size: var(--ha-font-size-s, 12px);
      font-weight: var(--ha-font-weight-medium, 500);
    }
    .box {
      display: flex;
      align-items: center;
      min-block-size: 40px;
      border: 1px solid var(--sm-divider);
      border-radius: var(--sm-radius-small);
      background: var(--sm-surface);
      transition: border-color var(--sm-fast);
    }
    .box:hover {
      border-color: var(--sm-quiet);
    }
    .box:focus-within {
      border-color: var(--sm-strong);
      outline: 1px solid var(--sm-strong);
    }
    .box.wrong {
      border-color: var(--sm-danger);
    }
    .box > sm-icon {
      margin-inline-start: 10px;
      color: var(--sm-quiet);
      --sm-icon-size: 20px;
    }
    input,
    textarea,
    select {
      flex: 1;
      inline-size: 100%;
      min-inline-size: 0;
      min-block-size: 38px;
      padding: 0 12px;
      border: 0;
      outline: none !important;
      background: none;
    }
    input::placeholder,
    textarea::placeholder {
      color: var(--sm-quiet);
      opacity: 1;
    }
    :disabled {
      opacity: 0.6;
    }
    .help,
    .error {
      margin-block-start: 4px;
      color: var(--sm-quiet);
      font-size: var(--ha-font-size-s, 12px);
    }
    .error {
      color: var(--sm-danger-strong);
    }
  `,
];
