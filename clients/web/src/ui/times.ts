/** Format times in the user's language and time zone. */

const clock = new Intl.DateTimeFormat(undefined, { hour: "numeric", minute: "2-digit" });
const whole = new Intl.DateTimeFormat(undefined, { dateStyle: "full", timeStyle: "medium" });
const thisYear = new Intl.DateTimeFormat(undefined, {
  weekday: "long",
  day: "numeric",
  month: "long",
});
const anyYear = new Intl.DateTimeFormat(undefined, { dateStyle: "long" });
const relative = new Intl.RelativeTimeFormat(undefined, { numeric: "auto" });

export const timeOfDay = (at: number): string => clock.format(at);
export const wholeMoment = (at: number): string => whole.format(at);

/** Return the number of the local day. */
export function dayOf(at: number): number {
  const date = new Date(at);
  return Math.round(Date.UTC(date.getFullYear(), date.getMonth(), date.getDate()) / 86_400_000);
}

/** Format a day relative to now: "today", "yesterday", a weekday and date, or a date with its year. */
export function nameOfDay(at: number, now: number): string {
  const ago = dayOf(now) - dayOf(at);
  if (ago === 0 || ago === 1) return capital(relative.format(-ago, "day"));
  const sameYear = new Date(at).getFullYear() === new Date(now).getFullYear();
  return (sameYear ? thisYear : anyYear).format(at);
}

function capital(text: string): string {
  return text.charAt(0).toLocaleUpperCase() + text.slice(1);
}
