/** A time as its distance from now: "2 hours ago". */

const units = [
  ["year", 365 * 86_400],
  ["month", 30 * 86_400],
  ["day", 86_400],
  ["hour", 3_600],
  ["minute", 60],
] as const;

const formats = new Map<string | undefined, Intl.RelativeTimeFormat>();

/** Return the distance in the largest unit of which it has one; less than a minute, and the future, is "now". */
export function timeAgo(at: number, now: number, locale?: string): string {
  const seconds = Math.max(0, (now - at) / 1_000);
  const [unit, size] = units.find(([, least]) => seconds >= least) ?? ["second", Infinity];
  return formatOf(locale).format(-Math.floor(seconds / size), unit);
}

function formatOf(locale?: string): Intl.RelativeTimeFormat {
  const made = formats.get(locale) ?? new Intl.RelativeTimeFormat(locale, { numeric: "auto" });
  formats.set(locale, made);
  return made;
}
