/** Block Kit's blocks as DOM nodes (docs.slack.dev/reference/block-kit/blocks). */

import { makeControl } from "./controls.js";
import { div, el } from "./dom.js";
import { inputBlock } from "./input_block.js";
import { markdown } from "./markdown.js";
import { richText } from "./rich_text.js";
import { table } from "./table.js";
import { plan, taskCard } from "./tasks.js";
import { textObject } from "./text.js";

/**
 * @typedef {object} Surface  where blocks stand
 * @property {(block: object, element: object, value: any) => Promise<void>} send  tells the app what was used
 * @property {(block: object, element: object, words: string) => Promise<object>} suggest  what an app offers to choose
 * @property {(block: object, element: object) => any} [remembered]  what was typed in an earlier drawing, or undefined
 * @property {(block: object, input: import("./input_block.js").Input) => void} [collect]  takes the inputs of a form
 */

const BLOCKS = {
  section,
  header: (block) => el("h3", { class: "header-block" }, block.text.text),
  divider: () => el("hr"),
  image: (block) => el("figure", {}, block.title && el("figcaption", {}, block.title.text), image(block)),
  context: (block) => div("context", block.elements.map(contextElement)),
  actions: (block, surface) => div("actions", block.elements.map((element) => control(block, element, surface))),
  input: inputBlock,
  rich_text: richText,
  markdown: (block) => markdown(block.text),
  table,
  task_card: taskCard,
  plan,
  alert: (block) => el("div", { class: `alert ${block.level ?? "default"}`, role: "note" }, textObject(block.text)),
};

/** @returns {HTMLElement[]} */
export function renderBlocks(blocks, surface) {
  return blocks.map((block) => {
    const node = attempt(() => BLOCKS[block.type]?.(block, surface)) ?? unsupported(block.element ?? block);
    node.classList.add("block");
    node.dataset.blockId = block.block_id ?? "";
    return node;
  });
}

/** One block that cannot be drawn must not take the others with it. */
function attempt(draw) {
  try {
    return draw();
  } catch (error) {
    console.error(error);
    return null;
  }
}

function unsupported({ type }) {
  return div("unsupported", `The local Slack cannot show this: ${type}`);
}

function section(block, surface) {
  const text = block.text && div("section-text", textObject(block.text));
  const fields = block.fields && div("fields", block.fields.map((field) => el("div", {}, textObject(field))));
  const accessory = block.accessory && div("accessory", control(block, block.accessory, surface));
  return div("section", div("section-main", text, fields), accessory);
}

function control(block, element, surface) {
  if (element.type === "image") return image(element);
  const made = makeControl(element, {
    block: block.block_id,
    initial: surface.remembered?.(block, element),
    send: (value) => surface.send(block, element, value),
    suggest: (words) => surface.suggest(block, element, words),
  });
  return made?.node ?? unsupported(element);
}

/** Nothing is loaded from elsewhere: the description stands for the picture. */
function image(element) {
  return el("span", { class: "image", role: "img", "aria-label": element.alt_text }, element.alt_text);
}

function contextElement(element) {
  return element.type === "image" ? image(element) : el("div", {}, textObject(element));
}
