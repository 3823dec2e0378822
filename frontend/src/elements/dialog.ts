import { mdiClose } from "@mdi/js";
import { css, html, LitElement, nothing } from "lit";
import { customElement, property, query } from "lit/decorators.js";
import { fire } from "../fire.ts";
import { base, scrolling, tokens } from "../styles.ts";
import "./icon-button.ts";

/**
 * A modal dialog on the browser's own: it keeps the focus in, and gives it back. Fires `sm-close` when Escape, the cross or a click
 * beside it asks for closing; the owner then takes `open` away. Slots: the content, `actions`.
 */
@customElement("sm-dialog")
export class SmDialog extends LitElement {
  static override styles = [
    tokens,
    base,
    scrolling,
    css`
      dialog {
        inline-size: min(var(--sm-dialog-width, 560px), calc(100vw - 32px));
        max-block-size: min(860px, calc(100dvh - 48px));
        padding: 0;
        border: 0;
        border-radius: var(--ha-border-radius-3xl, 24px);
        background: var(--ha-dialog-surface-background, var(--sm-surface));
        color: var(--sm-text);
        box-shadow: var(--sm-shadow);
        overflow: hidden;
      }
      dialog[open] {
        display: flex;
        flex-direction: column;
        animation: appear var(--sm-fast);
      }
      @keyframes appear {
        from {
          opacity: 0;
          transform: translateY(8px);
        }
      }
      dialog::backdrop {
        background: rgb(0 0 0 / 45%);
      }
      header {
        display: flex;
        align-items: center;
        gap: 8px;
        padding: 16px 16px 8px 24px;
      }
      :host(:dir(rtl)) header {
        padding: 16px 24px 8px 16px;
      }
      h2 {
        flex: 1;
        min-inline-size: 0;
        font-size: var(--ha-font-size-xl, 20px);
        font-weight: var(--ha-font-weight-normal, 400);
        line-height: 1.3;
        overflow-wrap: anywhere;
      }
      .content {
        flex: 1;
        min-block-size: 0;
        padding: 8px 24px 16px;
      }
      footer {
        display: flex;
        flex-wrap: wrap;
        justify-content: flex-end;
        gap: 8px;
        padding: 8px 24px 20px;
      }
      @media (max-width: 500px) {
        dialog[open] {
          inline-size: 100vw;
          max-inline-size: none;
          max-block-size: calc(100dvh - var(--safe-area-inset-top, 0px) - 24px);
          margin-block-end: 0;
          padding-block-end: var(--safe-area-inset-bottom, 0px);
          border-end-start-radius: 0;
          border-end-end-radius: 0;
        }
        .content {
          padding-inline: 16px;
        }
        header {
          padding-inline: 16px 8px;
        }
        footer {
          padding-inline: 16px;
        }
      }
    `,
  ];

  @property({ type: Boolean }) open = false;
  @property() heading = "";
  @property() closeLabel = "";
  /** Whether it has buttons in `actions`. */
  @property({ type: Boolean }) plain = false;

  @query("dialog") private dialog!: HTMLDialogElement;
  private pressedBeside = false;

  protected override updated(): void {
    if (this.open && !this.dialog.open) {
      this.dialog.showModal();
      // Elements that came with it have no field to put the focus in before they have rendered, too.
      requestAnimationFrame(() => this.querySelector<HTMLElement>("[autofocus]")?.focus());
    } else if (!this.open && this.dialog.open) this.dialog.close();
  }

  override disconnectedCallback(): void {
    this.dialog?.close();
    super.disconnectedCallback();
  }

  private ask(event: Event): void {
    event.preventDefault();
    fire(this, "sm-close");
  }

  private isBeside = (event: MouseEvent): boolean => event.composedPath()[0] === this.dialog;

  protected override render() {
    return html`<dialog
      aria-labelledby="heading"
      @cancel=${this.ask}
      @pointerdown=${(event: PointerEvent) => {
        this.pressedBeside = this.isBeside(event);
      }}
      @click=${(event: MouseEvent) => this.pressedBeside && this.isBeside(event) && fire(this, "sm-close")}
    >
      <header>
        <h2 id="heading" dir="auto">${this.heading}</h2>
        <sm-icon-button .path=${mdiClose} .label=${this.closeLabel} @click=${() => fire(this, "sm-close")}></sm-icon-button>
      </header>
      <div class="content scroll"><slot></slot></div>
      ${this.plain ? nothing : html`<footer><slot name="actions"></slot></footer>`}
    </dialog>`;
  }
}
