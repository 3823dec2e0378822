import { mdiClose } from "@mdi/js";
import { css, html, LitElement, nothing } from "lit";
import { customElement, property, query } from "lit/decorators.js";
import { live } from "lit/directives/live.js";
import { fire } from "../fire.ts";
import { base, tokens } from "../styles.ts";
import { fieldStyles } from "./field-styles.ts";
import "./icon.ts";

/** A labelled field for text, of one line or of several. `value` follows what is typed; fires `sm-input` for every change. */
@customElement("sm-text-field")
export class SmTextField extends LitElement {
  static override shadowRootOptions = { ...LitElement.shadowRootOptions, delegatesFocus: true };
  static override styles = [
    tokens,
    base,
    fieldStyles,
    css`
      textarea {
        min-block-size: 88px;
        max-block-size: 50vh;
        padding-block: 10px;
        resize: vertical;
        field-sizing: content;
      }
      .clear {
        display: grid;
        flex: none;
        place-items: center;
        inline-size: 32px;
        block-size: 32px;
        margin-inline-end: 4px;
        padding: 0;
        border: 0;
        border-radius: 50%;
        background: none;
        --sm-icon-size: 18px;
      }
      .clear:hover {
        background: var(--sm-hover);
      }
    `,
  ];

  @property() label = "";
  @property() value = "";
  @property() placeholder = "";
  /** Below the field. */
  @property() help?: string;
  @property() error?: string;
  @property() type: "text" | "search" | "number" | "date" | "datetime-local" = "text";
  @property() icon?: string;
  @property() min?: string;
  @property() max?: string;
  @property({ type: Number }) maxLength?: number;
  @property({ type: Boolean }) multiline = false;
  @property({ type: Boolean, reflect: true }) disabled = false;
  /** Whether the label is only for screen readers. */
  @property({ type: Boolean }) unlabelled = false;
  /** Name of the button that empties it; without one there is none. */
  @property() clearLabel?: string;
  @property({ type: Boolean }) required = false;

  @query("input, textarea") private field!: HTMLInputElement | HTMLTextAreaElement;

  select(): void {
    this.field.select();
  }

  private set(value: string): void {
    this.value = value;
    fire(this, "sm-input", { value });
  }

  private clear(): void {
    this.set("");
    this.field.focus();
  }

  private get described() {
    return this.error || this.help ? "description" : nothing;
  }

  private renderField() {
    const input = (event: Event) => this.set((event.target as HTMLInputElement).value);
    if (this.multiline) {
      return html`<textarea
        id="field"
        rows="3"
        dir="auto"
        .value=${live(this.value)}
        placeholder=${this.placeholder}
        maxlength=${this.maxLength ?? nothing}
        ?disabled=${this.disabled}
        ?required=${this.required}
        aria-invalid=${this.error ? "true" : nothing}
        aria-describedby=${this.described}
        @input=${input}
      ></textarea>`;
    }
    return html`<input
      id="field"
      dir=${this.type === "text" || this.type === "search" ? "auto" : nothing}
      type=${this.type === "search" ? "text" : this.type}
      enterkeyhint=${this.type === "search" ? "search" : nothing}
      autocomplete="off"
      .value=${live(this.value)}
      placeholder=${this.placeholder}
      min=${this.min ?? nothing}
      max=${this.max ?? nothing}
      maxlength=${this.maxLength ?? nothing}
      ?disabled=${this.disabled}
      ?required=${this.required}
      aria-invalid=${this.error ? "true" : nothing}
      aria-describedby=${this.described}
      @input=${input}
    />`;
  }

  protected override render() {
    return html`
      <label for="field" class=${this.unlabelled ? "sr" : ""}>${this.label}</label>
      <div class="box ${this.error ? "wrong" : ""}">
        ${this.icon ? html`<sm-icon .path=${this.icon}></sm-icon>` : nothing} ${this.renderField()}
        <slot name="end"></slot>
        ${
          this.clearLabel && this.value
            ? html`<button type="button" class="clear" aria-label=${this.clearLabel} title=${this.clearLabel} @click=${this.clear}>
                <sm-icon .path=${mdiClose}></sm-icon>
              </button>`
            : nothing
        }
      </div>
      ${this.error || this.help ? html`<div id="description" class=${this.error ? "error" : "help"}>${this.error || this.help}</div>` : nothing}
    `;
  }
}
