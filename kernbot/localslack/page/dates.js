/**
 * Dates as Slack writes them, in the time zone and hour cycle of the browser.
 * The tokens are those of docs.slack.dev/messaging/formatting-message-text and …/block-elements/date-element.
 */

import { now as simulated } from "./clock.js";

const HOUR12 = new Intl.DateTimeFormat(undefined, { hour: "numeric" }).resolvedOptions().hour12 ?? false;
const AGES = [
  ["day", 86400],
  ["hour", 3600],
  ["minute", 60],
];

function say(date, options) {
  return new Intl.DateTimeFormat("en-US", options).format(date);
}

function time(date, options = {}) {
  return say(date, { hour: HOUR12 ? "numeric" : "2-digit", minute: "2-digit", hour12: HOUR12, ...options });
}

function ordinal(number) {
  const suffixes = { one: "st", two: "nd", few: "rd", other: "th" };
  return `${number}${suffixes[new Intl.PluralRules("en", { type: "ordinal" }).select(number)]}`;
}

function monthAndDay(date) {
  return `${say(date, { month: "long" })} ${ordinal(date.getDate())}`;
}

function midnight(date) {
  return Date.UTC(date.getFullYear(), date.getMonth(), date.getDate());
}

/** `today`, `yesterday`, `tomorrow`, or an empty string. */
function nearDay(date, now) {
  const days = (midnight(date) - midnight(now)) / 86_400_000;
  return { "-1": "yesterday", 0: "today", 1: "tomorrow" }[days] ?? "";
}

function numbers(date) {
  const two = (number) => String(number).padStart(2, "0");
  return { year: date.getFullYear(), month: two(date.getMonth() + 1), day: two(date.getDate()) };
}

function dateNum(date) {
  const { year, month, day } = numbers(date);
  return `${year}-${month}-${day}`;
}

function ago(date, now) {
  const seconds = Math.round((now - date) / 1000);
  const [unit, size] = AGES.find(([, length]) => Math.abs(seconds) >= length) ?? ["second", 1];
  return new Intl.RelativeTimeFormat("en").format(-Math.trunc(seconds / size), unit);
}

const FORMATS = {
  date_num: dateNum,
  date_slash: (date) => say(date, { year: "numeric", month: "2-digit", day: "2-digit" }),
  date: (date) => `${monthAndDay(date)}, ${date.getFullYear()}`,
  date_short: (date) => say(date, { month: "short", day: "numeric", year: "numeric" }),
  date_long: (date) => `${say(date, { weekday: "long" })}, ${monthAndDay(date)}, ${date.getFullYear()}`,
  date_long_full: (date) => say(date, { month: "long", day: "numeric", year: "numeric" }),
  date_pretty: (date, now) => nearDay(date, now) || FORMATS.date(date),
  date_short_pretty: (date, now) => nearDay(date, now) || FORMATS.date_short(date),
  date_long_pretty: (date, now) => nearDay(date, now) || FORMATS.date_long(date),
  day_divider_pretty: (date, now) => nearDay(date, now) || `${say(date, { weekday: "long" })}, ${monthAndDay(date)}`,
  time: (date) => time(date),
  time_secs: (date) => time(date, { second: "2-digit" }),
  ago,
};

/**
 * The template with its tokens filled in; unknown tokens stay as they are.
 *
 * @param {number} unix  seconds
 * @param {string} template  such as `{date_short_pretty} at {time}`
 */
export function formatDate(unix, template, now = simulated()) {
  const date = new Date(unix * 1000);
  return template.replace(/\{(\w+)\}/gu, (token, name) => FORMATS[name]?.(date, now) ?? token);
}

/** Day and time in full, for tooltips. */
export function fullDate(unix) {
  return formatDate(unix, "{date_long} at {time_secs}");
}

/** What stands on the line between two days of messages. */
export function dayTitle(unix) {
  const title = formatDate(unix, "{day_divider_pretty}");
  return title[0].toUpperCase() + title.slice(1);
}

/** The day that it is; what says "today" is drawn anew when another begins. */
export function today() {
  return dateNum(simulated());
}
