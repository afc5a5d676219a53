/** Radio buttons and checkboxes. */

import { el, span, uniqueId } from "./dom.js";
import { textObject } from "./text.js";

/** @returns {import("./controls.js").Control} */
export function radioButtons(element, settings) {
  const first = settings.initial === undefined ? element.initial_option?.value : settings.initial;
  return choices(element, settings, { type: "radio", chosen: [first], wrap: (values) => values[0] ?? null });
}

/** @returns {import("./controls.js").Control} */
export function checkboxes(element, settings) {
  const first = settings.initial ?? element.initial_options?.map((option) => option.value) ?? [];
  return choices(element, settings, { type: "checkbox", chosen: first, wrap: (values) => values });
}

function choices(element, { attributes, act }, { type, chosen, wrap }) {
  const name = uniqueId("choice");
  const boxes = element.options.map(({ value }) => el("input", { type, name, value, checked: chosen.includes(value) }));
  const read = () => wrap(boxes.filter((box) => box.checked).map((box) => box.value));
  let settled = marks(boxes);
  const settle = async () => {
    if (await act(read())) settled = marks(boxes);
    else boxes.forEach((box, index) => (box.checked = settled[index]));
  };
  const role = type === "radio" ? "radiogroup" : "group";
  const rows = element.options.map((option, index) => row(option, boxes[index]));
  return { node: el("div", { class: "choices", role, ...attributes, change: settle }, rows), field: boxes[0], read };
}

function marks(boxes) {
  return boxes.map((box) => box.checked);
}

function row(option, box) {
  const description = option.description && span("option-description", textObject(option.description));
  return el("label", { class: "choice" }, box, el("span", {}, textObject(option.text), description));
}
