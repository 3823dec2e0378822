import { css, html, LitElement } from "lit";
import { customElement, property } from "lit/decorators.js";
import { nearChanges, type Piece, replaced, wordChanges } from "../changes.ts";
import type { Localize } from "../localize.ts";
import { base, hiddenText, tokens } from "../styles.ts";

/** What became of a text: words that went are struck out, words that came are underlined, and both are said to screen readers. */
@customElement("sm-word-diff")
export class SmWordDiff extends LitElement {
  static override styles = [
    tokens,
    base,
    hiddenText,
    css`
      :host {
        display: block;
        overflow-wrap: anywhere;
        white-space: pre-wrap;
      }
      del,
      ins {
        unicode-bidi: isolate;
        padding: 1px 2px;
        border-radius: 3px;
        box-decoration-break: clone;
      }
      del {
        background: color-mix(in srgb, var(--sm-danger) 16%, transparent);
        text-decoration: line-through;
        text-decoration-thickness: 1px;
      }
      ins {
        background: color-mix(in srgb, var(--sm-success) 22%, transparent);
        text-decoration: underline;
        text-decoration-thickness: 1px;
        text-underline-offset: 2px;
      }
    `,
  ];

  @property({ attribute: false }) t!: Localize;
  @property() from = "";
  @property() to = "";
  @property() language = "en";
  /** Whether one took the place of the other as a whole: dates and names are no sentences. */
  @property({ type: Boolean }) whole = false;

  protected override render() {
    const { from, to } = this;
    const pieces = this.whole ? replaced(from, to) : nearChanges(wordChanges(from, to, this.language));
    // On one line: the text keeps its own line breaks, and would get those of the source, too.
    return html`<div dir="auto">${pieces.map((piece) => this.renderPiece(piece))}</div>`;
  }

  private renderPiece({ kind, text }: Piece) {
    switch (kind) {
      case "removed":
        return html`<span class="sr">${this.t("activity.removed")}</span><del>${text}</del> `;
      case "added":
        return html`<span class="sr">${this.t("activity.added")}</span><ins>${text}</ins>`;
      case "same":
        return text;
    }
  }
}
