/** Lists that open beside a control, above everything else, and close by Escape or a click elsewhere. */

const GAP = 4;
const MARGIN = 8;
const SMALLEST_HEIGHT = 120;

/** What each popup stands beside. */
const anchors = new WeakMap();

/**
 * Show an element that has the `popover` attribute under its anchor, or above where there is more room.
 *
 * @param {HTMLElement} popup
 * @param {HTMLElement} anchor
 */
export function openPopup(popup, anchor) {
  anchors.set(popup, anchor);
  popup.showPopover();
  place(popup);
}

export function isOpen(popup) {
  return popup.matches(":popover-open");
}

/** Keep open popups beside their anchors while something scrolls or the window changes. */
export function followAnchors() {
  const placeAll = () => document.querySelectorAll(".popup:popover-open").forEach(place);
  document.addEventListener("scroll", placeAll, true);
  addEventListener("resize", placeAll);
}

/** @param {HTMLElement} popup  an open one */
export function place(popup) {
  const box = anchors.get(popup).getBoundingClientRect();
  const above = box.top - GAP - MARGIN;
  const below = innerHeight - box.bottom - GAP - MARGIN;
  const upwards = below < Math.min(popup.scrollHeight, SMALLEST_HEIGHT) && above > below;
  popup.style.maxHeight = `${Math.max(upwards ? above : below, SMALLEST_HEIGHT)}px`;
  popup.style.minWidth = `${box.width}px`;
  popup.style.left = `${Math.max(MARGIN, Math.min(box.left, innerWidth - popup.offsetWidth - MARGIN))}px`;
  popup.style.top = `${upwards ? box.top - GAP - popup.offsetHeight : box.bottom + GAP}px`;
}
