/** Format times in a language and the user's time zone. Without a locale: that of the browser. */

type Locale = string | undefined;

interface Formats {
  readonly clock: Intl.DateTimeFormat;
  readonly whole: Intl.DateTimeFormat;
  readonly short: Intl.DateTimeFormat;
  readonly thisYear: Intl.DateTimeFormat;
  readonly anyYear: Intl.DateTimeFormat;
  readonly relative: Intl.RelativeTimeFormat;
}

const formats = new Map<Locale, Formats>();

/** Making a format is slow, so each is made once. */
function formatsOf(locale: Locale): Formats {
  const known = formats.get(locale);
  if (known !== undefined) return known;
  const made: Formats = {
    clock: new Intl.DateTimeFormat(locale, { hour: "numeric", minute: "2-digit" }),
    whole: new Intl.DateTimeFormat(locale, { dateStyle: "full", timeStyle: "medium" }),
    short: new Intl.DateTimeFormat(locale, { dateStyle: "medium", timeStyle: "short" }),
    thisYear: new Intl.DateTimeFormat(locale, { weekday: "long", day: "numeric", month: "long" }),
    anyYear: new Intl.DateTimeFormat(locale, { dateStyle: "long" }),
    relative: new Intl.RelativeTimeFormat(locale, { numeric: "auto" }),
  };
  formats.set(locale, made);
  return made;
}

export const timeOfDay = (at: number, locale?: Locale): string =>
  formatsOf(locale).clock.format(at);
export const wholeMoment = (at: number, locale?: Locale): string =>
  formatsOf(locale).whole.format(at);
export const shortMoment = (at: number, locale?: Locale): string =>
  formatsOf(locale).short.format(at);

/** Return the number of the local day. */
export function dayOf(at: number): number {
  const date = new Date(at);
  return Math.round(Date.UTC(date.getFullYear(), date.getMonth(), date.getDate()) / 86_400_000);
}

/** Format a day relative to now: "today", "yesterday", a weekday and date, or a date with its year. */
export function nameOfDay(at: number, now: number, locale?: Locale): string {
  const { relative, thisYear, anyYear } = formatsOf(locale);
  const ago = dayOf(now) - dayOf(at);
  if (ago === 0 || ago === 1) return capital(relative.format(-ago, "day"));
  const sameYear = new Date(at).getFullYear() === new Date(now).getFullYear();
  return (sameYear ? thisYear : anyYear).format(at);
}

function capital(text: string): string {
  return text.charAt(0).toLocaleUpperCase() + text.slice(1);
}
