/** The App Home of an app, as the acting person sees it; drawn again only when the app published it anew. */

import { renderBlocks } from "./blocks.js";
import { directory } from "./directory.js";
import { div, el } from "./dom.js";
import { linkTo } from "./routes.js";

export class Home {
  /**
   * @param {HTMLElement} node
   * @param {object} settings
   * @param {(view: object, app: string) => import("./blocks.js").Surface} settings.surface
   * @param {(app: string) => void} settings.opened  tells the app that somebody opened it
   */
  constructor(node, settings) {
    this.settings = settings;
    this.node = node;
    this.corner = div("corner");
    this.heading = el("h2", { class: "pane-title" });
    this.tabs = el("nav", { class: "tabs", "aria-label": "App" });
    this.body = el("div", { class: "home-body" });
    const titles = div("pane-titles", this.heading, this.tabs);
    node.append(el("header", { class: "pane-header" }, this.corner, titles), this.body);
  }

  /**
   * @param {import("./routes.js").Route} place  its channel is the id of an app
   * @param {{view: object | null, channel: string | null}} home
   */
  show(place, { view, channel }) {
    const app = directory.apps.get(place.channel);
    const key = linkTo(place);
    const moved = key !== this.key;
    this.key = key;
    this.heading.textContent = app.name;
    this.#showTabs(place, channel);
    this.#draw(app, view, moved);
    if (moved) this.settings.opened(app.id);
  }

  hide() {
    this.key = null;
  }

  #showTabs({ as, channel: app }, channel) {
    const tab = (name, to, current) => el("a", { href: linkTo({ as, channel: to }), "aria-current": current }, name);
    this.tabs.replaceChildren(tab("Home", app, "page"), ...(channel ? [tab("Messages", channel, null)] : []));
  }

  #draw(app, view, moved) {
    const drawn = JSON.stringify(view?.blocks ?? null);
    if (!moved && drawn === this.drawn) return;
    this.drawn = drawn;
    const focused = this.body.contains(document.activeElement) ? document.activeElement.dataset.actionId : null;
    const scroll = moved ? 0 : this.body.scrollTop;
    const blocks = view ? renderBlocks(view.blocks, this.settings.surface(view, app.id)) : [empty(app)];
    this.body.replaceChildren(...blocks);
    this.body.scrollTop = scroll;
    if (focused) this.body.querySelector(`[data-action-id="${CSS.escape(focused)}"]`)?.focus();
  }
}

function empty({ name, home_tab: hasHome }) {
  const why = hasHome ? `${name} has shown nothing here yet.` : `${name} has no Home tab.`;
  return div("empty", el("h3", {}, why));
}
