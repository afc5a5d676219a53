/**
 * Slack's mrkdwn as DOM nodes.
 * The rules are those of docs.slack.dev/messaging/formatting-message-text; `&amp; &lt; &gt;` are the only escapes.
 */

import { el } from "./dom.js";
import { link } from "./links.js";
import { broadcast, channelMention, dateNode, personMention, usergroupMention } from "./mentions.js";

const CODE = /`([^`\n]+)`/uy;
const TOKEN = /<([^<>\n]+)>/uy;
const BARE_ADDRESS = /https?:\/\/[^\s<>|"')\]]*[^\s<>|"')\].,:;!?]/uy;
const EMPHASIS = { "*": "b", _: "i", "~": "s" };
const WORD = /[\p{L}\p{N}]/u;
const QUOTE = /^(?:>|&gt;) ?/u;
const QUOTE_REST = /^(?:>>>|&gt;&gt;&gt;) ?/u;

/**
 * @param {string} text
 * @param {{verbatim?: boolean}} [options]  verbatim: addresses without `<…>` stay text
 * @returns {HTMLElement}
 */
export function mrkdwn(text, { verbatim = false } = {}) {
  const pieces = text.split(/```\n?([\s\S]+?)\n?```[ \n]?/u);
  const nodes = pieces.map((piece, index) => (index % 2 ? el("pre", {}, unescape(piece)) : lines(piece, verbatim)));
  return el("div", { class: "mrkdwn" }, ...nodes);
}

/** The entities decoded once: `&amp;lt;` reads `&lt;`. */
function unescape(text) {
  return text.replace(/&(amp|lt|gt);/gu, (_, name) => ({ amp: "&", lt: "<", gt: ">" })[name]);
}

function lines(text, verbatim) {
  return paragraphs(text).map(({ quoted, content }) => {
    const nodes = inline(content.join("\n"), verbatim);
    return quoted ? el("blockquote", {}, nodes) : el("div", {}, nodes);
  });
}

/** Neighbouring lines that are quoted alike, without their quote signs. */
function paragraphs(text) {
  const groups = [];
  let rest = false;
  for (const line of text === "" ? [] : text.split("\n")) {
    rest ||= QUOTE_REST.test(line);
    const quoted = rest || QUOTE.test(line);
    const content = line.replace(QUOTE_REST, "").replace(QUOTE, "");
    if (groups.at(-1)?.quoted === quoted) groups.at(-1).content.push(content);
    else groups.push({ quoted, content: [content] });
  }
  return groups;
}

function inline(text, verbatim) {
  const nodes = [];
  let plain = "";
  const flush = () => {
    if (plain) nodes.push(unescape(plain));
    plain = "";
  };
  for (let at = 0; at < text.length; ) {
    const found = nodeAt(text, at, verbatim);
    if (found) {
      flush();
      nodes.push(found.node);
      at = found.end;
    } else {
      plain += text[at];
      at += 1;
    }
  }
  flush();
  return nodes;
}

/** The markup that starts here with the place after it, or null where it is plain text. */
function nodeAt(text, at, verbatim) {
  const sign = text[at];
  if (sign === "`") return matchAt(CODE, text, at, (code) => el("code", {}, unescape(code)));
  if (sign === "<") return matchAt(TOKEN, text, at, token);
  if (sign in EMPHASIS) return emphasisAt(text, at, verbatim);
  if (sign === "h" && !verbatim) return addressAt(text, at);
  return null;
}

function matchAt(pattern, text, at, make) {
  pattern.lastIndex = at;
  const match = pattern.exec(text);
  return match && { node: make(match[1] ?? match[0]), end: pattern.lastIndex };
}

function addressAt(text, at) {
  if (isWord(text[at - 1])) return null;
  return matchAt(BARE_ADDRESS, text, at, (address) => link(unescape(address), unescape(address)));
}

function emphasisAt(text, at, verbatim) {
  const sign = text[at];
  const next = text[at + 1] ?? " ";
  if (isWord(text[at - 1]) || /\s/u.test(next) || next === sign) return null;
  const end = closingAt(text, at + 1, sign);
  return end < 0 ? null : { node: el(EMPHASIS[sign], {}, inline(text.slice(at + 1, end), verbatim)), end: end + 1 };
}

/** Where the emphasis that began before `from` ends on the same line, or -1. */
function closingAt(text, from, sign) {
  let at = from;
  while (at < text.length && text[at] !== "\n") {
    const end = skipTo(CODE, text, skipTo(TOKEN, text, at));
    if (end === at && text[at] === sign && at > from && !/\s/u.test(text[at - 1]) && !isWord(text[at + 1])) return at;
    at = Math.max(end, at + 1);
  }
  return -1;
}

function skipTo(pattern, text, at) {
  pattern.lastIndex = at;
  return pattern.test(text) ? pattern.lastIndex : at;
}

function isWord(sign) {
  return sign !== undefined && WORD.test(sign);
}

/** What stands between `<` and `>`: a mention, a date or a link. */
function token(body) {
  const bar = body.indexOf("|");
  const target = bar < 0 ? body : body.slice(0, bar);
  const label = bar < 0 ? "" : unescape(body.slice(bar + 1));
  if (target.startsWith("@")) return personMention(target.slice(1));
  if (target.startsWith("#")) return channelMention(target.slice(1), label);
  if (target.startsWith("!")) return special(target.slice(1), label);
  const address = unescape(target);
  return link(address, label || address.replace(/^mailto:/u, ""));
}

function special(command, label) {
  const [name, ...details] = command.split("^");
  const [first, format = "", url = ""] = details.map(unescape);
  if (name === "date") return dateNode({ unix: Number(first), format, url, fallback: label });
  if (name === "subteam") return usergroupMention(first, label);
  return broadcast(label || name);
}
