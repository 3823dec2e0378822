import type { ReactiveControllerHost } from "lit";
import type { Memory } from "../api/types.ts";
import { download } from "../download.ts";
import { counted } from "../localize.ts";
import { forgetWithUndo } from "../memory/forgetting.ts";
import type { PanelContext } from "../panel/context.ts";
import type { BulkAction } from "./bulk-bar.ts";
import type { BulkQuestion } from "./bulk-dialog.ts";
import type { MemoriesModel } from "./model.ts";
import { MAX_SELECTED, type Selection } from "./selection.ts";

/** As many as one command lists. */
const PAGE = 500;

/** What can be done with all memories that are selected: at once, or after a question. */
export class BulkActions {
  /** What a dialog asks. */
  question?: BulkQuestion;
  busy = false;

  constructor(
    private readonly host: ReactiveControllerHost & { panel: PanelContext },
    private readonly selection: Selection,
    private readonly model: MemoriesModel,
  ) {}

  run(action: BulkAction): void {
    switch (action) {
      case "pin":
      case "unpin":
        return void this.attempt(async () => {
          await this.host.panel.api.update(this.selection.ids, { pinned: action === "pin" });
          this.done();
        });
      case "export":
        return void this.attempt(async () => {
          download(
            await this.host.panel.api.export({ format: "jsonl", ids: this.selection.ids }),
            this.host.panel.hass,
          );
        });
      case "forget":
        return void this.attempt(async () => {
          if (await forgetWithUndo(this.host.panel, this.selection.ids)) this.selection.stop();
        });
      case "restore":
        return void this.attempt(async () => {
          const { ids } = this.selection;
          await this.host.panel.api.restore(ids);
          this.tell("bulk.restored", ids.length);
          this.selection.stop();
        });
      default:
        this.question = action;
        this.host.requestUpdate();
    }
  }

  dismiss = (): void => {
    this.question = undefined;
    this.host.requestUpdate();
  };

  /** Says that it is done; goes on selecting, because often several things are done to the same memories. */
  done = (): void => {
    const purged = this.question === "purge";
    this.tell(purged ? "bulk.purged" : "bulk.changed", this.selection.memories.size);
    if (purged) this.selection.stop();
    this.dismiss();
  };

  /** Selects everything that the list shows, as far as the commands take. */
  selectAll = (): void => {
    void this.attempt(async () => {
      const all: Memory[] = this.model.recalls ? (this.model.search?.hits ?? []) : await this.all();
      this.selection.replace(all);
      if (this.model.count > MAX_SELECTED) {
        this.host.panel.toast({
          message: this.host.panel.t("bulk.limit", { count: this.host.panel.format.number(MAX_SELECTED) }),
        });
      }
    });
  };

  private async all(): Promise<Memory[]> {
    const memories: Memory[] = [];
    const wanted = Math.min(this.model.count, MAX_SELECTED);
    while (memories.length < wanted) {
      const answer = await this.host.panel.api.list({ ...this.model.listQuery, offset: memories.length, limit: PAGE });
      if (!answer.memories.length) break;
      memories.push(...answer.memories);
    }
    return memories;
  }

  private tell(key: "bulk.changed" | "bulk.restored" | "bulk.purged", count: number): void {
    this.host.panel.toast({ message: counted(this.host.panel, key, count) });
  }

  private async attempt(work: () => Promise<void>): Promise<void> {
    this.busy = true;
    this.host.requestUpdate();
    try {
      await work();
    } catch (reason) {
      this.host.panel.fail(reason);
    }
    this.busy = false;
    this.host.requestUpdate();
  }
}
