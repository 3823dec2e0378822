import { mdiClose } from "@mdi/js";
import { css, html, LitElement, nothing } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import { base, tokens } from "../styles.ts";
import "./icon-button.ts";

export interface Toast {
  message: string;
  /** What can be done about it, for example undo it. */
  action?: { label: string; run: () => void };
  /** Milliseconds until it goes, 8,000 with an action and 4,000 without one. */
  duration?: number;
}

/** Short news at the bottom of the page, said to screen readers, one at a time. It stays while somebody points at it. */
@customElement("sm-toast")
export class SmToast extends LitElement {
  static override styles = [
    tokens,
    base,
    css`
      :host {
        position: absolute;
        z-index: 10;
        inset-block-end: calc(16px + var(--sm-toast-offset, 0px));
        inset-inline: 16px;
        display: flex;
        pointer-events: none;
      }
      .toast {
        display: flex;
        align-items: center;
        gap: 4px;
        min-inline-size: min(320px, 100%);
        max-inline-size: min(560px, 100%);
        padding: 4px 4px 4px 16px;
        border-radius: var(--ha-border-radius-lg, 12px);
        background: var(--ha-color-surface-default-inverted, #323232);
        color: var(--ha-color-text-primary-inverted, #fff);
        box-shadow: var(--sm-shadow);
        pointer-events: auto;
        animation: rise var(--sm-fast);
      }
      .toast:dir(rtl) {
        padding: 4px 16px 4px 4px;
      }
      @keyframes rise {
        from {
          opacity: 0;
          transform: translateY(12px);
        }
      }
      span {
        flex: 1;
        min-inline-size: 0;
        padding-block: 8px;
        overflow-wrap: anywhere;
      }
      .action {
        min-block-size: 40px;
        padding: 0 12px;
        border: 0;
        border-radius: var(--sm-pill);
        background: none;
        color: color-mix(in oklab, var(--sm-primary), var(--ha-color-text-primary-inverted, #fff) 45%);
        font-weight: var(--ha-font-weight-medium, 500);
      }
      .action:hover {
        background: color-mix(in srgb, currentcolor 14%, transparent);
      }
    `,
  ];

  @property() closeLabel = "";
  @state() private toast?: Toast;
  private timer?: ReturnType<typeof setTimeout>;

  show(toast: Toast): void {
    this.toast = toast;
    this.wait();
  }

  close(): void {
    clearTimeout(this.timer);
    this.toast = undefined;
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.close();
  }

  private wait(): void {
    clearTimeout(this.timer);
    if (!this.toast) return;
    this.timer = setTimeout(() => this.close(), this.toast.duration ?? (this.toast.action ? 8_000 : 4_000));
  }

  protected override render() {
    const { toast } = this;
    const stay = () => clearTimeout(this.timer);
    return html`<div role="status" aria-live="polite">
      ${
        toast
          ? html`<div class="toast" @pointerenter=${stay} @focusin=${stay} @pointerleave=${this.wait} @focusout=${this.wait}>
              <span dir="auto">${toast.message}</span>
              ${
                toast.action
                  ? html`<button
                      type="button"
                      class="action"
                      @click=${() => {
                        this.close();
                        toast.action?.run();
                      }}
                    >
                      ${toast.action.label}
                    </button>`
                  : nothing
              }
              <sm-icon-button .path=${mdiClose} .label=${this.closeLabel} @click=${this.close}></sm-icon-button>
            </div>`
          : nothing
      }
    </div>`;
  }
}
