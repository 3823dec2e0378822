import {
  mdiAccountHeartOutline,
  mdiAccountOutline,
  mdiCalendarOutline,
  mdiCalendarSyncOutline,
  mdiClipboardTextOutline,
  mdiDatabaseImportOutline,
  mdiDatabaseRemoveOutline,
  mdiDevices,
  mdiHomeOutline,
  mdiMessageTextOutline,
  mdiNoteTextOutline,
  mdiPlayBoxOutline,
  mdiPuzzleOutline,
  mdiStarOutline,
  mdiViewDashboardOutline,
  mdiWrenchClockOutline,
} from "@mdi/js";
import type { Category, GroupKey } from "../api/types.ts";
import type { Localize } from "../localize.ts";
import { CATEGORIES, SCOPES } from "./view-query.ts";

export const CATEGORY_ICONS: Readonly<Record<Category, string>> = {
  user: mdiAccountOutline,
  home: mdiHomeOutline,
  device: mdiDevices,
  routine: mdiCalendarSyncOutline,
  preference: mdiStarOutline,
  relationship: mdiAccountHeartOutline,
  event: mdiCalendarOutline,
  instruction: mdiClipboardTextOutline,
  general: mdiNoteTextOutline,
};

const SURFACES = ["llm", "action", "panel", "import", "api", "maintenance", "erase"] as const;
type Surface = (typeof SURFACES)[number];

const SURFACE_ICONS: Readonly<Record<Surface, string>> = {
  llm: mdiMessageTextOutline,
  action: mdiPlayBoxOutline,
  panel: mdiViewDashboardOutline,
  import: mdiDatabaseImportOutline,
  api: mdiPuzzleOutline,
  maintenance: mdiWrenchClockOutline,
  erase: mdiDatabaseRemoveOutline,
};

function known(surface: string): Surface | undefined {
  return SURFACES.find((name) => name === surface);
}

/** What the way is called by which a memory came in; imported files can name others. */
export function surfaceLabel(t: Localize, surface: string): string {
  const name = known(surface);
  return name ? t(`surface.${name}`) : surface || t("surface.unknown");
}

export function surfaceIcon(surface: string): string {
  return SURFACE_ICONS[known(surface) ?? "import"];
}

/** Heading of a group of the list. */
export function groupLabel(t: Localize, by: GroupKey | undefined, value: string): string {
  if (by === "surface") return surfaceLabel(t, value);
  const category = CATEGORIES.find((name) => name === value);
  if (by === "category" && category) return t(`category.${category}`);
  const scope = SCOPES.find((name) => name === value);
  return scope ? t(`scope.${scope}`) : value;
}
