/** Block Kit's text object: plain_text is literal, mrkdwn is marked up. */

import { el } from "./dom.js";
import { mrkdwn } from "./mrkdwn.js";

/** @param {{type: string, text: string, verbatim?: boolean}} text */
export function textObject(text) {
  if (text.type === "mrkdwn") return mrkdwn(text.text, { verbatim: text.verbatim });
  return el("span", { class: "plain-text" }, text.text);
}
