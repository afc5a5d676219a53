/** The page of the local Slack: reads what the acting person sees, shows it, and sends what they do. */

import { Changes, Unreachable, read, send } from "./api.js";
import { setClock } from "./clock.js";
import { ClockPanel } from "./clock_panel.js";
import { Conversation, cornerButton } from "./conversation.js";
import { directory } from "./directory.js";
import { button, sign } from "./dom.js";
import { Home } from "./home.js";
import { Modal } from "./modal.js";
import { followAnchors } from "./popup.js";
import { linkTo, readRoute } from "./routes.js";
import { Sidebar } from "./sidebar.js";
import { notify } from "./toasts.js";
import { Traffic } from "./traffic.js";

const INVITE = { command: "/invite", description: "Add an app or a person to this channel", usage_hint: "@name" };
const CONNECTION_LOST =
  "The connection to the local Slack is lost. Trying again … If it was started anew, open the address that it printed.";

const byId = (id) => document.getElementById(id);
const byName = (one, other) => one.command.localeCompare(other.command);

const state = { workspace: { commands: [] }, shown: { thread: "" }, newest: null, reading: null, again: false };
const talk = { surface: surfaceOfMessage, menu: messageShortcuts, send: write };
const main = new Conversation(byId("main"), { ...talk, inThread: false, shortcuts, commands });
const thread = new Conversation(byId("thread"), { ...talk, inThread: true, shortcuts: () => [], commands: () => [] });
const home = new Home(byId("home"), { surface: surfaceOfHome, opened: openHome });
const sidebar = new Sidebar(byId("sidebar"), (as) => go({ as, thread: "" }));
const modal = new Modal({
  submit,
  close: closeView,
  act: actInView,
  suggest: suggestInView,
  gone: () => main.composer.focus(),
});
const clockPanel = new ClockPanel(jump);
const traffic = new Traffic(byId("traffic"), {
  open: (number) => read("traffic_entry", { number }),
  repeat: (number) => sendAndTell("repeat", { number }),
  arrange: (mishap) => sendAndTell("mishap", mishap),
});
const changes = new Changes(refresh, showConnection);

const opensSidebar = { "aria-controls": "sidebar", "aria-expanded": "false", click: () => showSidebar(true) };
const sidebarButtons = [main, home].map(() => cornerButton("☰", "Channels", opensSidebar));

const opensTraffic = { class: "topbar-button", "aria-controls": "traffic", "aria-expanded": "false" };
const toggleTraffic = { ...opensTraffic, click: () => showTraffic(!traffic.isOpen) };
const trafficButton = button(toggleTraffic, sign("⇄ ", ""), "Traffic");

start();

function start() {
  byId("topbar").append(clockPanel.node, trafficButton);
  [main, home].forEach((pane, index) => pane.corner.append(sidebarButtons[index]));
  thread.corner.append(cornerButton("✕", "Close thread", { click: closeThread }));
  byId("scrim").addEventListener("click", () => showSidebar(false));
  byId("sidebar").addEventListener("click", (event) => event.target.closest("a") && showSidebar(false));
  onEscape(byId("sidebar"), () => showSidebar(false));
  traffic.corner.append(cornerButton("✕", "Close traffic", { click: () => showTraffic(false) }));
  onEscape(byId("thread"), closeThread);
  onEscape(byId("traffic"), () => showTraffic(false));
  addEventListener("hashchange", turn);
  document.addEventListener("click", followLocally);
  followAnchors();
  refresh();
}

/** Escape does what the innermost thing that is open makes of it. */
function onEscape(node, act) {
  node.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && !event.defaultPrevented) act();
  });
}

// Reading

/** Read everything that is shown; what changes meanwhile is read right after. */
function refresh() {
  state.again = true;
  state.reading ??= readAgain().finally(() => (state.reading = null));
  return state.reading;
}

async function readAgain() {
  while (state.again) {
    state.again = false;
    await readAndShow().catch(tellFailedRead);
  }
}

async function readAndShow() {
  state.workspace = await read("workspace");
  setClock(state.workspace.clock.now);
  directory.people = new Map(state.workspace.people.map((person) => [person.id, person]));
  directory.groups = new Map(state.workspace.groups.map(({ id, handle }) => [id, handle]));
  directory.apps = new Map(state.workspace.apps.map((app) => [app.id, app]));
  const route = await settleRoute(readRoute());
  const [messages, replies, view, passed] = await Promise.all([
    readMain(route),
    route.thread ? readMessages(route, { thread_ts: route.thread }) : [],
    read("view", { as: route.as }),
    traffic.isOpen ? read("traffic", { after: traffic.newest }) : { entries: [] },
  ]);
  traffic.add(passed.entries, passed.mishaps);
  if (location.hash === linkTo(route)) show(route, messages, replies, view);
}

/** The route with a person who can act and a channel that they see; the address is put right without a trace. */
async function settleRoute(wanted) {
  const able = state.workspace.people.filter((person) => person.can_act);
  const as = (able.find((person) => person.id === wanted.as) ?? able[0]).id;
  const { channels } = await read("channels", { as });
  directory.me = as;
  directory.channels = new Map(channels.map((channel) => [channel.id, channel]));
  const known = directory.channels.has(wanted.channel) || directory.apps.has(wanted.channel);
  const channel = known ? wanted.channel : firstChannel(channels);
  const route = { as, channel, thread: channel === wanted.channel ? wanted.thread : "" };
  if (linkTo(readRoute()) === linkTo(wanted)) history.replaceState(null, "", linkTo(route));
  return route;
}

function firstChannel(channels) {
  return (channels.find((channel) => channel.is_member && !channel.is_im) ?? channels[0])?.id ?? "";
}

/** The messages of a channel, or the Home tab of an app. */
function readMain({ as, channel }) {
  if (directory.apps.has(channel)) return read("home", { as, app: channel });
  return channel ? readMessages({ as, channel }) : [];
}

async function readMessages({ as, channel }, more = {}) {
  const { messages } = await read("messages", { as, channel, ...more });
  return messages;
}

/** A server that is away is told by the line above the page, anything else by a notice. */
function tellFailedRead(error) {
  if (error instanceof Unreachable) return;
  console.error(error);
  notify(error.message);
}

// Showing

function show(route, content, replies, view) {
  changes.listen(route.as);
  clockPanel.show(state.workspace.clock);
  sidebar.show(state.workspace, route);
  const pane = showMain({ ...route, thread: "" }, content);
  showThread(route, replies);
  modal.sync(view);
  state.shown = route;
  state.newest = pane === main ? content.at(-1) : null;
  document.body.classList.remove("turning");
  document.title = `${pane.heading.textContent} - Local Slack`;
}

function showMain(place, content) {
  const isHome = directory.apps.has(place.channel);
  byId("home").hidden = !isHome;
  byId("main").hidden = isHome;
  const pane = isHome ? home : main;
  if (!isHome) home.hide();
  pane.show(place, content);
  return pane;
}

function showThread(route, replies) {
  const turned = route.thread !== state.shown.thread;
  byId("thread").hidden = route.thread === "";
  if (route.thread) thread.show(route, replies);
  if (turned) (route.thread ? thread : main).composer.focus();
}

function showConnection(connected) {
  byId("connection").hidden = connected;
  byId("connection").textContent = connected ? "" : CONNECTION_LOST;
}

function showSidebar(open) {
  document.body.classList.toggle("sidebar-open", open);
  for (const button of sidebarButtons) button.ariaExpanded = String(open);
  byId("scrim").hidden = !open;
  if (open) byId("acting-as").focus();
}

function showTraffic(open) {
  byId("traffic").hidden = !open;
  trafficButton.ariaExpanded = String(open);
  if (!open) return trafficButton.focus();
  byId("traffic").querySelector("input").focus();
  return refresh();
}

// Going elsewhere

function go(change) {
  location.hash = linkTo({ ...readRoute(), ...change });
  turn();
}

/** Another person or channel: nobody sees, or clicks on, what was there before. */
function turn() {
  const { as, channel } = readRoute();
  const turning = as !== state.shown.as || channel !== state.shown.channel;
  document.body.classList.toggle("turning", turning);
  refresh();
}

/** A link of the page leads there as the person who acts now, whoever it was drawn for. */
function followLocally(event) {
  const link = event.target.closest('a[href^="#/"]');
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  const { channel, thread: ts } = readRoute(link.hash);
  go({ channel, thread: ts });
}

function closeThread() {
  go({ thread: "" });
}

// Acting

function commands() {
  return [...state.workspace.commands, INVITE].sort(byName);
}

/** Send, and show what came of it. */
async function sendAndShow(path, body) {
  try {
    return await send(path, body);
  } catch (error) {
    return { ok: false, error: error.message };
  } finally {
    await refresh();
  }
}

/** Send, show what came of it, and say so if it did not work and no message tells it; true if it did. */
async function sendAndTell(path, body) {
  const { ok, error } = await sendAndShow(path, body);
  if (!ok && !state.newest?.text.includes(error)) notify(`That did not work: ${error}`);
  return ok;
}

function jump(seconds) {
  return sendAndTell("jump", { seconds });
}

function used(block, element, value) {
  return { block_id: block.block_id, action_id: element.action_id, option: value };
}

function surfaceOfMessage({ as, channel }, { ts }) {
  const place = { as, channel, ts };
  return {
    send: (block, element, value) => sendAndTell("action", { ...place, ...used(block, element, value) }),
    suggest: (...asked) => suggest("suggest", place, ...asked),
  };
}

function openHome(app) {
  sendAndTell("open_home", { as: directory.me, app });
}

function surfaceOfHome(view, app) {
  return {
    send: (block, element, value) =>
      sendAndTell("home_action", { as: directory.me, app, ...used(block, element, value) }),
    suggest: (...asked) => suggestInView(view, ...asked),
  };
}

function suggestInView(view, ...asked) {
  return suggest("view_suggest", { as: directory.me, view_id: view.id }, ...asked);
}

/** The options that an app offers for what was typed. */
async function suggest(path, place, block, element, query) {
  const { ok, error, suggestions } = await send(path, { ...place, ...used(block, element), query });
  if (!ok) throw new Error(error);
  return suggestions;
}

function shortcutsOf(onMessages, choose) {
  return [...directory.apps.values()].flatMap((app) =>
    app.shortcuts
      .filter((shortcut) => shortcut.on_messages === onMessages)
      .map((shortcut) => ({ text: shortcut.name, description: app.name, choose: () => choose(app, shortcut) })),
  );
}

function shortcuts() {
  return shortcutsOf(false, (app, { callback_id }) =>
    sendAndTell("shortcut", { as: directory.me, app: app.id, callback_id }),
  );
}

function messageShortcuts({ as, channel }, { ts }) {
  return shortcutsOf(true, (app, { callback_id }) =>
    sendAndTell("message_shortcut", { as, app: app.id, callback_id, channel, ts }),
  );
}

function actInView(view, block, element, value) {
  return sendAndShow("view_action", { as: directory.me, view_id: view.id, ...used(block, element, value) });
}

function submit(view, values) {
  return sendAndShow("view_submit", { as: directory.me, view_id: view.id, values });
}

function closeView(view) {
  return sendAndTell("view_close", { as: directory.me, view_id: view.id });
}

/** A line that starts with a slash is a command, anything else a message; true if it was sent. */
async function write({ as, channel, thread: thread_ts }, line) {
  if (!line.startsWith("/")) return sendAndTell("say", { as, channel, text: line, ...(thread_ts && { thread_ts }) });
  if (!thread_ts) return sendAndTell("command", { as, channel, text: line });
  notify(`${line.split(" ")[0]} cannot be used in a thread. Type it in the channel.`);
  return false;
}
