import { css } from "lit";
import { hiddenText } from "../styles.ts";

export const cardStyles = [
  hiddenText,
  css`
    :host {
      display: block;
      block-size: 100%;
      container-type: inline-size;
    }
    .card {
      position: relative; 
      display: flex;
      flex-direction: column;
      block-size: 100%;
      overflow: hidden;
      border: var(--ha-card-border-width, 1px) solid var(--ha-card-border-color, var(--sm-divider));
      border-radius: var(--sm-radius);
      background: var(--ha-card-background, var(--sm-surface));
      box-shadow: var(--ha-card-box-shadow, none);
      backdrop-filter: var(--ha-card-backdrop-filter, none);
    }
    h2 {
      padding: 12px 16px 0;
      overflow-wrap: anywhere;
      color: var(--ha-card-header-color, var(--sm-text));
      font-family: var(--ha-card-header-font-family, inherit);
      font-size: var(--ha-font-size-l, 16px);
      font-weight: var(--ha-font-weight-medium, 500);
      line-height: 1.5;
    }
    svg {
      flex: none;
      inline-size: 20px;
      block-size: 20px;
      fill: currentcolor;
    }
    form {
      display: flex;
      align-items: center;
      gap: 8px;
      min-block-size: 44px;
      margin: 12px 12px 0;
      padding-inline: 12px 4px;
      border: 1px solid var(--sm-divider);
      border-radius: var(--sm-pill);
      background: var(--sm-field);
      color: var(--sm-quiet);
    }
    form:focus-within {
      border-color: var(--sm-strong);
      outline: 1px solid var(--sm-strong);
    }
    input {
      flex: 1;
      min-inline-size: 0;
      min-block-size: 42px;
      padding: 0;
      border: 0;
      outline: none !important;
      background: none;
      color: var(--sm-text);
      text-overflow: ellipsis;
    }
    input::placeholder {
      color: var(--sm-quiet);
      opacity: 1;
    }
    form button {
      display: grid;
      flex: none;
      place-items: center;
      inline-size: 36px;
      block-size: 36px;
      padding: 0;
      border: 0;
      border-radius: 50%;
      background: none;
    }
    form button:hover {
      background: var(--sm-hover);
    }
    .busy {
      flex: none;
      inline-size: 18px;
      block-size: 18px;
      margin-inline-end: 9px;
      border: 2px solid color-mix(in srgb, var(--sm-primary) 25%, transparent);
      border-block-start-color: var(--sm-primary);
      border-radius: 50%;
      animation: turn 0.9s linear infinite;
    }
    @keyframes turn {
      to {
        transform: rotate(1turn);
      }
    }
    .body {
      flex: 1;
      min-block-size: 0;
      padding: 8px 0;
      overflow-y: auto;
      scrollbar-width: thin;
    }
    h3 {
      display: flex;
      align-items: center;
      gap: 6px;
      padding: 4px 16px;
      color: var(--sm-quiet);
      font-size: var(--ha-font-size-s, 12px);
      font-weight: var(--ha-font-weight-medium, 500);
    }
    h3 svg {
      inline-size: 14px;
      block-size: 14px;
    }
    ul {
      margin: 0;
      padding: 0;
      list-style: none;
    }
    li a {
      display: block;
      padding: 8px 16px;
      color: inherit;
      text-decoration: none;
    }
    li a:focus-visible {
      outline-offset: -3px;
      border-radius: 6px;
    }
    @media (hover: hover) {
      li a:hover {
        background: var(--sm-hover);
      }
    }
    .value {
      display: -webkit-box;
      overflow: hidden;
      overflow-wrap: anywhere;
      -webkit-box-orient: vertical;
      -webkit-line-clamp: 3;
      line-clamp: 3;
      white-space: pre-line;
    }
    .about {
      display: flex;
      flex-wrap: wrap;
      align-items: center;
      gap: 2px 10px;
      margin-block-start: 2px;
      color: var(--sm-quiet);
      font-size: var(--ha-font-size-s, 12px);
    }
    .about > * {
      display: inline-flex;
      align-items: center;
      gap: 4px;
    }
    .about svg {
      inline-size: 14px;
      block-size: 14px;
    }
    .score {
      color: var(--sm-text);
      font-weight: var(--ha-font-weight-medium, 500);
      font-variant-numeric: tabular-nums;
    }
    .bar {
      inline-size: 36px;
      block-size: 6px;
      overflow: hidden;
      border-radius: 3px;
      background: var(--sm-pressed);
    }
    .bar > span {
      display: block;
      min-inline-size: 3px;
      block-size: 100%;
      border-radius: 3px;
      background: var(--sm-primary);
    }
    .quiet {
      padding: 8px 16px;
      color: var(--sm-quiet);
    }
    .error {
      padding: 8px 16px;
      overflow-wrap: anywhere;
      color: var(--sm-danger-strong);
    }
    @container (inline-size < 260px) {
      h2 {
        padding-inline: 12px;
      }
      form {
        margin-inline: 8px;
        padding-inline-start: 8px;
      }
      form > svg,
      .bar {
        display: none;
      }
      li a,
      h3,
      .quiet,
      .error {
        padding-inline: 12px;
      }
    }
  `,
];
