/** Block Kit's confirm dialog, asked before an action is sent. */

import { button, el, uniqueId } from "./dom.js";
import { textObject } from "./text.js";

/**
 * @param {{title: object, text: object, confirm: {text: string}, deny: {text: string}, style?: string}} confirm
 * @returns {Promise<boolean>} whether the person confirmed
 */
export function askConfirm(confirm) {
  return new Promise((resolve) => {
    const dialog = build(confirm, () => dialog.close("confirmed"), () => dialog.close());
    dialog.addEventListener("close", () => {
      dialog.remove();
      resolve(dialog.returnValue === "confirmed");
    });
    document.body.append(dialog);
    dialog.showModal();
  });
}

function build({ title, text, confirm, deny, style }, accept, refuse) {
  const [titleId, textId] = [uniqueId("confirm"), uniqueId("confirm")];
  return el(
    "dialog",
    { class: "dialog confirm", role: "alertdialog", "aria-labelledby": titleId, "aria-describedby": textId },
    el("header", { class: "dialog-header" }, el("h2", { id: titleId }, title.text)),
    el("div", { id: textId, class: "dialog-body" }, textObject(text)),
    el(
      "footer",
      { class: "dialog-footer" },
      button({ class: "button", autofocus: true, click: refuse }, deny.text),
      button({ class: `button ${style ?? "primary"}`, click: accept }, confirm.text),
    ),
  );
}
