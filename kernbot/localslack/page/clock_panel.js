/** The time of the simulation, on top of the page, and the panel in which it is moved. */

import { now } from "./clock.js";
import { formatDate } from "./dates.js";
import { button, div, el, sign, span, uniqueId } from "./dom.js";
import { isOpen, openPopup } from "./popup.js";

const JUMPS = [
  ["+1 minute", 60],
  ["+15 minutes", 15 * 60],
  ["+1 hour", 3600],
  ["+1 day", 24 * 3600],
];
const UNITS = [
  ["day", 86_400],
  ["hour", 3600],
  ["minute", 60],
  ["second", 1],
];
const SAID = "A simulation: only the clock of the local Slack moves, and that of apps which were given the same one. \
It runs on, and goes forward only.";

export class ClockPanel {
  /** @param {(seconds: number) => Promise<boolean>} jump */
  constructor(jump) {
    this.jump = jump;
    this.time = el("time", {});
    this.opener = this.#makeOpener();
    this.state = el("p", { class: "clock-state", role: "status" });
    this.popup = this.#makePopup();
    this.node = span("clock", this.opener, this.popup);
    setInterval(() => this.#tick(), 1000);
  }

  /** @param {{ahead: number | null}} clock  ahead: seconds, or null for a clock that cannot be moved */
  show({ ahead }) {
    this.ahead = ahead ?? 0;
    this.node.hidden = ahead === null;
    this.#tick();
  }

  #makeOpener() {
    const attributes = { class: "topbar-button", "aria-expanded": "false", click: () => this.#toggle() };
    return button(attributes, sign("◷", "Clock:"), " ", this.time);
  }

  #makePopup() {
    const title = uniqueId("clock");
    const jumps = JUMPS.map(([text, seconds]) => button({ class: "button", click: () => this.jump(seconds) }, text));
    return el(
      "div",
      {
        class: "popup clock-panel",
        popover: "auto",
        role: "dialog",
        "aria-labelledby": title,
        toggle: () => (this.opener.ariaExpanded = String(isOpen(this.popup))),
      },
      el("h2", { id: title }, "Move the clock"),
      this.state,
      div("clock-jumps", jumps),
      this.#makeForm(),
      el("p", { class: "hint" }, SAID),
    );
  }

  #makeForm() {
    const box = el("input", { type: "number", min: "1", max: "500000", step: "1", required: true });
    const submit = async (event) => {
      event.preventDefault();
      if (await this.jump(box.valueAsNumber * 60)) box.value = "";
    };
    const go = el("button", { type: "submit", class: "button" }, "Jump");
    return el("form", { class: "clock-form", submit }, el("label", {}, "Minutes ", box), go);
  }

  #toggle() {
    if (isOpen(this.popup)) return this.popup.hidePopover();
    this.#tick();
    openPopup(this.popup, this.opener);
    return this.popup.querySelector("button").focus();
  }

  #tick() {
    const unix = now() / 1000;
    write(this.time, formatDate(unix, this.ahead ? "{date_short}, {time}" : "{time}"));
    this.time.dateTime = new Date(unix * 1000).toISOString();
    const time = formatDate(unix, "{date_long} at {time}");
    write(this.state, `It is ${time}, ${this.ahead ? `${spell(this.ahead)} ahead of` : "the same as"} real time.`);
  }
}

/** Nothing is told anew that has not changed. */
function write(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

/** Seconds as `1 day 2 hours`. */
function spell(seconds) {
  let left = Math.round(seconds);
  const parts = [];
  for (const [unit, size] of UNITS) {
    const count = Math.floor(left / size);
    left -= count * size;
    if (count) parts.push(`${count} ${unit}${count === 1 ? "" : "s"}`);
  }
  return parts.join(" ");
}
