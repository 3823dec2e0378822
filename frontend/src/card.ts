import { SemanticMemoryCard } from "./card/semantic-memory-card.ts";

interface CustomCard {
  type: string;
  name: string;
  description: string;
  preview: boolean;
  documentationURL: string;
}

const TYPE = "semantic-memory-card";

/** An update of the integration may have left the one before it on the page. */
if (!customElements.get(TYPE)) {
  customElements.define(TYPE, SemanticMemoryCard);
  const page = window as Window & { customCards?: CustomCard[] };
  page.customCards ??= [];
  page.customCards.push({
    type: TYPE,
    name: "Ask memory",
    description: "Ask what Assist remembers, and see what is pinned.",
    preview: true,
    documentationURL: "https://github.com/semantic-memory/ha-semantic-memory-native/blob/main/docs/card.md",
  });
}
