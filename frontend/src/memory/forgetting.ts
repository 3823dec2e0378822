import { counted } from "../localize.ts";
import type { PanelContext } from "../panel/context.ts";

/** Forgets memories and offers to take that back. Answers whether they are forgotten. */
export async function forgetWithUndo(
  panel: PanelContext,
  ids: string[],
  undone: () => void = () => undefined,
): Promise<boolean> {
  const { api, t } = panel;
  try {
    await api.forget(ids);
  } catch (reason) {
    panel.fail(reason);
    return false;
  }
  const restore = async () => {
    try {
      await api.restore(ids);
      panel.toast({ message: counted(panel, "bulk.restored", ids.length) });
      undone();
    } catch (reason) {
      panel.fail(reason);
    }
  };
  panel.toast({
    message: counted(panel, "bulk.forgotten", ids.length),
    action: { label: t("common.undo"), run: () => void restore() },
  });
  return true;
}
