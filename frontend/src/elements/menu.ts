import { mdiCheck } from "@mdi/js";
import { css, html, LitElement, nothing } from "lit";
import { customElement, property, query, state } from "lit/decorators.js";
import { fire } from "../fire.ts";
import { base, scrolling, tokens } from "../styles.ts";
import "./icon.ts";

export interface MenuItem {
  value: string;
  label: string;
  icon?: string;
  /** Set for choices: true for those that hold. */
  checked?: boolean;
  danger?: boolean;
  disabled?: boolean;
  /** Whether a line goes above it. */
  divider?: boolean;
}

/** A menu that opens from whatever is in the slot `trigger` (a button). Fires `sm-select` with the value that was chosen. */
@customElement("sm-menu")
export class SmMenu extends LitElement {
  static override styles = [
    tokens,
    base,
    scrolling,
    css`
      :host {
        display: inline-flex;
        min-inline-size: 0;
      }
      [popover] {
        position: fixed;
        inset: auto;
        min-inline-size: 180px;
        max-inline-size: min(340px, calc(100vw - 16px));
        max-block-size: min(480px, calc(100dvh - 32px));
        margin: 0;
        padding: 4px;
        border: 0;
        border-radius: var(--ha-border-radius-lg, 12px);
        background: var(--sm-surface);
        color: var(--sm-text);
        box-shadow: var(--sm-shadow);
      }
      button {
        display: flex;
        align-items: center;
        gap: 12px;
        inline-size: 100%;
        min-block-size: 40px;
        padding: 6px 12px;
        border: 0;
        border-radius: var(--sm-radius-small);
        background: none;
        text-align: start;
        --sm-icon-size: 20px;
      }
      button:is(:hover, :focus-visible) {
        background: var(--sm-hover);
      }
      button:focus-visible {
        outline-offset: -2px;
      }
      button sm-icon {
        color: var(--sm-quiet);
      }
      [aria-checked="true"],
      [aria-checked="true"] sm-icon {
        color: var(--sm-strong);
      }
      .danger,
      .danger sm-icon {
        color: var(--sm-danger-strong);
      }
      button:disabled {
        opacity: 0.45;
      }
      .text {
        flex: 1;
        min-inline-size: 0;
        overflow-wrap: anywhere;
      }
      hr {
        margin: 4px 0;
        border: 0;
        border-block-start: 1px solid var(--sm-divider);
      }
    `,
  ];

  @property({ attribute: false }) items: MenuItem[] = [];
  /** Name of the menu. */
  @property() label = "";

  @query("[popover]") private popup!: HTMLElement;
  @state() private opened = false;

  private get buttons(): HTMLButtonElement[] {
    return [...this.popup.querySelectorAll<HTMLButtonElement>("button:enabled")];
  }

  private toggle(): void {
    if (this.opened) this.popup.hidePopover();
    else this.popup.showPopover();
  }

  private place(): void {
    const trigger = this.getBoundingClientRect();
    const { offsetWidth: width, offsetHeight: height } = this.popup;
    const startsRight = getComputedStyle(this).direction === "rtl";
    const left = startsRight ? trigger.right - width : trigger.left;
    const below = trigger.bottom + 4 + height <= innerHeight || trigger.top < height;
    this.popup.style.left = `${Math.max(8, Math.min(left, innerWidth - width - 8))}px`;
    this.popup.style.top = `${Math.max(8, below ? Math.min(trigger.bottom + 4, innerHeight - height - 8) : trigger.top - height - 4)}px`;
  }

  private async onToggle(event: ToggleEvent): Promise<void> {
    this.opened = event.newState === "open";
    fire(this, "sm-toggle", { open: this.opened });
    if (!this.opened) return;
    await this.updateComplete; // its size is that of its items
    this.place();
    (this.buttons.find((button) => button.getAttribute("aria-checked") === "true") ?? this.buttons[0])?.focus();
  }

  private close(): void {
    this.popup.hidePopover();
    this.querySelector<HTMLElement>("[slot=trigger]")?.focus();
  }

  private onKey(event: KeyboardEvent): void {
    const { buttons } = this;
    const at = buttons.indexOf(this.shadowRoot?.activeElement as HTMLButtonElement);
    const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: buttons.length - 1 }[event.key];
    if (to !== undefined) buttons.at(to % buttons.length)?.focus();
    else if (event.key === "Escape" || event.key === "Tab") this.close();
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  private choose(value: string): void {
    this.close();
    fire(this, "sm-select", { value });
  }

  protected override render() {
    return html`
      <slot name="trigger" @click=${this.toggle}></slot>
      <div popover="auto" class="scroll" role="menu" aria-label=${this.label} @toggle=${this.onToggle} @keydown=${this.onKey}>
        ${this.opened ? this.items.map((item) => this.renderItem(item)) : nothing}
      </div>
    `;
  }

  private renderItem({ value, label, icon, checked, danger, disabled, divider }: MenuItem) {
    return html`${divider ? html`<hr />` : nothing}<button
        type="button"
        tabindex="-1"
        role=${checked === undefined ? "menuitem" : "menuitemradio"}
        aria-checked=${checked === undefined ? nothing : String(checked)}
        class=${danger ? "danger" : ""}
        ?disabled=${disabled}
        @click=${() => this.choose(value)}
      >
        ${icon ? html`<sm-icon .path=${icon}></sm-icon>` : nothing}
        <span class="text" dir="auto">${label}</span>
        ${checked ? html`<sm-icon .path=${mdiCheck}></sm-icon>` : nothing}
      </button>`;
  }
}
