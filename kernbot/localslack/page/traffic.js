/** What went to and fro between the local Slack and the apps: a line for each request, opened to see what was in it. */

import { formatDate, fullDate } from "./dates.js";
import { button, div, el, sign, span } from "./dom.js";

const WAYS = {
  "to app": ["→", "to the app"],
  "from app": ["←", "from the app"],
};

const KINDS = [
  ["", "all deliveries"],
  ["slash_commands", "commands"],
  ["interactive", "clicks and forms"],
  ["events_api", "events"],
];

/**
 * @typedef {object} Line
 * @property {number} number
 * @property {number} at  unix seconds
 * @property {string} direction  `to app` or `from app`
 * @property {string} name
 * @property {string} verdict  `ok`, or why not
 * @property {boolean} can_repeat
 */

export class Traffic {
  /**
   * @param {HTMLElement} node
   * @param {object} settings
   * @param {(number: number) => Promise<{payload: any, answer: any}>} settings.open  what was in a request
   * @param {(number: number) => Promise<boolean>} settings.repeat  send it to the app once more
   * @param {(mishap: object) => Promise<boolean>} settings.arrange  what is to happen to the next delivery
   */
  constructor(node, settings) {
    this.settings = settings;
    this.node = node;
    this.newest = 0;
    this.corner = div("corner");
    this.onlyProblems = el("input", { type: "checkbox", change: () => this.#filter() });
    this.rows = el("ol", { class: "traffic-rows", reversed: true });
    this.none = el("p", { class: "none", hidden: true }, "Nothing to show.");
    const title = el("h2", { class: "pane-title" }, "Traffic");
    const header = el("header", { class: "pane-header" }, this.corner, div("pane-titles", title));
    const filter = el("label", { class: "traffic-filter" }, this.onlyProblems, "Problems only");
    node.append(header, filter, this.#mishaps(), div("traffic-frame", this.rows, this.none));
  }

  get isOpen() {
    return !this.node.hidden;
  }

  #mishaps() {
    const kind = el("select", {}, KINDS.map(([value, text]) => el("option", { value }, text)));
    const late = el("input", { type: "number", min: "0", max: "60", value: "5", step: "any" });
    this.waiting = el("p", { class: "hint", role: "status" });
    const arrange = (text, mishap) =>
      button({ class: "button", click: () => this.settings.arrange({ kind: kind.value, ...mishap() }) }, text);
    const by = el("label", {}, "by ", late, " seconds");
    return el(
      "details",
      { class: "mishaps" },
      el("summary", {}, "Make a delivery go wrong"),
      el("label", {}, "The next one of ", kind),
      arrange("Deliver it twice", () => ({ twice: true })),
      arrange("Lose its acknowledgement", () => ({ lose_ack: true })),
      div("late", arrange("Deliver it late", () => ({ late: late.valueAsNumber })), by),
      this.waiting,
    );
  }

  /**
   * @param {Line[]} lines  those that are new, newest last
   * @param {number} waiting  how many deliveries are still to go wrong
   */
  add(lines, waiting) {
    this.waiting.textContent = waiting ? `${waiting} still to happen.` : "";
    this.rows.prepend(...lines.map((line) => this.#row(line)).reverse());
    this.newest = lines.at(-1)?.number ?? this.newest;
    this.#filter();
  }

  #filter() {
    this.rows.classList.toggle("only-problems", this.onlyProblems.checked);
    this.none.hidden = this.rows.querySelector(this.onlyProblems.checked ? ".problem" : "li") !== null;
  }

  #row(line) {
    const body = div("traffic-body");
    const toggle = () => details.open && !body.hasChildNodes() && this.#fill(body, line);
    const details = el("details", { toggle }, summary(line), body);
    return el("li", { class: isProblem(line) ? "problem" : null, "data-number": line.number }, details);
  }

  async #fill(body, line) {
    body.replaceChildren("Loading …");
    const { payload, answer } = await this.settings.open(line.number).catch((error) => ({ payload: error.message }));
    const again = button({ class: "button", click: () => this.#repeat(again, line.number) }, "Send again");
    body.replaceChildren(
      ...[problems(line, answer), line.can_repeat && again, json("Sent", payload), answer && json("Answered", answer)]
        .filter(Boolean),
    );
  }

  async #repeat(node, number) {
    node.disabled = true;
    await this.settings.repeat(number);
    node.disabled = false;
  }
}

function isProblem({ verdict }) {
  return verdict !== "ok";
}

function summary(line) {
  const [arrow, words] = WAYS[line.direction];
  const time = formatDate(line.at, "{time_secs}");
  return el(
    "summary",
    {},
    el("time", { class: "time", datetime: new Date(line.at * 1000).toISOString(), title: fullDate(line.at) }, time),
    span("way", sign(arrow, words)),
    span("traffic-name", line.name),
    span("verdict", line.verdict.split(":")[0]),
  );
}

/** All that is wrong with a request, as the validator tells it. */
function problems(line, answer) {
  const found = answer?.response_metadata?.messages ?? (isProblem(line) ? [line.verdict] : []);
  if (!found.length) return null;
  return el("ul", { class: "problems", "aria-label": "Problems" }, found.map((text) => el("li", {}, text)));
}

function json(title, value) {
  const text = typeof value === "string" ? value : JSON.stringify(unfolded(value), null, 2);
  return el("section", {}, el("h3", {}, title), el("pre", { tabindex: "0", "aria-label": title }, text));
}

/** The value with the JSON unfolded that forms carry as texts. */
function unfolded(value) {
  if (Array.isArray(value)) return value.map(unfolded);
  if (value && typeof value === "object") {
    return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, unfolded(part)]));
  }
  return typeof value === "string" && /^[[{]/u.test(value) ? parsed(value) : value;
}

function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
