/**
 * Where the reader is, kept in the address after `#`, so that links, the Back button and reloading work:
 * `#/<person>/<channel>/<thread ts>`.
 */

/**
 * @typedef {{as: string, channel: string, thread: string}} Route  empty strings where nothing is chosen
 */

/** @returns {Route} */
export function readRoute(hash = location.hash) {
  const [as = "", channel = "", thread = ""] = hash.replace(/^#\//u, "").split("/").map(decodeURIComponent);
  return { as, channel, thread };
}

/** The link to a place in the page. */
export function linkTo({ as, channel = "", thread = "" }) {
  const parts = [as, channel, thread].map(encodeURIComponent);
  return `#/${parts.join("/")}`.replace(/\/+$/u, "");
}
