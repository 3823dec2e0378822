/** The time in so many days, as ISO 8601. */
export function inDays(days: number, now = Date.now()): string {
  return new Date(now + days * 86_400_000).toISOString();
}

/** What a browser's field for a date with a time holds: the same moment on the clock of the browser. */
export function toLocal(iso: string): string {
  const at = new Date(iso);
  return new Date(at.getTime() - at.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}

export function fromLocal(local: string): string {
  return new Date(local).toISOString();
}
