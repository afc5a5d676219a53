/** The overflow menu: a button with three dots and a short list of entries. */

import { button, el, span } from "./dom.js";
import { isOpen, openPopup } from "./popup.js";

const STEPS = { ArrowDown: 1, ArrowUp: -1 };

/**
 * @typedef {object} Entry
 * @property {string} text
 * @property {string} [description]
 * @property {() => void} choose
 */

/**
 * @param {string} label
 * @param {() => Entry[]} entries  read each time the menu opens
 * @param {Record<string, any>} attributes  of the button
 * @param {string} [mark]  what stands on the button
 * @returns {HTMLElement}
 */
export function menuButton(label, entries, attributes, mark = "⋮") {
  let items = [];
  const popup = el("div", { class: "popup menu", role: "menu", popover: "auto", keydown: key });
  const opener = button(
    {
      class: "button overflow",
      title: label,
      "aria-haspopup": "menu",
      "aria-expanded": "false",
      ...attributes,
      click: toggle,
    },
    el("span", { "aria-hidden": "true" }, mark),
  );
  popup.ariaLabel = label;
  opener.ariaLabel = label;
  popup.addEventListener("toggle", () => (opener.ariaExpanded = String(isOpen(popup))));
  return span("menu-anchor", opener, popup);

  function toggle() {
    if (isOpen(popup)) return close();
    items = entries().map((entry) => item(entry, close));
    popup.replaceChildren(...items);
    openPopup(popup, opener);
    return items[0]?.focus();
  }

  function close() {
    popup.hidePopover();
    opener.focus();
  }

  function key(event) {
    if (event.key in STEPS) items.at((items.indexOf(document.activeElement) + STEPS[event.key]) % items.length).focus();
    else if (event.key === "Escape") close();
    else return;
    event.preventDefault();
  }
}

function item({ text, description, choose }, close) {
  const chosen = () => {
    close();
    choose();
  };
  const attributes = { role: "menuitem", class: "option", tabindex: "-1", click: chosen };
  return button(attributes, el("span", {}, text), description && span("option-description", description));
}
