/** What an agent does, step by step: task cards, and plans of them. */

import { div, el, span } from "./dom.js";
import { link } from "./links.js";
import { richText } from "./rich_text.js";

const STATES = {
  pending: ["○", "to do"],
  in_progress: ["●", "in progress"],
  complete: ["✓", "done"],
  error: ["✕", "failed"],
};

export function taskCard(block) {
  const [mark, words] = STATES[block.status];
  const title = div("task-title", span("task-mark", mark), el("b", {}, block.title), span("task-state", words));
  const sources = (block.sources ?? []).map(({ url, text }) => el("li", {}, link(url, text)));
  return div(
    `task ${block.status}`,
    title,
    block.details && richText(block.details),
    block.output && richText(block.output),
    sources.length > 0 && el("ul", {}, sources),
  );
}

export function plan(block) {
  const title = block.title && el("b", { class: "plan-title" }, block.title);
  const tasks = (block.tasks ?? []).map(taskCard);
  return el("div", { class: "plan", role: "group", "aria-label": block.title }, title, tasks);
}
