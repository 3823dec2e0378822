import { css, html, LitElement } from "lit";
import { customElement, property, query } from "lit/decorators.js";
import { live } from "lit/directives/live.js";
import { fire } from "../fire.ts";
import { base, tokens } from "../styles.ts";
import "./chip.ts";
import { fieldStyles } from "./field-styles.ts";

/** Several short words: Enter or a comma adds one, Backspace in the empty field takes the last away. Fires `sm-change`. */
@customElement("sm-tag-field")
export class SmTagField extends LitElement {
  static override shadowRootOptions = { ...LitElement.shadowRootOptions, delegatesFocus: true };
  static override styles = [
    tokens,
    base,
    fieldStyles,
    css`
      .box {
        flex-wrap: wrap;
        gap: 4px;
        padding: 3px 4px;
      }
      input {
        flex: 1 1 100px;
        min-block-size: 32px;
        padding-inline: 8px;
      }
      sm-chip {
        --sm-chip-size: 30px;
        --sm-chip-radius: 6px;
      }
    `,
  ];

  @property() label = "";
  @property({ attribute: false }) tags: readonly string[] = [];
  @property({ attribute: false }) suggestions: readonly string[] = [];
  @property() placeholder = "";
  @property({ type: Boolean, reflect: true }) disabled = false;
  /** Name of the button that takes a tag away. */
  @property({ attribute: false }) removeLabel: (tag: string) => string = (tag) => tag;

  @query("input") private input!: HTMLInputElement;

  /** Takes over what was typed and not yet confirmed. */
  commit(): void {
    const words = this.input.value.split(/[,;\n、]/).map((word) => word.trim().replace(/^#\s*/, ""));
    this.input.value = "";
    const added = words.filter((word, index) => word && words.indexOf(word) === index && !this.tags.includes(word));
    if (added.length) this.set([...this.tags, ...added]);
  }

  private set(tags: readonly string[]): void {
    this.tags = tags;
    fire(this, "sm-change", { tags });
  }

  private onKey(event: KeyboardEvent): void {
    if (event.isComposing) return;
    if ((event.key === "Enter" && this.input.value.trim()) || event.key === ",") {
      event.preventDefault();
      event.stopPropagation();
      this.commit();
    } else if (event.key === "Backspace" && !this.input.value && this.tags.length) this.set(this.tags.slice(0, -1));
  }

  private onInput(): void {
    // A suggestion that was picked is complete.
    if (this.suggestions.includes(this.input.value) && !this.tags.includes(this.input.value)) this.commit();
  }

  protected override render() {
    return html`
      <label for="field">${this.label}</label>
      <div class="box">
        ${this.tags.map(
          (tag) => html`<sm-chip
            .label=${tag}
            .removeLabel=${this.disabled ? undefined : this.removeLabel(tag)}
            @remove=${() => this.set(this.tags.filter((other) => other !== tag))}
          ></sm-chip>`,
        )}
        <input
          id="field"
          dir="auto"
          list="suggestions"
          autocomplete="off"
          .value=${live(this.input?.value ?? "")}
          placeholder=${this.tags.length ? "" : this.placeholder}
          ?disabled=${this.disabled}
          @keydown=${this.onKey}
          @input=${(event: InputEvent) => (event.inputType === "insertReplacementText" || !event.inputType ? this.onInput() : undefined)}
          @blur=${this.commit}
        />
        <datalist id="suggestions">
          ${this.suggestions
            .filter((tag) => !this.tags.includes(tag))
            .slice(0, 100)
            .map((tag) => html`<option value=${tag}></option>`)}
        </datalist>
      </div>
    `;
  }
}
