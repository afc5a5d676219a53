/** Short notices in the corner, read aloud by screen readers. */

import { el } from "./dom.js";

const SHOWN_FOR = 10_000;

/** @param {string} text */
export function notify(text) {
  const dismiss = el("button", { type: "button", "aria-label": "Dismiss", click: () => toast.remove() }, "✕");
  const toast = el("div", { class: "toast" }, el("span", {}, text), dismiss);
  document.getElementById("toasts").append(toast);
  setTimeout(() => toast.remove(), SHOWN_FOR);
}
