/** The list of messages of a channel or a thread. */

import { renderBlocks } from "./blocks.js";
import { dayTitle, formatDate, fullDate, today } from "./dates.js";
import { avatarColour, initials } from "./directory.js";
import { button, div, el, sign, span } from "./dom.js";
import { fileList } from "./files.js";
import { menuButton } from "./menu.js";
import { mrkdwn } from "./mrkdwn.js";
import { linkTo } from "./routes.js";

const SAME_BREATH = 300;
const NEAR_BOTTOM = 48;

export class MessageList {
  /**
   * @param {object} settings
   * @param {boolean} settings.inThread
   * @param {(message: object) => import("./blocks.js").Surface} settings.surface
   * @param {(message: object) => import("./menu.js").Entry[]} settings.menu
   */
  constructor({ inThread, surface, menu }) {
    this.inThread = inThread;
    this.surface = surface;
    this.menu = menu;
    this.drawn = new Map();
    this.rows = el("div", { class: "rows", role: "log", "aria-live": "polite", "aria-relevant": "additions" });
    this.jump = button({ class: "jump", hidden: true, click: () => this.toBottom() }, "New messages ↓");
    this.node = el("div", { class: "messages", scroll: () => this.#scrolled() }, this.rows);
    this.pinned = true;
    this.top = 0;
    this.#keepPinned();
  }

  /**
   * @param {import("./routes.js").Route} place
   * @param {object[]} messages  newest last
   * @param {HTMLElement} empty  what to show where there are none
   */
  show(place, messages, empty) {
    const key = linkTo(place);
    const moved = key !== this.key;
    this.#notice();
    if (moved) this.drawn.clear();
    this.key = key;
    this.place = place;
    this.#draw(messages, empty);
    const newest = messages.at(-1)?.ts;
    if (moved || this.pinned) this.toBottom();
    else if (newest !== this.newest) this.jump.hidden = false;
    this.newest = newest;
  }

  #draw(messages, empty) {
    const before = this.drawn;
    this.drawn = new Map();
    const focus = focusIn(this.rows);
    const nodes = messages.flatMap((message, index) => this.#rowsOf(message, messages[index - 1], before));
    arrange(this.rows, messages.length ? nodes : [empty]);
    if (focus && !this.rows.contains(document.activeElement)) refocus(this.rows, focus);
  }

  /** A message, after the line of its day, before the count of replies if it begins a thread. */
  #rowsOf(message, previous, before) {
    const keep = (key, content, draw) => this.#keep(before, key, content, draw);
    const day = dayTitle(message.ts);
    const newDay = !previous || dayTitle(previous.ts) !== day;
    const parent = this.inThread && !previous;
    const follows = !newDay && !(this.inThread && !previous.thread_ts) && continues(previous, message);
    return [
      newDay && keep(`day ${message.ts}`, day, () => divider(day)),
      keep(message.ts, JSON.stringify([message, follows, today()]), () => this.#message(message, follows)),
      parent && keep("replies", String(message.reply_count), () => divider(countReplies(message.reply_count))),
    ].filter(Boolean);
  }

  /** The node drawn before where nothing changed, else a new one. */
  #keep(before, key, content, draw) {
    const known = before.get(key);
    const entry = known?.content === content ? known : { content, node: draw() };
    this.drawn.set(key, entry);
    return entry.node;
  }

  #message(message, follows) {
    const name = message.username;
    const time = formatDate(message.ts, "{time}");
    const avatar = el("div", { class: `avatar colour-${avatarColour(name)}`, "aria-hidden": "true" }, initials(name));
    return el(
      "article",
      {
        class: `message${follows ? " follows" : ""}${message.ephemeral ? " ephemeral" : ""}`,
        "data-ts": message.ts,
        "aria-label": `${name}, ${time}`,
        tabindex: "-1",
      },
      avatar,
      div(
        "message-body",
        this.#note(message),
        byline(message, time),
        content(message, this.surface(message)),
        this.#replies(message),
      ),
      this.#tools(message),
    );
  }

  #note(message) {
    if (message.ephemeral) return div("note only-you", "Only visible to you");
    if (!message.broadcast) return null;
    if (this.inThread) return div("note", "Also sent to the channel");
    return div("note", "replied to a thread: ", this.#threadLink(message, {}, "View thread"));
  }

  #threadLink(message, attributes, ...children) {
    const href = linkTo({ ...this.place, thread: message.thread_ts ?? message.ts });
    return el("a", { href, ...attributes }, ...children);
  }

  #replies(message) {
    if (this.inThread || !message.reply_count) return null;
    const latest = formatDate(message.latest_reply, "{date_short_pretty} at {time}");
    const count = countReplies(message.reply_count);
    return div("replies", this.#threadLink(message, {}, count), span("latest", `Last reply ${latest}`));
  }

  #tools(message) {
    if (message.ephemeral) return null;
    const words = "Reply in thread";
    const reply = !this.inThread && this.#threadLink(message, { class: "tool", title: words }, sign("↩", words));
    const entries = () => this.menu(message);
    const more = entries().length > 0 && menuButton("Shortcuts of this message", entries, {}, "⋯");
    return reply || more ? div("tools", reply, more) : null;
  }

  /** The event of a scroll comes a frame late: see to it that nobody who scrolled back is taken to the end. */
  #notice() {
    if (this.node.scrollTop < this.top) this.#scrolled();
  }

  /** Show the newest messages, and stay with them. */
  toBottom() {
    this.node.scrollTop = this.node.scrollHeight;
    this.top = this.node.scrollTop;
    this.pinned = true;
    this.jump.hidden = true;
  }

  /** Who reads the newest messages stays with them; who scrolled back stays there. */
  #scrolled() {
    this.top = this.node.scrollTop;
    this.pinned = this.node.scrollHeight - this.node.scrollTop - this.node.clientHeight < NEAR_BOTTOM;
    if (this.pinned) this.jump.hidden = true;
  }

  #keepPinned() {
    const observer = new ResizeObserver(() => {
      this.#notice();
      if (this.pinned) this.toBottom();
    });
    observer.observe(this.node);
    observer.observe(this.rows);
  }
}

function countReplies(count) {
  return count === 1 ? "1 reply" : `${count} replies`;
}

function divider(title) {
  return el("div", { class: "divider", role: "separator", "aria-label": title }, el("span", {}, title));
}

/** Messages of one author within five minutes stand under one name. */
function continues(previous, message) {
  const plain = !message.ephemeral && !previous.ephemeral && !message.broadcast;
  return plain && previous.user === message.user && message.ts - previous.ts < SAME_BREATH;
}

function byline({ ts, username, is_bot: isBot }, time) {
  const datetime = new Date(ts * 1000).toISOString();
  return div(
    "byline",
    span("author", username),
    isBot && span("badge", "APP"),
    el("time", { class: "time", datetime, title: fullDate(ts) }, time),
  );
}

function content(message, surface) {
  const isBlocks = message.blocks?.length || message.streaming;
  const body = isBlocks ? renderBlocks(message.blocks ?? [], surface) : [mrkdwn(message.text)];
  const mark = message.streaming ? span("writing", "Still writing …") : message.edited && span("edited", "(edited)");
  return div("content", body, fileList(message.files), mark);
}

/** Make these the only children, in this order, leaving those in place that are there already. */
function arrange(parent, nodes) {
  const wanted = new Set(nodes);
  for (const child of [...parent.children]) if (!wanted.has(child)) child.remove();
  nodes.forEach((node, index) => {
    if (parent.children[index] !== node) parent.insertBefore(node, parent.children[index] ?? null);
  });
}

/** Which message and control has the focus, to find them again in a new drawing. */
function focusIn(rows) {
  const focused = document.activeElement;
  if (!rows.contains(focused)) return null;
  return { ts: focused.closest("[data-ts]")?.dataset.ts, action: focused.dataset.actionId };
}

function refocus(rows, { ts, action }) {
  const row = rows.querySelector(`[data-ts="${CSS.escape(ts ?? "")}"]`);
  const control = action && row?.querySelector(`[data-action-id="${CSS.escape(action)}"]`);
  (control || row)?.focus({ preventScroll: true });
}
