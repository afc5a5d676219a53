/** A select that is searched by typing: one choice, or several shown as chips. */

import { button, div, el, span, uniqueId } from "./dom.js";
import { isOpen, openPopup, place } from "./popup.js";

const PATIENCE = 200;

/**
 * @typedef {{value: string, text: string, description?: string, group?: string}} Option
 */

export class Combobox {
  /**
   * @param {object} settings
   * @param {() => Option[]} settings.options  read each time the list opens or the words change
   * @param {(words: string) => Promise<Option[]>} [settings.load]  asks elsewhere for what these words find
   * @param {number} [settings.shortest]  how many letters that needs
   * @param {string[]} settings.chosen  the values chosen at first
   * @param {boolean} settings.several
   * @param {number} [settings.most]  how many may be chosen
   * @param {string} settings.placeholder
   * @param {Record<string, any>} settings.attributes  of the text box: its name, `data-` hooks
   * @param {(values: string[]) => Promise<boolean>} settings.changed  false takes the change back
   */
  constructor(settings) {
    this.settings = settings;
    this.chosen = this.#known(settings.chosen);
    this.active = -1;
    this.shown = [];
    this.rows = [];
    this.none = "No matches";
    this.list = this.#makeList();
    this.box = this.#makeBox();
    this.chips = span("chips");
    this.node = span("combobox", this.chips, this.box, this.list);
    this.#showChosen();
  }

  get values() {
    return this.chosen.map((option) => option.value);
  }

  #known(values) {
    const options = this.settings.options();
    return values.map((value) => options.find((option) => option.value === value) ?? { value, text: value });
  }

  #makeList() {
    const { several, attributes } = this.settings;
    return el("div", {
      id: uniqueId("list"),
      class: "popup",
      role: "listbox",
      popover: "auto",
      "aria-label": attributes["aria-label"],
      "aria-labelledby": attributes["aria-labelledby"],
      "aria-multiselectable": String(several),
      mousedown: (event) => event.preventDefault(),
      toggle: () => (this.box.ariaExpanded = String(isOpen(this.list))),
    });
  }

  #makeBox() {
    return el("input", {
      type: "text",
      role: "combobox",
      autocomplete: "off",
      spellcheck: "false",
      "aria-autocomplete": "list",
      "aria-expanded": "false",
      "aria-controls": this.list.id,
      ...this.settings.attributes,
      click: () => this.#open(),
      input: () => this.#open(this.box.value),
      keydown: (event) => this.#key(event),
      blur: () => this.#leave(),
    });
  }

  #open(words = "") {
    if (this.settings.load) return this.#search(words.trim());
    return this.#show(matching(this.settings.options(), words), words);
  }

  #show(options, words = "") {
    this.shown = options;
    this.#fill();
    if (isOpen(this.list)) place(this.list);
    else openPopup(this.list, this.node);
    this.#activate(words ? 0 : this.shown.findIndex((option) => this.values.includes(option.value)));
  }

  /** Ask for what the words find, once nothing more was typed for a moment; only the newest answer counts. */
  #search(words) {
    clearTimeout(this.timer);
    const { shortest } = this.settings;
    this.asked = words;
    const short = words.length < shortest;
    this.#tell(short ? `Type at least ${shortest} letter${shortest === 1 ? "" : "s"} to search` : "Searching …");
    if (!short) this.timer = setTimeout(() => this.#load(words), PATIENCE);
  }

  async #load(words) {
    const found = await this.settings.load(words).catch((error) => error);
    if (words !== this.asked || document.activeElement !== this.box) return;
    if (found instanceof Error) this.#tell(`The options could not be loaded: ${found.message}`);
    else this.#show(found, words);
  }

  /** A line in the place of options. */
  #tell(line) {
    this.none = line;
    this.#show([]);
    this.none = "No matches";
  }

  #fill() {
    this.rows = this.shown.map((option) => this.#row(option));
    const groups = Map.groupBy(this.rows.keys(), (index) => this.shown[index].group ?? "");
    const parts = [...groups].flatMap(([group, indices]) => grouped(group, indices.map((index) => this.rows[index])));
    this.list.replaceChildren(...(parts.length ? parts : [div("option none", this.none)]));
  }

  #row(option) {
    const attributes = {
      id: uniqueId("option"),
      class: "option",
      role: "option",
      "aria-selected": String(this.values.includes(option.value)),
      click: () => this.#choose(option),
    };
    const description = option.description && span("option-description", option.description);
    return el("div", attributes, el("span", {}, option.text), description);
  }

  #activate(index) {
    this.rows[this.active]?.classList.remove("active");
    this.active = index;
    const row = this.rows[index];
    row?.classList.add("active");
    row?.scrollIntoView({ block: "nearest" });
    if (row) this.box.setAttribute("aria-activedescendant", row.id);
    else this.box.removeAttribute("aria-activedescendant");
  }

  #key(event) {
    const open = isOpen(this.list);
    if (event.key === "Backspace") return this.#backspace();
    if (event.key === "ArrowDown") this.#move(open, 1);
    else if (event.key === "ArrowUp") this.#move(open, -1);
    else if (event.key === "Enter") this.#enter(open);
    else if (event.key === "Escape" && open) this.list.hidePopover();
    else return undefined;
    return event.preventDefault();
  }

  #move(open, step) {
    if (!open) return this.#open();
    const from = this.active < 0 && step < 0 ? 0 : this.active;
    return this.rows.length && this.#activate((from + step + this.rows.length) % this.rows.length);
  }

  #enter(open) {
    if (!open) this.#open();
    else if (this.shown[this.active]) this.#choose(this.shown[this.active]);
  }

  #backspace() {
    if (this.settings.several && this.box.value === "") this.#drop(this.chosen.at(-1));
  }

  #choose(option) {
    if (this.settings.several) {
      this.#toggle(option);
      this.#open();
    } else {
      this.#change([option]);
      this.list.hidePopover();
    }
  }

  #toggle(option) {
    if (this.values.includes(option.value)) this.#drop(option);
    else if (this.chosen.length < (this.settings.most ?? Infinity)) this.#change([...this.chosen, option]);
  }

  #drop(option) {
    if (option) this.#change(this.chosen.filter((other) => other.value !== option.value));
  }

  /** An emptied box of a single select is no choice; other words that were not chosen are forgotten. */
  #leave() {
    if (isOpen(this.list)) this.list.hidePopover();
    if (!this.settings.several && this.chosen.length && this.box.value === "") this.#change([]);
    else this.#showWords();
  }

  async #change(chosen) {
    const before = this.chosen;
    this.chosen = chosen;
    this.#showChosen();
    if (await this.settings.changed(this.values)) return;
    this.chosen = before;
    this.#showChosen();
  }

  #showChosen() {
    this.#showWords();
    if (this.settings.several) this.chips.replaceChildren(...this.chosen.map((option) => this.#chip(option)));
  }

  #showWords() {
    const { several, placeholder } = this.settings;
    this.box.value = several ? "" : (this.chosen[0]?.text ?? "");
    this.box.placeholder = several && this.chosen.length ? "" : placeholder;
  }

  #chip(option) {
    const attributes = { "aria-label": `Remove ${option.text}`, click: () => this.#drop(option) };
    return span("chip", option.text, button(attributes, "✕"));
  }
}

function matching(options, words) {
  const wanted = words.trim().toLowerCase();
  return options.filter((option) => option.text.toLowerCase().includes(wanted));
}

function grouped(name, rows) {
  if (!name) return rows;
  const title = el("div", { class: "option-group", "aria-hidden": "true" }, name);
  return [el("div", { role: "group", "aria-label": name }, title, rows)];
}
