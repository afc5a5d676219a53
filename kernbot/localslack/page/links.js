/** Links in messages: which may be followed, and which lead to a message of this page. */

import { directory } from "./directory.js";
import { el } from "./dom.js";
import { linkTo } from "./routes.js";

const FOLLOWED = ["http:", "https:", "mailto:"];

/** The address if it may be followed, else null: `javascript:` and the like stay text. */
function safeAddress(text) {
  const address = URL.canParse(text) ? new URL(text) : null;
  return address && FOLLOWED.includes(address.protocol) ? address : null;
}

/** The place in this page that a permalink (`/archives/C…/p…`) leads to, or null for any other address. */
function placeOf(address) {
  const match = /^\/archives\/([A-Z0-9]+)\/p(\d+)(\d{6})$/u.exec(address.pathname);
  if (!match || !directory.channels.has(match[1])) return null;
  const thread = address.searchParams.get("thread_ts") ?? `${match[2]}.${match[3]}`;
  return linkTo({ as: directory.me, channel: match[1], thread });
}

/** A link, or the label alone where the address may not be followed. */
export function link(text, label) {
  const address = safeAddress(text);
  if (!address) return el("span", {}, label);
  const place = placeOf(address);
  if (place) return el("a", { href: place }, label);
  return el("a", { href: address.href, target: "_blank", rel: "noopener noreferrer" }, label);
}

/** Follow the address of a button that has one. */
export function follow(text) {
  const address = safeAddress(text);
  if (!address) return;
  const place = placeOf(address);
  if (place) location.hash = place;
  else window.open(address.href, "_blank", "noopener,noreferrer");
}
