/** Block Kit's interactive elements: each becomes a control that acts when used and can be read when a form is sent. */

import { checkboxes, radioButtons } from "./choices.js";
import { askConfirm } from "./confirm.js";
import { button } from "./dom.js";
import { FIELD_TYPES, field } from "./fields.js";
import { follow } from "./links.js";
import { menuButton } from "./menu.js";
import { SELECT_TYPES, select } from "./selects.js";

/**
 * @typedef {object} Control
 * @property {HTMLElement} node
 * @property {HTMLElement} field  what gets the focus
 * @property {() => any} read  the value: a text, an option's value, a list of values, unix seconds, or null
 */

const MAKERS = {
  button: press,
  overflow,
  checkboxes,
  radio_buttons: radioButtons,
  ...Object.fromEntries(SELECT_TYPES.map((type) => [type, select])),
  ...Object.fromEntries(FIELD_TYPES.map((type) => [type, field])),
};

/**
 * @param {object} element  of Block Kit
 * @param {object} settings
 * @param {string} settings.block  its block_id
 * @param {string} [settings.labelledBy]  the id of its label
 * @param {string} [settings.describedBy]
 * @param {any} [settings.initial]  a value that replaces the element's own initial one
 * @param {(value: any) => Promise<void>} [settings.send]  tells the app; left out in forms
 * @param {(words: string) => Promise<object>} [settings.suggest]  asks the app for the options of an external menu
 * @returns {Control | null} null for an element that cannot be shown
 */
export function makeControl(element, settings) {
  if (!(element.type in MAKERS)) return null;
  const act = async (value, url) => {
    if (element.confirm && !(await askConfirm(element.confirm))) return false;
    if (url) follow(url);
    await settings.send?.(value);
    return true;
  };
  const attributes = attributesOf(element, settings);
  return MAKERS[element.type](element, { attributes, initial: settings.initial, act, suggest: settings.suggest });
}

function attributesOf(element, { block, labelledBy, describedBy }) {
  return {
    "data-action-id": element.action_id,
    "data-block-id": block,
    "aria-label": labelledBy ? null : (element.accessibility_label ?? element.placeholder?.text),
    "aria-labelledby": labelledBy,
    "aria-describedby": describedBy,
  };
}

function press(element, { attributes, act }) {
  const node = button({ class: `button ${element.style ?? ""}`, ...attributes }, element.text.text);
  node.addEventListener("click", () => whileBusy(node, () => act(null, element.url)));
  return { node, field: node, read: () => null };
}

/** One press at a time: presses while the first is on its way are ignored. */
async function whileBusy(node, work) {
  if (node.ariaBusy === "true") return;
  node.ariaBusy = "true";
  try {
    await work();
  } finally {
    node.ariaBusy = "false";
  }
}

function overflow(element, { attributes, act }) {
  const entries = element.options.map((option) => ({
    text: option.text.text,
    description: option.description?.text,
    choose: () => act(option.value, option.url),
  }));
  const node = menuButton("More actions", () => entries, attributes);
  return { node, field: node.firstChild, read: () => null };
}
