/** An input block: label, element, hint, and the error at the field. */

import { makeControl } from "./controls.js";
import { div, el, span, uniqueId } from "./dom.js";

/**
 * @typedef {object} Input
 * @property {() => any} read
 * @property {(message: string) => void} showError  an empty message takes the error away
 * @property {() => void} focus
 */

/**
 * @param {object} block
 * @param {import("./blocks.js").Surface} surface
 */
export function inputBlock(block, surface) {
  const { element } = block;
  const [label, hint, error] = [uniqueId("label"), uniqueId("hint"), uniqueId("error")];
  const control = makeControl(element, {
    block: block.block_id,
    labelledBy: label,
    describedBy: `${hint} ${error}`,
    initial: surface.remembered?.(block, element),
    send: block.dispatch_action ? (value) => surface.send(block, element, value) : undefined,
    suggest: (words) => surface.suggest(block, element, words),
  });
  if (!control) return null;
  const errorNode = el("div", { id: error, class: "error", role: "alert" });
  const node = div(
    "input-block",
    labelNode(block, label, control.field),
    control.node,
    counter(element, control.field),
    block.hint && el("div", { id: hint, class: "hint" }, block.hint.text),
    errorNode,
  );
  surface.collect?.(block, makeInput(control, node, errorNode));
  return node;
}

function labelNode(block, id, field) {
  field.id ||= uniqueId("field");
  const grouped = field.type === "radio" || field.type === "checkbox";
  const attributes = { id, class: "label", for: grouped ? null : field.id };
  return el(grouped ? "div" : "label", attributes, block.label.text, block.optional && span("optional", " (optional)"));
}

function makeInput(control, node, errorNode) {
  const showError = (message) => {
    errorNode.textContent = message;
    node.classList.toggle("wrong", message !== "");
    control.field.ariaInvalid = String(message !== "");
  };
  node.addEventListener("input", () => showError(""));
  node.addEventListener("change", () => showError(""));
  return { read: control.read, showError, focus: () => control.field.focus() };
}

/** What is left of `max_length`, shown when it gets short. */
function counter(element, field) {
  if (!element.max_length || !("value" in field)) return null;
  const node = el("div", { class: "counter", "aria-hidden": "true" });
  const show = () => {
    const left = element.max_length - field.value.length;
    node.textContent = left < element.max_length / 10 ? String(left) : "";
    node.classList.toggle("over", left < 0);
  };
  field.addEventListener("input", show);
  show();
  return node;
}
