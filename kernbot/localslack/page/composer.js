/** The box for writing messages and commands. */

import { directory } from "./directory.js";
import { button, div, el, uniqueId } from "./dom.js";
import { menuButton } from "./menu.js";
import { suggestionsFor } from "./suggestions.js";

const TALLEST = 240;

/** What was typed and not sent yet, and the lines that were sent, by place. */
const drafts = new Map();
const sentLines = new Map();

export class Composer {
  /**
   * @param {object} settings
   * @param {() => import("./suggestions.js").Command[]} settings.commands
   * @param {() => import("./menu.js").Entry[]} settings.shortcuts
   * @param {(line: string) => Promise<boolean>} settings.send  false: not sent, the line stays
   */
  constructor(settings) {
    this.settings = settings;
    this.suggestions = [];
    this.active = -1;
    this.recalled = null;
    this.list = this.#makeList();
    this.hint = el("div", { class: "usage", hidden: true });
    this.box = this.#makeBox();
    this.button = button({ class: "send", "aria-label": "Send", title: "Send", click: () => this.#send() }, "➤");
    this.closed = el("p", { class: "composer-closed", hidden: true });
    this.shortcuts = menuButton("Shortcuts", settings.shortcuts, {}, "⚡");
    this.frame = div("composer-frame", this.shortcuts, this.box, this.button);
    this.node = div("composer", this.list, this.hint, this.frame, this.closed);
  }

  #makeList() {
    return el("div", {
      id: uniqueId("suggestions"),
      class: "suggestions",
      role: "listbox",
      "aria-label": "Suggestions",
      hidden: true,
      mousedown: (event) => event.preventDefault(),
    });
  }

  #makeBox() {
    return el("textarea", {
      rows: "1",
      "aria-autocomplete": "list",
      "aria-controls": this.list.id,
      input: () => this.#typed(),
      keydown: (event) => this.#key(event),
      blur: () => this.#suggest([]),
    });
  }

  /**
   * @param {object} where
   * @param {string} where.key  drafts are kept by it
   * @param {string} where.label
   * @param {string} where.closed  why nothing can be written here, or an empty string
   */
  show({ key, label, closed }) {
    this.frame.hidden = closed !== "";
    this.closed.hidden = closed === "";
    this.closed.textContent = closed;
    this.shortcuts.hidden = this.settings.shortcuts().length === 0;
    if (key === this.key) return;
    this.key = key;
    this.box.ariaLabel = label;
    this.box.placeholder = label;
    this.#write(drafts.get(key) ?? "");
    this.#suggest([]);
  }

  focus() {
    this.box.focus();
  }

  #write(text) {
    this.box.value = text;
    this.box.setSelectionRange(text.length, text.length);
    this.#typed();
  }

  #typed() {
    const line = this.box.value;
    const commands = this.settings.commands();
    drafts.set(this.key, line);
    this.button.disabled = line.trim() === "";
    this.#grow();
    this.#suggest(suggestionsFor(line, commands, [...directory.people.values()], [...directory.groups.values()]));
    this.#showUsage(commands.find(({ command }) => line.startsWith(`${command} `)));
  }

  #grow() {
    this.box.style.height = "auto";
    this.box.style.height = `${Math.min(this.box.scrollHeight, TALLEST)}px`;
  }

  #showUsage(command) {
    this.hint.hidden = !command || this.suggestions.length > 0;
    this.hint.replaceChildren(...(command ? [el("b", {}, command.command), ` ${command.usage_hint}`] : []));
  }

  #suggest(suggestions) {
    this.suggestions = suggestions;
    this.rows = suggestions.map((suggestion) => this.#row(suggestion));
    this.list.replaceChildren(...this.rows);
    this.list.hidden = suggestions.length === 0;
    this.#activate(suggestions.length ? 0 : -1);
  }

  #row(suggestion) {
    const { text, usage, description } = suggestion;
    const choose = () => this.#complete(suggestion);
    return el(
      "div",
      { id: uniqueId("suggestion"), class: "suggestion", role: "option", click: choose },
      el("div", {}, el("b", {}, text), ` ${usage}`),
      description && div("suggestion-description", description),
    );
  }

  #activate(index) {
    this.active = index;
    this.rows.forEach((row, at) => (row.ariaSelected = String(at === index)));
    this.rows[index]?.scrollIntoView({ block: "nearest" });
    if (index < 0) this.box.removeAttribute("aria-activedescendant");
    else this.box.setAttribute("aria-activedescendant", this.rows[index].id);
  }

  #complete({ typed, text }) {
    const start = this.box.value.slice(0, this.box.value.length - typed.length);
    this.#write(`${start}${text} `);
    this.focus();
  }

  #key(event) {
    if (event.isComposing) return;
    const taken = this.suggestions.length ? this.#suggestionKey(event) : this.#plainKey(event);
    if (taken) event.preventDefault();
  }

  #suggestionKey(event) {
    const suggestion = this.suggestions[this.active];
    const count = this.suggestions.length;
    if (event.key === "ArrowDown") this.#activate((this.active + 1) % count);
    else if (event.key === "ArrowUp") this.#activate((this.active - 1 + count) % count);
    else if (event.key === "Escape") this.#suggest([]);
    else if (event.key === "Tab" && !event.shiftKey) this.#complete(suggestion);
    else if (event.key === "Enter" && suggestion.text !== suggestion.typed) this.#complete(suggestion);
    else return this.#plainKey(event);
    return true;
  }

  #plainKey(event) {
    if (event.key === "Enter" && !event.shiftKey) {
      this.#send();
      return true;
    }
    if (event.key === "ArrowUp") return this.#recall(-1);
    if (event.key === "ArrowDown") return this.#recall(1);
    return false;
  }

  /** Step through the lines sent from here, while the box is empty or holds one of them. */
  #recall(step) {
    const lines = sentLines.get(this.key) ?? [];
    const stepping = this.recalled !== null && this.recalled === this.box.value;
    if (!lines.length || (this.box.value !== "" && !stepping)) return false;
    const at = (stepping ? this.at : lines.length) + step;
    this.at = Math.max(0, Math.min(at, lines.length));
    this.recalled = lines[this.at] ?? "";
    this.#write(this.recalled);
    this.#suggest([]);
    return true;
  }

  async #send() {
    const { key } = this;
    const line = this.box.value.trim();
    if (line === "") return;
    this.recalled = null;
    this.#write("");
    sentLines.set(key, [...(sentLines.get(key) ?? []), line]);
    const sent = await this.settings.send(line);
    if (!sent && key === this.key && this.box.value === "") this.#write(line);
  }
}
