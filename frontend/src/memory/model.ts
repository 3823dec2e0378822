import type { ReactiveController, ReactiveControllerHost } from "lit";
import type { GetAnswer, Hit, Memory } from "../api/types.ts";
import { download } from "../download.ts";
import type { PanelContext } from "../panel/context.ts";
import type { LiveEvent } from "../panel/live.ts";
import { conflicts, type Draft, drafts, type FieldName, type Fields, insisting, withChange, without } from "./draft.ts";
import { forgetWithUndo } from "./forgetting.ts";

/** Milliseconds without news until history and origin are loaded anew. */
const SETTLING = 250;

/** A memory with its history, what somebody is changing about it, and what happens to it meanwhile. */
export class MemoryModel implements ReactiveController {
  answer?: GetAnswer;
  similar?: Hit[];
  error: unknown;
  /** Whether it was purged, or is somebody else's now. */
  gone = false;
  busy = false;

  private shown = "";
  private settling?: ReturnType<typeof setTimeout>;
  private round = 0;

  constructor(private readonly host: ReactiveControllerHost & { panel: PanelContext; memoryId: string }) {
    host.addController(this);
  }

  hostDisconnected(): void {
    clearTimeout(this.settling);
    this.shown = "";
  }

  hostUpdate(): void {
    const { panel, memoryId } = this.host;
    const shown = `${panel.userId} ${memoryId}`;
    if (shown === this.shown) return;
    this.shown = shown;
    this.answer = undefined;
    this.similar = undefined;
    void this.load();
  }

  load = async (): Promise<void> => {
    this.round += 1;
    const { round } = this;
    const { api } = this.host.panel;
    const { memoryId } = this.host;
    this.error = undefined;
    try {
      const answer = await api.get(memoryId);
      if (round !== this.round) return;
      this.answer = answer;
      this.gone = false;
      this.host.requestUpdate();
      const { hits } = answer.memory.deleted_at ? { hits: [] } : await api.similar(memoryId);
      if (round === this.round) this.similar = hits;
    } catch (reason) {
      if (round !== this.round) return;
      if (!this.answer) this.error = reason;
    }
    this.host.requestUpdate();
  };

  onEvent = (event: LiveEvent): void => {
    if (event.kind === "status") return;
    if (event.kind !== "stale") {
      const { memoryId } = this.host;
      if (event.removed.includes(memoryId)) {
        this.gone = true;
        this.host.requestUpdate();
        return;
      }
      const memory = event.memories.find(({ id }) => id === memoryId);
      if (memory) this.take(memory);
      else if (!event.reload) return;
      if (event.kind === "recall") return;
    }
    clearTimeout(this.settling);
    this.settling = setTimeout(() => void this.load(), SETTLING);
  };

  get draft(): Draft | undefined {
    return drafts.get(this.host.memoryId);
  }

  get conflicts(): FieldName[] {
    return this.answer ? conflicts(this.draft, this.answer.memory) : [];
  }

  edit(change: Partial<Fields>): void {
    if (this.answer) this.keep(withChange(this.draft, this.answer.memory, change));
  }

  discard = (): void => this.keep(undefined);

  keepMine = (): void => {
    if (this.answer && this.draft) this.keep(insisting(this.draft, this.answer.memory));
  };

  takeTheirs = (): void => {
    if (this.draft) this.keep(without(this.draft, this.conflicts));
  };

  /** Saves what was changed; answers whether that went well. */
  save = async (): Promise<boolean> => {
    const { draft } = this;
    const { panel, memoryId } = this.host;
    if (!draft) return true;
    const { tags, ...others } = draft.changes;
    this.busy = true;
    this.host.requestUpdate();
    const done = await this.attempt(async () => {
      const { memories } = await panel.api.update([memoryId], { ...others, ...(tags && { tags: [...tags] }) });
      drafts.delete(memoryId);
      const [memory] = memories;
      if (memory) this.saved(memory);
    });
    this.busy = false;
    this.host.requestUpdate();
    return done;
  };

  pin(pinned: boolean): Promise<boolean> {
    return this.attempt(async () => {
      const { memories } = await this.host.panel.api.update([this.host.memoryId], { pinned });
      if (memories[0]) this.take(memories[0]);
    });
  }

  forget = async (): Promise<void> => {
    await forgetWithUndo(this.host.panel, [this.host.memoryId]);
  };

  restore = async (): Promise<void> => {
    const { api, t, toast } = this.host.panel;
    await this.attempt(async () => {
      await api.restore([this.host.memoryId]);
      toast({ message: t("bulk.restored_one") });
    });
  };

  async purge(): Promise<void> {
    const { panel, memoryId } = this.host;
    await this.attempt(async () => {
      await panel.api.forget([memoryId], true);
      drafts.delete(memoryId);
      panel.toast({ message: panel.t("bulk.purged_one") });
      panel.go({ tab: "memories" });
    });
  }

  async copy(): Promise<void> {
    const { t, toast } = this.host.panel;
    await this.attempt(async () => {
      await navigator.clipboard.writeText(this.answer?.memory.value ?? "");
      toast({ message: t("memory.copied") });
    });
  }

  async export(): Promise<void> {
    const { api, hass } = this.host.panel;
    await this.attempt(async () => {
      download(await api.export({ format: "jsonl", ids: [this.host.memoryId], history: true }), hass);
    });
  }

  private saved(memory: Memory): void {
    const { panel } = this.host;
    const { t } = panel;
    if (memory.owner !== "household" && memory.owner !== panel.userId) {
      panel.toast({ message: t("memory.moved", { name: panel.ownerName(memory.owner) }) });
      panel.go({ tab: "memories" });
      return;
    }
    this.take(memory);
    void this.offerUndo();
  }

  /** Says that it is saved, and takes it back when asked to. */
  private async offerUndo(): Promise<void> {
    const { t, toast, api } = this.host.panel;
    const { memoryId } = this.host;
    await this.load();
    const [last] = this.answer?.history ?? [];
    const undo = async () => {
      await this.attempt(async () => {
        await api.undo(memoryId, last?.id ?? 0);
        toast({ message: t("activity.undone") });
      });
    };
    toast({
      message: t("memory.saved"),
      ...(last?.undoable && { action: { label: t("common.undo"), run: () => void undo() } }),
    });
  }

  private take(memory: Memory): void {
    if (!this.answer) return;
    this.answer = { ...this.answer, memory };
    // What others changed to what the draft says is no change any more.
    if (this.draft) this.keep(withChange(this.draft, memory, {}));
    this.host.requestUpdate();
  }

  private keep(draft: Draft | undefined): void {
    const { memoryId } = this.host;
    if (draft) drafts.set(memoryId, draft);
    else drafts.delete(memoryId);
    this.host.requestUpdate();
  }

  private async attempt(work: () => Promise<void>): Promise<boolean> {
    try {
      await work();
      return true;
    } catch (reason) {
      this.host.panel.fail(reason);
      return false;
    }
  }
}
