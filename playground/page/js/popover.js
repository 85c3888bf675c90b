// A floating box in the browser's top layer, beside an element or at a point. Closes on Esc, outside presses and scrolling away.

import { keepFocus } from "./dom.js";

let open = null;

/**
 * Shows `content` beside `anchor` (an element or {x, y}). `onclose` runs once. Returns close().
 * `focus`: what gets the focus; the anchor gets it back on Esc.
 */
export function popover(content, anchor, { onclose, focus, above = false, match = false } = {}) {
  closePopover();
  content.popover = "manual";
  content.classList.add("popover");
  const host = anchor instanceof Element ? anchor.closest("dialog") ?? document.body : document.querySelector("dialog[open]") ?? document.body;
  host.append(content);
  content.showPopover();
  if (match && anchor instanceof Element) content.style.minWidth = `${anchor.getBoundingClientRect().width}px`;
  place(content, anchor, above);
  const giveBack = keepFocus();
  const close = (back = false) => {
    if (open?.content !== content) return;
    open = null;
    document.removeEventListener("pointerdown", outside, true);
    document.removeEventListener("keydown", escape, true);
    window.removeEventListener("resize", close);
    content.remove();
    if (back) giveBack();
    onclose?.();
  };
  const outside = (event) => {
    if (content.contains(event.target)) return;
    if (anchor instanceof Element && anchor.contains(event.target)) {
      // The press that closes must not open it again.
      anchor.addEventListener("click", (click) => click.stopImmediatePropagation(), { capture: true, once: true });
    }
    close();
  };
  const escape = (event) => {
    if (event.key !== "Escape") return;
    event.preventDefault();
    event.stopPropagation();
    close(true);
  };
  document.addEventListener("pointerdown", outside, true);
  document.addEventListener("keydown", escape, true);
  window.addEventListener("resize", close);
  open = { content, close };
  (focus ?? content).focus?.({ preventScroll: true });
  return close;
}

export function closePopover() {
  open?.close();
}

export const popoverOpen = () => open !== null;

function place(content, anchor, above) {
  const box = anchor instanceof Element ? anchor.getBoundingClientRect() : { left: anchor.x, right: anchor.x, top: anchor.y, bottom: anchor.y };
  const { width, height } = content.getBoundingClientRect();
  const gap = anchor instanceof Element ? 6 : 0;
  let top = above ? box.top - height - gap : box.bottom + gap;
  if (top + height > innerHeight - 8) top = Math.max(8, box.top - height - gap);
  if (top < 8) top = Math.min(box.bottom + gap, Math.max(8, innerHeight - height - 8));
  content.style.left = `${Math.max(8, Math.min(box.left, innerWidth - width - 8))}px`;
  content.style.top = `${top}px`;
}
