/** People, channels, groups and dates inside a text. */

import { fullDate, formatDate } from "./dates.js";
import { directory, personName } from "./directory.js";
import { el, span } from "./dom.js";
import { link } from "./links.js";
import { linkTo } from "./routes.js";

export function personMention(id) {
  const mine = id === directory.me ? " mention-me" : "";
  return el("span", { class: `mention${mine}`, "data-user": id }, `@${personName(id)}`);
}

/** A channel's name, a link where the reader can open it; a private one they cannot see stays unnamed. */
export function channelMention(id, label = "") {
  const channel = directory.channels.get(id);
  if (!channel) return span("mention", label ? `#${label}` : "private channel");
  return el("a", { class: "mention", href: linkTo({ as: directory.me, channel: id }) }, `#${channel.name}`);
}

export function usergroupMention(id, label = "") {
  return span("mention", label || `@${directory.groups.get(id) ?? id}`);
}

/** `@here`, `@channel`, `@everyone`. */
export function broadcast(range) {
  return span("mention mention-me", `@${range}`);
}

/**
 * A date in the reader's own time zone, the fallback where it is no date.
 *
 * @param {{unix: number, format: string, url?: string, fallback?: string}} date  unix: seconds
 */
export function dateNode({ unix, format, url, fallback }) {
  if (!Number.isFinite(unix) || !format) return el("span", {}, fallback ?? "");
  const text = formatDate(unix, format);
  const iso = new Date(unix * 1000).toISOString();
  return el("time", { datetime: iso, title: fullDate(unix) }, url ? link(url, text) : text);
}
