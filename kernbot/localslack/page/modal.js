/** The modal: the topmost view of the acting person, drawn again only when the view itself changed. */

import { renderBlocks } from "./blocks.js";
import { button, div, el, uniqueId } from "./dom.js";

/**
 * @typedef {{ok: boolean, errors?: Record<string, string>, error?: string}} Answer
 */

/**
 * @typedef {object} ModalActions
 * @property {(view: object, values: Record<string, any>) => Promise<Answer>} submit
 * @property {(view: object) => Promise<void>} close
 * @property {(view: object, block: object, element: object, value: any) => Promise<Answer>} act
 * @property {(view: object, block: object, element: object, words: string) => Promise<object>} suggest
 * @property {() => void} gone  the modal is closed and what had the focus before is not there any more
 */

export class Modal {
  /** @param {ModalActions} actions */
  constructor(actions) {
    this.actions = actions;
    this.view = null;
    this.inputs = new Map();
    /** What was typed, by view and input: it survives updates of the view and views on top of it. */
    this.typed = new Map();
    this.titleId = uniqueId("title");
    this.dialog = el("dialog", {
      class: "dialog modal",
      "aria-labelledby": this.titleId,
      tabindex: "-1",
      cancel: (event) => this.#cancel(event),
      close: () => this.#closed(),
    });
    document.body.append(this.dialog);
  }

  /** Show what the server says is open. */
  sync({ view, errors, busy }) {
    if (view) this.#showView(view, errors);
    else if (this.view) this.#hide();
    this.dialog.classList.toggle("busy", Boolean(busy) || this.sending === view?.id);
  }

  /** Errors come with the answer to a submission; those read with the view count only when it is new here. */
  #showView(view, errors) {
    const same = this.view?.id === view.id;
    if (same && this.view.hash === view.hash) return void this.#open();
    const focus = same ? this.#focused() : null;
    this.#remember();
    this.view = view;
    this.#draw(view, same ? this.body.scrollTop : 0);
    this.#open();
    this.#focus(focus);
    this.#showErrors(errors);
  }

  #open() {
    if (!this.dialog.open) this.dialog.showModal();
  }

  #hide() {
    this.view = null;
    this.inputs = new Map();
    this.typed.clear();
    this.dialog.close();
    this.dialog.replaceChildren();
    if (document.activeElement === document.body) this.actions.gone();
  }

  #draw(view, scroll) {
    this.inputs = new Map();
    const surface = {
      send: (block, element, value) => this.#act(block, element, value),
      suggest: (...asked) => this.actions.suggest(view, ...asked),
      remembered: (block, element) => this.typed.get(this.#key(block, element)),
      collect: (block, input) => this.inputs.set(block.block_id, { block, input }),
    };
    this.trouble = el("p", { class: "trouble", role: "alert" });
    this.body = div("dialog-body", renderBlocks(view.blocks, surface));
    const parts = [this.#header(view), this.body, this.trouble, this.#footer(view)];
    this.dialog.replaceChildren(el("form", { novalidate: true, submit: (event) => this.#submit(event) }, parts));
    this.body.scrollTop = scroll;
  }

  #header(view) {
    const cross = button({ class: "cross", "aria-label": "Close", click: () => this.#close() }, "✕");
    return el("header", { class: "dialog-header" }, el("h2", { id: this.titleId }, view.title.text), cross);
  }

  #footer(view) {
    const close = button({ class: "button", click: () => this.#close() }, view.close?.text ?? "Cancel");
    const submit = view.submit && el("button", { type: "submit", class: "button primary" }, view.submit.text);
    return el("footer", { class: "dialog-footer" }, close, submit);
  }

  #key(block, element) {
    return [this.view.id, block.block_id, element.action_id, element.type].join(" ");
  }

  #remember() {
    for (const { block, input } of this.inputs.values()) this.typed.set(this.#key(block, block.element), input.read());
  }

  async #act(block, element, value) {
    this.typed.set(this.#key(block, element), value);
    this.#tellTrouble(await this.actions.act(this.view, block, element, value));
  }

  async #submit(event) {
    event.preventDefault();
    if (this.sending) return;
    const { view } = this;
    this.#sending(view.id);
    try {
      this.#answered(await this.actions.submit(view, this.#values()));
    } finally {
      this.#sending(null);
    }
  }

  #values() {
    return Object.fromEntries([...this.inputs].map(([id, { input }]) => [id, input.read()]));
  }

  #sending(id) {
    this.sending = id;
    this.dialog.classList.toggle("busy", id !== null);
    this.dialog.querySelector("[type=submit]")?.toggleAttribute("disabled", id !== null);
  }

  #answered(answer) {
    if (answer.errors) this.#showErrors(answer.errors);
    else this.#tellTrouble(answer);
  }

  #tellTrouble({ ok, error }) {
    this.trouble.textContent = ok ? "" : `That did not work: ${error}`;
  }

  #showErrors(errors) {
    for (const [id, { input }] of this.inputs) input.showError(errors[id] ?? "");
    const first = [...this.inputs].find(([id]) => errors[id]);
    first?.[1].input.focus();
  }

  /** Once for each view, however often Escape is pressed until it is gone. */
  async #close() {
    const { view } = this;
    if (this.sending || this.closing === view.id) return;
    this.closing = view.id;
    try {
      await this.actions.close(view);
    } finally {
      this.closing = null;
    }
  }

  #cancel(event) {
    event.preventDefault();
    this.#close();
  }

  /** The browser closes a dialog by itself when Escape comes twice: the app is told all the same. */
  #closed() {
    if (this.view) this.#close();
  }

  #focused() {
    const { dataset, selectionStart: start, selectionEnd: end } = document.activeElement;
    const { blockId, actionId } = dataset;
    return actionId ? { blockId, actionId, start, end } : null;
  }

  #focus(earlier) {
    if (earlier && this.#focusAgain(earlier)) return;
    const inputs = [...this.inputs.values()];
    const wanted = inputs.find(({ block }) => block.element.focus_on_load) ?? inputs[0];
    if (wanted) wanted.input.focus();
    else this.dialog.focus();
  }

  #focusAgain({ blockId, actionId, start, end }) {
    const selector = `[data-block-id="${CSS.escape(blockId)}"][data-action-id="${CSS.escape(actionId)}"]`;
    const node = this.dialog.querySelector(selector);
    node?.focus();
    if (typeof start === "number" && node?.setSelectionRange) node.setSelectionRange(start, end);
    return Boolean(node);
  }
}
