/** The table block (docs.slack.dev/reference/block-kit/blocks/table-block): its first row is its head. */

import { el } from "./dom.js";
import { richText } from "./rich_text.js";

export function table(block) {
  const [head, ...rest] = block.rows;
  const row = (tag) => (cells) => el("tr", {}, cells.map((cell, index) => el(tag, look(block, index), content(cell))));
  const parts = [el("thead", {}, row("th")(head)), el("tbody", {}, rest.map(row("td")))];
  return el("div", { class: "table", tabindex: "0", role: "region", "aria-label": "Table" }, el("table", {}, parts));
}

function content(cell) {
  return cell.type === "rich_text" ? richText(cell) : cell.text;
}

function look(block, index) {
  const { align = "left", is_wrapped: wrapped = false } = block.column_settings?.[index] ?? {};
  return { class: `align-${align}${wrapped ? " wrapped" : ""}` };
}
