/** A pane with a heading, messages and a composer: a channel, or a thread of it. */

import { Composer } from "./composer.js";
import { channelTitle, directory, personName } from "./directory.js";
import { button, div, el, sign } from "./dom.js";
import { MessageList } from "./messages.js";
import { linkTo } from "./routes.js";

/**
 * @typedef {import("./routes.js").Route} Route
 */

export class Conversation {
  /**
   * @param {HTMLElement} node
   * @param {object} settings
   * @param {boolean} settings.inThread
   * @param {(place: Route, message: object) => import("./blocks.js").Surface} settings.surface  of a message's blocks
   * @param {(place: Route, message: object) => import("./menu.js").Entry[]} settings.menu  of a message
   * @param {() => import("./menu.js").Entry[]} settings.shortcuts  those that start anywhere
   * @param {(place: Route, line: string) => Promise<boolean>} settings.send
   * @param {() => import("./suggestions.js").Command[]} settings.commands  those that are offered here
   */
  constructor(node, { inThread, surface, menu, shortcuts, send, commands }) {
    this.inThread = inThread;
    this.heading = el("h2", { class: "pane-title" });
    this.topic = el("p", { class: "topic" });
    this.corner = div("corner");
    this.list = new MessageList({
      inThread,
      surface: (message) => surface(this.place, message),
      menu: (message) => menu(this.place, message),
    });
    this.composer = new Composer({ commands, shortcuts, send: (line) => this.#send(send, line) });
    const header = el("header", { class: "pane-header" }, this.corner, div("pane-titles", this.heading, this.topic));
    node.append(header, div("messages-frame", this.list.node, this.list.jump), this.composer.node);
  }

  /** Who writes wants to see what comes of it, wherever they had scrolled to. */
  #send(send, line) {
    this.list.toBottom();
    return send(this.place, line);
  }

  /**
   * @param {Route} place
   * @param {object[]} messages
   */
  show(place, messages) {
    this.place = place;
    const channel = directory.channels.get(place.channel);
    const title = channel ? channelTitle(channel) : "No channel";
    this.heading.textContent = this.inThread ? "Thread" : title;
    this.topic.textContent = this.inThread ? title : (channel?.topic ?? "");
    this.list.rows.ariaLabel = this.inThread ? `Thread in ${title}` : `Messages in ${title}`;
    this.list.show(place, messages, this.inThread ? emptyThread() : emptyChannel(channel));
    const label = this.inThread ? "Reply in thread" : `Message ${title}`;
    this.composer.show({ key: linkTo(place), label, closed: closedBecause(channel) });
  }
}

function emptyThread() {
  return div("empty", el("p", {}, "This message is not here any more."));
}

function emptyChannel(channel) {
  if (!channel) return div("empty", el("h3", {}, "Nothing to see yet"), el("p", {}, "This person is in no channel."));
  const title = channel.is_im ? `You and ${channel.name}` : `The beginning of ${channelTitle(channel)}`;
  const hint = el("p", {}, "Type ", el("kbd", {}, "/"), " below to see the commands of the apps.");
  return div("empty", el("h3", {}, title), !closedBecause(channel) && hint);
}

function closedBecause(channel) {
  if (!channel) return "There is nothing to write in.";
  if (channel.is_member) return "";
  return `${personName(directory.me)} is not a member of ${channelTitle(channel)} and can only read it.`;
}

/** A button for the corner of a pane. */
export function cornerButton(text, words, attributes) {
  return button({ class: "corner-button", ...attributes }, sign(text, words));
}
