/** The markdown block: standard Markdown, unlike mrkdwn (docs.slack.dev/reference/block-kit/blocks/markdown-block). */

import { el } from "./dom.js";
import { link } from "./links.js";

const FENCE = /^```/u;
const HEADING = /^(#{1,6})\s+(.*?)\s*#*$/u;
const RULE = /^\s*(?:[-*_]\s*){3,}$/u;
const ITEM = /^\s*(?:[-*+]|\d+[.)])\s+(.*)$/u;
const NUMBER = /^\s*\d/u;
const QUOTE = /^>\s?(.*)$/u;
const ROW = /^\s*\|(.*)\|\s*$/u;
const DASHES = /^\s*\|[\s:|-]+\|\s*$/u;
const SIGNS = /\\([\\`*_{}[\]()#+.!~>|-])/uy;

const INLINES = [
  [/`([^`]+)`/uy, ([, text]) => el("code", {}, text)],
  [/\[([^\]]+)\]\(([^()\s]+)\)/uy, ([, text, address]) => link(address, text)],
  [/<(https?:[^<>\s]+)>/uy, ([, address]) => link(address, address)],
  [/https?:\/\/[^\s<>|"')\]]*[^\s<>|"')\].,:;!?]/uy, ([address]) => link(address, address)],
  [/\*\*(?=\S)([^\n]+?)(?<=\S)\*\*/uy, ([, text]) => el("b", {}, inline(text))],
  [/\*(?=\S)([^*\n]+?)(?<=\S)\*/uy, ([, text]) => el("i", {}, inline(text))],
  [/(?<![\p{L}\p{N}])_(?=\S)([^_\n]+?)(?<=\S)_(?![\p{L}\p{N}])/uy, ([, text]) => el("i", {}, inline(text))],
  [/~~(?=\S)([^\n]+?)(?<=\S)~~/uy, ([, text]) => el("s", {}, inline(text))],
  [SIGNS, ([, sign]) => sign],
];

/** @param {string} text */
export function markdown(text) {
  const lines = text.split("\n");
  const nodes = [];
  while (lines.length) nodes.push(take(lines));
  return el("div", { class: "markdown" }, nodes.filter(Boolean));
}

/** Take the next block off the lines. */
function take(lines) {
  if (lines[0].trim() === "") return void lines.shift();
  if (FENCE.test(lines[0])) return fence(lines);
  if (HEADING.test(lines[0])) return heading(lines.shift());
  if (RULE.test(lines[0])) return lines.shift() && el("hr");
  if (ITEM.test(lines[0])) return list(lines);
  if (QUOTE.test(lines[0])) return el("blockquote", {}, markdown(whileLines(lines, QUOTE).join("\n")));
  if (ROW.test(lines[0]) && DASHES.test(lines[1] ?? "")) return tableOf(lines);
  return paragraph(lines);
}

function fence(lines) {
  lines.shift();
  const end = lines.findIndex((line) => FENCE.test(line));
  const content = lines.splice(0, end < 0 ? lines.length : end);
  lines.shift();
  return el("pre", {}, content.join("\n"));
}

function heading(line) {
  const [, signs, text] = HEADING.exec(line);
  return el("div", { class: "markdown-heading", role: "heading", "aria-level": String(signs.length) }, inline(text));
}

function list(lines) {
  const tag = NUMBER.test(lines[0]) ? "ol" : "ul";
  return el(tag, {}, whileLines(lines, ITEM).map((text) => el("li", {}, inline(text))));
}

function tableOf(lines) {
  const cells = (line) => ROW.exec(line)[1].split("|").map((cell) => cell.trim());
  const head = cells(lines.shift());
  lines.shift();
  const rows = [];
  while (ROW.test(lines[0] ?? "")) rows.push(cells(lines.shift()));
  const row = (tag) => (texts) => el("tr", {}, texts.map((text) => el(tag, {}, inline(text))));
  const content = el("table", {}, el("thead", {}, row("th")(head)), el("tbody", {}, rows.map(row("td"))));
  return el("div", { class: "table", tabindex: "0", role: "region", "aria-label": "Table" }, content);
}

function paragraph(lines) {
  const own = [];
  do own.push(lines.shift());
  while (lines.length && lines[0].trim() && ![FENCE, HEADING, RULE, ITEM, QUOTE].some((begin) => begin.test(lines[0])));
  return el("p", {}, inline(own.join("\n")));
}

/** The contents of the lines from the first on that match. */
function whileLines(lines, pattern) {
  const found = [];
  while (lines.length && pattern.test(lines[0])) found.push(pattern.exec(lines.shift())[1]);
  return found;
}

function inline(text) {
  const nodes = [];
  let plain = "";
  let at = 0;
  while (at < text.length) {
    const found = markAt(text, at);
    if (!found) plain += text[at];
    else if (plain) nodes.push(plain, found.node);
    else nodes.push(found.node);
    if (found) plain = "";
    at = found ? found.end : at + 1;
  }
  return plain ? [...nodes, plain] : nodes;
}

function markAt(text, at) {
  for (const [pattern, make] of INLINES) {
    pattern.lastIndex = at;
    const match = pattern.exec(text);
    if (match) return { node: make(match), end: at + match[0].length };
  }
  return null;
}
