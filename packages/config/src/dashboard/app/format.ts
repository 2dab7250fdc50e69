/** Numbers and times in readable form. */

const numbers = new Intl.NumberFormat("en", { maximumFractionDigits: 1 });

export const number = (value: number | undefined): string => (value === undefined ? "–" : numbers.format(value));

/** So many of something. */
export const count = (value: number | undefined, one: string, many = `${one}s`): string =>
  `${number(value)} ${value === 1 ? one : many}`;

export function bytes(value: number | undefined): string {
  if (value === undefined) return "–";
  const units = ["B", "kB", "MB", "GB"];
  let at = 0;
  let left = value;
  while (left >= 1_000 && at < units.length - 1) {
    left /= 1_000;
    at++;
  }
  return `${numbers.format(left)} ${units[at]}`;
}

export function duration(ms: number | undefined): string {
  if (ms === undefined) return "–";
  if (ms < 1_000) return `${Math.round(ms)} ms`;
  const seconds = Math.floor(ms / 1_000);
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min ${seconds % 60} s`;
  const hours = Math.floor(minutes / 60);
  if (hours < 48) return `${hours} h ${minutes % 60} min`;
  return `${Math.floor(hours / 24)} d ${hours % 24} h`;
}

export function ago(date: string | undefined): string {
  if (date === undefined) return "–";
  const ms = Date.now() - Date.parse(date);
  return ms < 1_500 ? "just now" : `${duration(ms).replace(/ (?:\d+ s|\d+ min)$/u, "")} ago`;
}

const CLOCK = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", second: "2-digit" });
const DAY = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short" });

export function clock(date: string | undefined): string {
  if (date === undefined) return "–";
  const at = new Date(date);
  const today = new Date().toDateString() === at.toDateString();
  return `${today ? "" : `${DAY.format(at)} `}${CLOCK.format(at)}`;
}
