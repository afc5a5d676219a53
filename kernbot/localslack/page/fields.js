/** Block Kit's typed inputs: text, numbers, addresses, dates and times. */

import { el } from "./dom.js";

const MINUTE = 60;

const TYPES = {
  plain_text_input: { type: "text", initial: "initial_value" },
  number_input: { type: "text", inputmode: "decimal", initial: "initial_value" },
  email_text_input: { type: "email", initial: "initial_value" },
  url_text_input: { type: "url", initial: "initial_value" },
  datepicker: { type: "date", initial: "initial_date", picked: true },
  timepicker: { type: "time", initial: "initial_time", picked: true },
  datetimepicker: { type: "datetime-local", initial: "initial_date_time", picked: true, write: toLocal, parse: toUnix },
};

export const FIELD_TYPES = Object.keys(TYPES);

/** @returns {import("./controls.js").Control} */
export function field(element, { attributes, initial, act }) {
  const { type, inputmode, initial: key, picked, write = String, parse = String } = TYPES[element.type];
  const node = element.multiline
    ? el("textarea", { rows: "4", ...attributes })
    : el("input", { type, inputmode, autocomplete: "off", ...attributes });
  node.placeholder = element.placeholder?.text ?? "";
  const first = initial === undefined ? element[key] : initial;
  node.value = first === undefined || first === null ? "" : write(first);
  const read = () => (node.value === "" ? null : parse(node.value));
  listen(node, element, picked, () => act(read()));
  return { node, field: node, read };
}

/** Pickers act when a value is picked, text inputs as their `dispatch_action_config` says (by default on Enter). */
function listen(node, element, picked, act) {
  if (picked) return node.addEventListener("change", act);
  const triggers = element.dispatch_action_config?.trigger_actions_on ?? ["on_enter_pressed"];
  if (triggers.includes("on_character_entered")) node.addEventListener("input", act);
  const enter = (event) => event.key === "Enter" && act();
  if (triggers.includes("on_enter_pressed")) node.addEventListener("keydown", enter);
  return undefined;
}

/** Unix seconds as the text of a `datetime-local` input. */
function toLocal(unix) {
  const date = new Date(unix * 1000);
  return new Date(date - date.getTimezoneOffset() * MINUTE * 1000).toISOString().slice(0, 16);
}

function toUnix(text) {
  return Math.floor(new Date(text).getTime() / 1000);
}
