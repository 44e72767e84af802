/** Words for times, people and numbers. */

const clock = new Intl.DateTimeFormat(undefined, { hour: "numeric", minute: "2-digit" });
const clockSeconds = new Intl.DateTimeFormat(undefined, { hour: "numeric", minute: "2-digit", second: "2-digit" });
const dayLong = new Intl.DateTimeFormat(undefined, { weekday: "long", month: "long", day: "numeric" });
const dateOf = (options) => new Intl.DateTimeFormat(undefined, options);

const DAY_MS = 86_400_000;

export const dateFromTs = (ts) => new Date(Number(ts) * 1000);
export const timeOf = (ts) => clock.format(dateFromTs(ts));
export const fullTime = (ts) => `${dayLong.format(dateFromTs(ts))} at ${clockSeconds.format(dateFromTs(ts))}`;
export const dayKey = (ts) => dateFromTs(ts).toDateString();

function relativeDay(date) {
  const midnight = (d) => new Date(d.getFullYear(), d.getMonth(), d.getDate()).getTime();
  const days = Math.round((midnight(new Date()) - midnight(date)) / DAY_MS);
  return { 0: "Today", 1: "Yesterday" }[days];
}

export function dayName(ts) {
  const date = dateFromTs(ts);
  return relativeDay(date) ?? dayLong.format(date);
}

/** "2 minutes ago", for a reply's age. */
export function ago(ts) {
  const seconds = Math.max(0, Date.now() / 1000 - Number(ts));
  if (seconds < 60) return "just now";
  const [count, unit] =
    seconds < 3600 ? [seconds / 60, "minute"] : seconds < 86400 ? [seconds / 3600, "hour"] : [seconds / 86400, "day"];
  const whole = Math.floor(count);
  return `${whole} ${unit}${whole === 1 ? "" : "s"} ago`;
}

/** Slack's date tokens ({date_short_pretty} at {time}) filled in for a Unix time in seconds. */
export function formatDate(seconds, pattern) {
  const date = dateFromTs(seconds);
  const plain = (options) => dateOf(options).format(date);
  const pretty = (options) => relativeDay(date) ?? plain(options);
  const short = { month: "short", day: "numeric", year: "numeric" };
  const medium = { month: "long", day: "numeric", year: "numeric" };
  const long = { weekday: "long", ...medium };
  const tokens = {
    date_num: () => date.toISOString().slice(0, 10),
    date: () => plain(medium),
    date_short: () => plain(short),
    date_long: () => plain(long),
    date_pretty: () => pretty(medium),
    date_short_pretty: () => pretty(short),
    date_long_pretty: () => pretty(long),
    day_divider_pretty: () => pretty(long),
    time: () => clock.format(date),
    time_secs: () => clockSeconds.format(date),
    ago: () => ago(seconds),
  };
  return String(pattern).replace(/\{(\w+)\}/g, (whole, name) => tokens[name]?.() ?? whole);
}

export function initials(name) {
  const words = String(name || "?")
    .split(/[\s._-]+/)
    .filter(Boolean);
  return (words.length > 1 ? words[0][0] + words.at(-1)[0] : (words[0] ?? "?").slice(0, 2)).toUpperCase();
}

/** A colour that stays the same for a name. */
export function colourOf(name) {
  let hash = 0;
  for (const letter of String(name)) hash = (hash * 31 + letter.codePointAt(0)) % 360;
  return `hsl(${hash} 42% 42%)`;
}

/** 1234567 -> "1.2M", for axes. */
export function compact(value) {
  return new Intl.NumberFormat("en", { notation: "compact", maximumFractionDigits: 2 }).format(value);
}

export const plural = (count, noun, many = `${noun}s`) => `${count} ${count === 1 ? noun : many}`;
