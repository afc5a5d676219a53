/** The rich_text block (docs.slack.dev/reference/block-kit/blocks/rich-text-block): its text is literal. */

import { el } from "./dom.js";
import { link } from "./links.js";
import { broadcast, channelMention, dateNode, personMention, usergroupMention } from "./mentions.js";

const STYLES = [
  ["code", "code"],
  ["strike", "s"],
  ["italic", "i"],
  ["bold", "b"],
  ["underline", "u"],
];
const BULLETS = 3;

const PARTS = {
  rich_text_section: (part) => el("div", { class: "rich-section" }, part.elements.map(inline)),
  rich_text_preformatted: (part) => el("pre", {}, part.elements.map(inline)),
  rich_text_quote: (part) => el("blockquote", {}, part.elements.map(inline)),
  rich_text_list: list,
};

const INLINES = {
  text: (element) => element.text,
  link: (element) => link(element.url, element.text || element.url),
  user: (element) => personMention(element.user_id),
  usergroup: (element) => usergroupMention(element.usergroup_id),
  channel: (element) => channelMention(element.channel_id),
  broadcast: (element) => broadcast(element.range),
  emoji: (element) => emoji(element),
  color: (element) => element.value,
  date: (element) =>
    dateNode({ unix: element.timestamp, format: element.format, url: element.url, fallback: element.fallback }),
};

export function richText(block) {
  return el("div", { class: "rich-text" }, block.elements.map((part) => PARTS[part.type]?.(part)));
}

function list(part) {
  const indent = part.indent ?? 0;
  const ordered = part.style === "ordered";
  const attributes = { class: `indent-${indent} bullet-${indent % BULLETS}${part.border ? " bordered" : ""}` };
  if (ordered && part.offset) attributes.start = part.offset + 1;
  const items = part.elements.map((section) => el("li", {}, section.elements.map(inline)));
  return el(ordered ? "ol" : "ul", attributes, items);
}

function inline(element) {
  const content = INLINES[element.type]?.(element) ?? "";
  return STYLES.reduce((node, [style, tag]) => (element.style?.[style] ? el(tag, {}, node) : node), content);
}

function emoji({ name, unicode }) {
  if (!unicode) return `:${name}:`;
  const signs = unicode.split("-").map((code) => String.fromCodePoint(Number.parseInt(code, 16)));
  return el("span", { role: "img", "aria-label": name }, signs.join(""));
}
