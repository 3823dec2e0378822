import type { Hass } from "./home-assistant.ts";

const SECOND = 1000;
const UNITS: [Intl.RelativeTimeFormatUnit, number][] = [
  ["year", 365 * 86_400],
  ["month", 30 * 86_400],
  ["week", 7 * 86_400],
  ["day", 86_400],
  ["hour", 3_600],
  ["minute", 60],
];

/** Times and numbers the way the user has them in Home Assistant. */
export class Format {
  private readonly dates: Intl.DateTimeFormat;
  private readonly times: Intl.DateTimeFormat;
  private readonly clocks: Intl.DateTimeFormat;
  private readonly days: Intl.DateTimeFormat;
  private readonly numbers: Intl.NumberFormat;
  private readonly percents: Intl.NumberFormat;
  private readonly relatives: Intl.RelativeTimeFormat;

  constructor(hass: Pick<Hass, "language" | "locale" | "config">) {
    const language = hass.locale.language || hass.language;
    const zone = hass.locale.time_zone === "server" ? { timeZone: hass.config.time_zone } : {};
    const clock = { 12: { hour12: true }, 24: { hourCycle: "h23" as const } }[hass.locale.time_format] ?? {};
    this.dates = new Intl.DateTimeFormat(language, { dateStyle: "medium", ...zone });
    this.days = new Intl.DateTimeFormat(language, {
      weekday: "long",
      day: "numeric",
      month: "long",
      year: "numeric",
      ...zone,
    });
    this.times = new Intl.DateTimeFormat(language, {
      year: "numeric",
      month: "short",
      day: "numeric",
      hour: "numeric",
      minute: "2-digit",
      ...clock,
      ...zone,
    });
    this.clocks = new Intl.DateTimeFormat(language, { hour: "numeric", minute: "2-digit", ...clock, ...zone });
    this.numbers = new Intl.NumberFormat(language);
    this.percents = new Intl.NumberFormat(language, { style: "percent", maximumFractionDigits: 0 });
    this.relatives = new Intl.RelativeTimeFormat(language, { numeric: "auto" });
  }

  date(iso: string): string {
    return this.dates.format(new Date(iso));
  }

  /** With the weekday: for headings. */
  day(iso: string): string {
    return this.days.format(new Date(iso));
  }

  dateTime(iso: string): string {
    return this.times.format(new Date(iso));
  }

  /** Without the date: where a heading names the day. */
  time(iso: string): string {
    return this.clocks.format(new Date(iso));
  }

  number(value: number): string {
    return this.numbers.format(value);
  }

  /** `share`: 0..1 */
  percent(share: number): string {
    return this.percents.format(share);
  }

  /** "3 hours ago", "in 2 days". */
  relative(iso: string, now = Date.now()): string {
    const seconds = (new Date(iso).getTime() - now) / SECOND;
    const [unit, length] = UNITS.find(([, length]) => Math.abs(seconds) >= length) ?? ["second", 1];
    return this.relatives.format(unit === "second" ? 0 : Math.trunc(seconds / length), unit);
  }

  bytes(count: number): string {
    const units = ["byte", "kilobyte", "megabyte", "gigabyte"] as const;
    const power = Math.min(units.length - 1, Math.floor(Math.log10(Math.max(1, count)) / 3));
    return new Intl.NumberFormat(this.numbers.resolvedOptions().locale, {
      style: "unit",
      unit: units[power] as string,
      unitDisplay: power ? "short" : "long",
      maximumFractionDigits: power > 1 ? 1 : 0,
    }).format(count / 1000 ** power);
  }
}
