import {
  mdiClockRemoveOutline,
  mdiDeleteOutline,
  mdiMagnify,
  mdiPencilOutline,
  mdiPlusCircleOutline,
  mdiRestore,
} from "@mdi/js";
import type { ChangeKind } from "../api/types.ts";
import { surfaceLabel } from "../memories/labels.ts";
import type { PanelContext } from "../panel/context.ts";
import type { Entry } from "./days.ts";

export type Kind = ChangeKind | "recall";

/** In the order of the filter. */
export const KINDS: readonly Kind[] = ["recall", "set", "change", "forget", "restore", "expire"];

export const KIND_ICONS: Readonly<Record<Kind, string>> = {
  recall: mdiMagnify,
  set: mdiPlusCircleOutline,
  change: mdiPencilOutline,
  forget: mdiDeleteOutline,
  restore: mdiRestore,
  expire: mdiClockRemoveOutline,
};

export function kindOf(entry: Entry): Kind {
  return entry.type === "recall" ? "recall" : entry.kind;
}

/** Who did it and through what, in a few words. */
export function wayOf(entry: Entry, { t }: Pick<PanelContext, "t">): string {
  const way = [entry.actor_name ?? "", surfaceLabel(t, entry.surface)];
  if (entry.type === "recall") way.push(entry.agent_name ?? "", entry.device_name ?? "");
  return way.filter(Boolean).join(" · ");
}
