/** A line of the list: the heading of a group, or a memory by its place among all of them. */
export type Row = { kind: "group"; value: string; count: number } | { kind: "memory"; offset: number };

export interface Group {
  value: string;
  count: number;
}

/** Which line is which, for lists of any length: counted per group, not per memory. */
export class Rows {
  readonly count: number;
  /** Per group, the line of its heading and the offset of its first memory. */
  private readonly starts: { row: number; offset: number; group: Group; shown: number }[] = [];

  constructor(total: number, groups: readonly Group[], collapsed: ReadonlySet<string> = new Set()) {
    let row = 0;
    let offset = 0;
    for (const group of groups) {
      const shown = collapsed.has(group.value) ? 0 : group.count;
      this.starts.push({ row, offset, group, shown });
      row += 1 + shown;
      offset += group.count;
    }
    this.count = groups.length ? row : total;
  }

  at(index: number): Row {
    const start = this.starts[this.lastStart(({ row }) => row <= index)];
    if (!start) return { kind: "memory", offset: index };
    if (start.row === index) return { kind: "group", ...start.group };
    return { kind: "memory", offset: start.offset + index - start.row - 1 };
  }

  /** The line of the memory at an offset, -1 where its group is collapsed. */
  indexOf(offset: number): number {
    const start = this.starts[this.lastStart((candidate) => candidate.offset <= offset && candidate.group.count > 0)];
    if (!start) return offset;
    const within = offset - start.offset;
    return within < start.shown ? start.row + 1 + within : -1;
  }

  /** Index of the last group that `fits`, which holds for the first ones only; -1 without one. */
  private lastStart(fits: (start: { row: number; offset: number; group: Group }) => boolean): number {
    let low = 0;
    let high = this.starts.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      const start = this.starts[middle];
      if (start && fits(start)) low = middle + 1;
      else high = middle;
    }
    return low - 1;
  }
}
