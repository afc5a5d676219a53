/** The left side: the workspace, who acts, and where they can go. */

import { avatarColour, directory, initials } from "./directory.js";
import { el, sign, span } from "./dom.js";
import { linkTo } from "./routes.js";

const KINDS = {
  member: "member",
  guest: "guest",
  single_channel_guest: "single-channel guest",
  stranger: "another organisation",
  deactivated: "deactivated",
};

export class Sidebar {
  /**
   * @param {HTMLElement} node
   * @param {(person: string) => void} actAs
   */
  constructor(node, actAs) {
    this.person = el("select", { id: "acting-as", change: () => actAs(this.person.value) });
    this.team = el("h1", { class: "team" });
    this.lists = el("div", { class: "channel-lists" });
    node.append(this.team, el("label", { class: "acting-as", for: "acting-as" }, "Acting as", this.person), this.lists);
  }

  /**
   * @param {{team: {name: string}, people: import("./directory.js").Person[]}} workspace
   * @param {import("./routes.js").Route} route
   */
  show(workspace, route) {
    this.team.textContent = workspace.team.name;
    const people = workspace.people.filter((person) => !person.is_bot);
    redraw(this.person, people, () => people.map(personOption));
    this.person.value = route.as;
    const channels = [...directory.channels.values()];
    const apps = [...directory.apps.values()].filter((app) => app.home_tab);
    redraw(this.lists, [channels, apps, route.as, route.channel], () => [
      section("Channels", channels.filter((channel) => !channel.is_im), route),
      section("Direct messages", channels.filter((channel) => channel.is_im), route),
      apps.length > 0 && section("Apps", apps.map(asPlace), route),
    ]);
  }
}

/** Draw only what changed: an open list of people stays open. */
function redraw(node, content, draw) {
  const drawn = JSON.stringify(content);
  if (node.drawn === drawn) return;
  node.drawn = drawn;
  node.replaceChildren(...draw().filter(Boolean));
}

function personOption({ id, display_name: name, kind, can_act: canAct }) {
  return el("option", { value: id, disabled: !canAct }, `${name} - ${KINDS[kind]}`);
}

/** An app as a place to go to: its Home tab. */
function asPlace({ id, name }) {
  return { id, name, is_im: true, is_member: true, unread: 0 };
}

function section(title, channels, route) {
  const rows = channels.map((channel) => el("li", {}, channelLink(channel, route)));
  const list = rows.length ? el("ul", { "aria-label": title }, rows) : el("p", { class: "none" }, "None yet");
  return el("section", {}, el("h2", {}, title), list);
}

function channelLink(channel, route) {
  const attributes = {
    class: `channel${channel.unread ? " unread" : ""}${channel.is_member ? "" : " outside"}`,
    href: linkTo({ as: route.as, channel: channel.id }),
    "aria-current": channel.id === route.channel ? "page" : null,
    "data-channel": channel.id,
  };
  const count = channel.unread > 0 && span("count", String(channel.unread), span("visually-hidden", " unread"));
  return el("a", attributes, channelSign(channel), span("channel-name", channel.name), count);
}

function channelSign({ name, is_im: isIm, is_private: isPrivate }) {
  if (isIm) return span(`avatar small colour-${avatarColour(name)}`, sign(initials(name), ""));
  if (isPrivate) return span("sign lock", span("visually-hidden", "private channel "));
  return span("sign", sign("#", ""));
}
