import { mdiAlertCircleOutline, mdiAlertOutline, mdiCheckCircleOutline, mdiInformationOutline } from "@mdi/js";
import { css, html, LitElement } from "lit";
import { customElement, property } from "lit/decorators.js";
import { base, tokens } from "../styles.ts";
import "./icon.ts";

const ICONS = {
  error: mdiAlertCircleOutline,
  warning: mdiAlertOutline,
  info: mdiInformationOutline,
  success: mdiCheckCircleOutline,
};

/** A sentence that matters, with what to do about it in the slot `action`. */
@customElement("sm-alert")
export class SmAlert extends LitElement {
  static override styles = [
    tokens,
    base,
    css`
      :host {
        display: block;
        --sm-alert-color: var(--info-color, #039be5);
      }
      :host([kind="error"]) {
        --sm-alert-color: var(--sm-danger);
      }
      :host([kind="warning"]) {
        --sm-alert-color: var(--sm-warning);
      }
      :host([kind="success"]) {
        --sm-alert-color: var(--sm-success);
      }
      div {
        display: flex;
        flex-wrap: wrap;
        align-items: center;
        gap: 4px 12px;
        padding: 8px 12px;
        border-radius: var(--sm-radius-small);
        background: color-mix(in srgb, var(--sm-alert-color) 12%, transparent);
      }
      sm-icon {
        color: var(--sm-alert-color);
      }
      span {
        flex: 1 1 200px;
        min-inline-size: 0;
        overflow-wrap: anywhere;
      }
    `,
  ];

  @property({ reflect: true }) kind: keyof typeof ICONS = "info";

  protected override render() {
    return html`<div role=${this.kind === "error" ? "alert" : "status"}>
      <sm-icon .path=${ICONS[this.kind]}></sm-icon>
      <span><slot></slot></span>
      <slot name="action"></slot>
    </div>`;
  }
}
