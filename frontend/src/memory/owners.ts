import type { Option } from "../elements/select.ts";
import type { PanelContext } from "../panel/context.ts";

/**
 * To whom memories of `owner` can be given: administrators give them to anybody, everybody else their own to the household, and
 * nothing of the household to themselves.
 */
export function ownersFor({ info, t, ownerName, isAdmin, userId }: PanelContext, owner: string): Option[] {
  const everybody = isAdmin ? info.people.map(({ user_id }) => user_id) : [userId];
  const people = isAdmin || owner !== "household" ? everybody : [];
  const owners = ["household", ...people];
  if (!owners.includes(owner)) owners.push(owner);
  return owners.map((value) => ({ value, label: value === "household" ? t("common.household") : ownerName(value) }));
}

/** Whether this user may delete memories of these owners for good: the household's only administrators. */
export function mayPurge({ isAdmin, info }: PanelContext, owners: Iterable<string>): boolean {
  return info.can_change && (isAdmin || ![...owners].includes("household"));
}
