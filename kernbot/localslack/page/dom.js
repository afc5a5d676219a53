/** Making DOM nodes. Text becomes text nodes, never markup: nothing in this page parses HTML. */

/**
 * An element with attributes, listeners (values that are functions) and children.
 * `true` sets an empty attribute; `false`, `null` and `undefined` leave it, or a child, out.
 *
 * @param {string} tag
 * @param {Record<string, any>} [attributes]
 * @param {...(Node | string | null | undefined | false | Array<any>)} children
 * @returns {HTMLElement}
 */
export function el(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) assign(node, name, value);
  node.append(...children.flat().filter(isPresent));
  return node;
}

/** A box that is there for its looks. */
export function div(className, ...children) {
  return el("div", { class: className }, ...children);
}

/** A piece of text that is there for its looks. */
export function span(className, ...children) {
  return el("span", { class: className }, ...children);
}

/** A button that submits no form. */
export function button(attributes, ...children) {
  return el("button", { type: "button", ...attributes }, ...children);
}

/** A sign that says nothing to a screen reader, and the words that do. */
export function sign(text, words) {
  return [el("span", { "aria-hidden": "true" }, text), span("visually-hidden", words)];
}

function assign(node, name, value) {
  if (typeof value === "function") node.addEventListener(name, value);
  else if (isPresent(value)) node.setAttribute(name, value === true ? "" : String(value));
}

function isPresent(value) {
  return value !== null && value !== undefined && value !== false;
}

let lastId = 0;

/** An id that no other element of this page has. */
export function uniqueId(prefix) {
  lastId += 1;
  return `${prefix}-${lastId}`;
}
