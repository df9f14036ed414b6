/** Numbers and times as people read them. Pure. */

import { msg } from "@lit/localize";
import { locale as pageLocale } from "./locale.ts";

const SECOND_MS = 1000;
const DAY_S = 86_400;

/** Intl's formatters are slow to make: each is made once for a language and a time zone. */
function kept<T>(
  make: (locale: string, timeZone?: string) => T,
): (locale: string, timeZone?: string) => T {
  const made = new Map<string, T>();
  return (locale, timeZone) => {
    const key = `${locale} ${timeZone}`;
    const found = made.get(key) ?? make(locale, timeZone);
    made.set(key, found);
    return found;
  };
}

const days = kept(
  (locale) => new Intl.NumberFormat(locale, { style: "unit", unit: "day", unitDisplay: "narrow" }),
);

/** A span as `hh:mm:ss`, with its days before it where there are any. */
export function formatElapsed(ms: number, locale?: string): string {
  const seconds = Math.max(0, Math.floor(ms / SECOND_MS));
  const parts = [Math.floor(seconds / 3600) % 24, Math.floor(seconds / 60) % 60, seconds % 60];
  const clock = parts.map(twoDigits).join(":");
  const whole = Math.floor(seconds / DAY_S);
  return whole === 0 ? clock : `${days(locale ?? pageLocale()).format(whole)} ${clock}`;
}

/** A short span as `mm:ss`. */
export function formatSince(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / SECOND_MS));
  return [Math.floor(seconds / 60), seconds % 60].map(twoDigits).join(":");
}

function twoDigits(value: number): string {
  return String(value).padStart(2, "0");
}

/** A count with its thousands set apart. */
export function formatCount(count: number, locale: string): string {
  return new Intl.NumberFormat(locale).format(count);
}

/** An average with one decimal. */
export function formatAverage(average: number, locale: string): string {
  return new Intl.NumberFormat(locale, {
    minimumFractionDigits: 1,
    maximumFractionDigits: 1,
  }).format(average);
}

const starts = kept(
  (locale, timeZone) =>
    new Intl.DateTimeFormat(locale, {
      weekday: "long",
      day: "numeric",
      month: "long",
      year: "numeric",
      hour: "numeric",
      minute: "2-digit",
      timeZoneName: "short",
      ...(timeZone === undefined ? {} : { timeZone }),
    }),
);

/** A moment in the reader's own time, with the zone named. */
export function formatStart(iso: string, locale: string, timeZone?: string): string {
  return starts(locale, timeZone).format(new Date(iso));
}

/**
 * Where a broadcast stands, in a word. One whose start has come or is not set is standing by; one that
 * is live and `silent` has no camera that sends.
 */
export function stateWord(
  state: "before" | "live" | "ended",
  startsAt: string | null,
  nowMs: number,
  silent = false,
): string {
  const isToCome = startsAt !== null && Date.parse(startsAt) > nowMs;
  if (state === "before") {
    return isToCome ? msg("Upcoming") : msg("Standby");
  }
  if (state === "ended") {
    return msg("Ended");
  }
  if (silent) {
    return msg("No signal");
  }
  return isToCome ? msg("On air early") : msg("Live");
}

/** A broadcast's clock: what it counts, and the figures. */
export interface MissionClock {
  label: string;
  value: string;
}

/** The clock of a broadcast at a moment, or null where there is nothing to count. */
export function missionClock(
  state: "before" | "live" | "ended",
  startsAt: string | null,
  nowMs: number,
): MissionClock | null {
  const start = startsAt === null ? Number.NaN : Date.parse(startsAt);
  if (Number.isNaN(start) || state === "ended") {
    return null;
  }
  if (nowMs >= start) {
    return state === "live"
      ? { label: msg("Mission elapsed time"), value: formatElapsed(nowMs - start) }
      : { label: msg("Starting"), value: msg("soon") };
  }
  // Rounded up, so that a countdown shows zero only when it is over.
  const left = Math.ceil((start - nowMs) / SECOND_MS) * SECOND_MS;
  return { label: msg("Starts in"), value: formatElapsed(left) };
}

/** A rung's rate in megabits a second. */
export function formatBitrate(bitsPerSecond: number, locale: string): string {
  const megabits = new Intl.NumberFormat(locale, { maximumFractionDigits: 1 });
  return `${megabits.format(bitsPerSecond / 1e6)} Mb/s`;
}

/** A share as a percentage. */
export function formatPercent(share: number, locale: string, digits = 0): string {
  return new Intl.NumberFormat(locale, {
    style: "percent",
    maximumFractionDigits: digits,
  }).format(share);
}

/** A short time: milliseconds below a second, tenths of a second above. */
export function formatMilliseconds(ms: number, locale: string): string {
  const unit = ms < 999.5 ? "millisecond" : "second";
  return new Intl.NumberFormat(locale, {
    style: "unit",
    unit,
    unitDisplay: "short",
    maximumFractionDigits: unit === "second" ? 1 : 0,
  }).format(unit === "second" ? ms / SECOND_MS : ms);
}

/** A wait in words: seconds, or minutes from two of them up; never less than is to be waited. */
export function formatSeconds(ms: number, locale: string): string {
  const seconds = Math.max(1, Math.ceil(ms / SECOND_MS));
  const long = seconds >= 120;
  return new Intl.NumberFormat(locale, {
    style: "unit",
    unit: long ? "minute" : "second",
    unitDisplay: "long",
  }).format(long ? Math.ceil(seconds / 60) : seconds);
}

/** A time of day in the reader's own zone. */
export function formatClock(iso: string, locale: string, timeZone?: string): string {
  return new Intl.DateTimeFormat(locale, {
    timeStyle: "short",
    ...(timeZone === undefined ? {} : { timeZone }),
  }).format(new Date(iso));
}

/** A moment as mission elapsed time; null where the start is not known. */
export function formatMissionTime(iso: string, startsAt: string | null): string | null {
  const start = startsAt === null ? Number.NaN : Date.parse(startsAt);
  const at = Date.parse(iso);
  if (Number.isNaN(start) || Number.isNaN(at)) {
    return null;
  }
  const sign = at < start ? "−" : "+";
  return `T${sign}${formatElapsed(Math.abs(at - start))}`;
}

const agoWords = kept(
  (locale) => new Intl.RelativeTimeFormat(locale, { numeric: "auto", style: "long" }),
);

/** How long ago a moment was, in the largest unit that fits. */
export function formatAgo(iso: string, locale: string, nowMs: number): string {
  const seconds = Math.round((Date.parse(iso) - nowMs) / SECOND_MS);
  const words = agoWords(locale);
  const size = Math.abs(seconds);
  if (size < 60) {
    return words.format(Math.min(0, seconds), "second");
  }
  if (size < 3600) {
    return words.format(Math.trunc(seconds / 60), "minute");
  }
  return size < 86_400
    ? words.format(Math.trunc(seconds / 3600), "hour")
    : words.format(Math.trunc(seconds / 86_400), "day");
}
