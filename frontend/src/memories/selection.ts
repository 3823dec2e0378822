import type { ReactiveController, ReactiveControllerHost } from "lit";
import type { Memory } from "../api/types.ts";

/** As many memories as the commands take at once. */
export const MAX_SELECTED = 1_000;

/** Which memories are selected, as they were when they were. */
export class Selection implements ReactiveController {
  /** Whether one selects at all. */
  active = false;
  memories: ReadonlyMap<string, Memory> = new Map();
  private last?: number;

  constructor(private readonly host: ReactiveControllerHost) {
    host.addController(this);
  }

  hostConnected(): void {}

  get ids(): string[] {
    return [...this.memories.keys()];
  }

  get set(): ReadonlySet<string> {
    return new Set(this.memories.keys());
  }

  start(): void {
    this.active = true;
    this.host.requestUpdate();
  }

  stop = (): void => {
    this.active = false;
    this.replace([]);
    this.last = undefined;
  };

  replace(memories: Iterable<Memory>): void {
    this.memories = new Map([...memories].slice(0, MAX_SELECTED).map((memory) => [memory.id, memory]));
    this.host.requestUpdate();
  }

  /** Takes one in or out; with `range` takes in all from the last one on. */
  toggle(memory: Memory, offset: number, range: boolean, at: (offset: number) => Memory | undefined): void {
    const next = new Map(this.memories);
    if (range && this.last !== undefined) {
      for (let index = Math.min(this.last, offset); index <= Math.max(this.last, offset); index += 1) {
        const within = at(index);
        if (within) next.set(within.id, within);
      }
    } else if (!next.delete(memory.id)) next.set(memory.id, memory);
    this.active = true;
    this.last = offset;
    this.replace(next.values());
  }

  /** Forgets those that are no more, and takes over what has changed about the others. */
  follow(memories: readonly Memory[], removed: readonly string[]): void {
    if (!this.memories.size) return;
    const next = new Map(this.memories);
    for (const id of removed) next.delete(id);
    for (const memory of memories) if (next.has(memory.id)) next.set(memory.id, memory);
    this.replace(next.values());
  }
}
