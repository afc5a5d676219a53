/** Files that stand with a message: pictures are shown, everything else can be kept. */

import { fileAddress } from "./api.js";
import { directory } from "./directory.js";
import { div, el, span } from "./dom.js";

const PICTURES = ["image/png", "image/jpeg", "image/gif", "image/webp"];
const UNITS = ["bytes", "KB", "MB"];

/** @param {object[]} files  Slack's file objects */
export function fileList(files) {
  return files.length ? div("files", files.map(fileCard)) : null;
}

function fileCard({ id, name, title, mimetype, size, alt_txt: alt }) {
  const address = fileAddress(directory.me, id);
  const picture = PICTURES.includes(mimetype) && el("img", { src: address, alt: alt ?? title, loading: "lazy" });
  const label = el("a", { href: address, download: name }, title || name);
  return el("figure", { class: "file" }, picture, el("figcaption", {}, label, span("file-size", sizeOf(size))));
}

function sizeOf(bytes) {
  const step = Math.min(bytes < 1 ? 0 : Math.floor(Math.log(bytes) / Math.log(1024)), UNITS.length - 1);
  return `${Math.round((bytes / 1024 ** step) * 10) / 10} ${UNITS[step]}`;
}
