/** Talking to the local Slack: JSON over HTTP, and a websocket that says when something changed. */

const TOKEN = new URLSearchParams(location.search).get("token") ?? "";
const FIRST_WAIT = 500;
const LONGEST_WAIT = 8000;

/** The local Slack did not answer at all. */
export class Unreachable extends Error {}

async function call(path, options) {
  const headers = { "X-Local-Slack-Token": TOKEN, "Content-Type": "application/json" };
  const response = await fetch(`/page/api/${path}`, { ...options, headers, cache: "no-store" }).catch((error) => {
    throw new Unreachable("The local Slack does not answer. Is it still running?", { cause: error });
  });
  const body = await response.json().catch(() => ({}));
  if (!response.ok) throw new Error(body.error ?? `The local Slack answered with status ${response.status}.`);
  return body;
}

export function read(path, parameters = {}) {
  return call(`${path}?${new URLSearchParams(parameters)}`, {});
}

/** The address of what is in a file. */
export function fileAddress(person, id) {
  return `/page/api/file?${new URLSearchParams({ token: TOKEN, as: person, id })}`;
}

export function send(path, body) {
  return call(path, { method: "POST", body: JSON.stringify(body) });
}

/** Listens for changes as one person; when the line breaks it tries again, waiting longer each time. */
export class Changes {
  /**
   * @param {() => void} changed
   * @param {(connected: boolean) => void} connection
   */
  constructor(changed, connection) {
    this.changed = changed;
    this.connection = connection;
    this.wait = FIRST_WAIT;
  }

  /** Listen as this person from now on. */
  listen(person) {
    if (person === this.person) return;
    this.person = person;
    this.socket?.close();
    this.#open();
  }

  #open() {
    clearTimeout(this.timer);
    const address = new URL("/page/api/events", location.href.replace(/^http/u, "ws"));
    address.search = new URLSearchParams({ token: TOKEN, as: this.person }).toString();
    const socket = new WebSocket(address);
    this.socket = socket;
    socket.addEventListener("open", () => this.#opened());
    socket.addEventListener("message", () => this.changed());
    socket.addEventListener("close", () => socket === this.socket && this.#retry());
  }

  #opened() {
    this.wait = FIRST_WAIT;
    this.connection(true);
    this.changed();
  }

  #retry() {
    this.connection(false);
    this.timer = setTimeout(() => this.#open(), this.wait);
    this.wait = Math.min(this.wait * 2, LONGEST_WAIT);
  }
}
