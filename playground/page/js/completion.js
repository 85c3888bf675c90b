// The list above the composer: offers lines, is moved by arrows, hands back the chosen one.

import { h, refill } from "./dom.js";

export class Completion {
  #box;
  #items = [];
  #active = 0;
  #onpick = null;
  #owner = null;

  constructor(box) {
    this.#box = box;
    box.addEventListener("pointerdown", (event) => event.preventDefault()); // the field keeps the focus
  }

  get open() {
    return !this.#box.hidden;
  }

  get count() {
    return this.#items.length;
  }

  /** `items`: {label, description?, side?, face?(), value}; `owner` is the field that has the focus. */
  show(title, items, owner, onpick, { empty = "", active = 0 } = {}) {
    if (!items.length && !empty) return this.hide();
    this.#items = items;
    this.#active = items.length ? Math.max(-1, Math.min(active, items.length - 1)) : -1;
    this.#onpick = onpick;
    if (this.#owner && this.#owner !== owner) this.#release();
    this.#owner = owner;
    refill(this.#box, h("div.completion-title", title), h("div.completion-list", { role: "listbox", id: "completion-list", aria: { label: title } },
      items.length ? items.map((item, index) => this.#row(item, index)) : h("div.completion-empty", empty)));
    this.#box.hidden = false;
    owner.setAttribute("aria-expanded", "true");
    owner.setAttribute("aria-controls", "completion-list");
    return this.#mark();
  }

  hide() {
    if (this.#box.hidden) return;
    this.#box.hidden = true;
    refill(this.#box); // its rows have ids, and another list may need the same ones
    this.#items = [];
    this.#release();
  }

  /** Takes the keys that belong to the list; true when it did. */
  key(event) {
    if (!this.open) return false;
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      if (!this.#items.length) return false;
      const step = event.key === "ArrowDown" ? 1 : -1;
      this.#active = (this.#active + step + this.#items.length) % this.#items.length;
      this.#mark();
    } else if ((event.key === "Enter" || event.key === "Tab") && !event.shiftKey && !event.isComposing) {
      // With nothing marked, Enter means "send"; Tab still takes the first line.
      if (!this.#items[this.#active] && (event.key === "Enter" || !this.#items.length)) return false;
      this.pick(Math.max(0, this.#active));
    } else if (event.key === "Escape") {
      this.hide();
    } else return false;
    event.preventDefault();
    event.stopPropagation();
    return true;
  }

  pick(index) {
    const item = this.#items[index];
    const run = this.#onpick;
    if (item && run) run(item);
  }

  #row(item, index) {
    return h("div.completion-row", { role: "option", id: `completion-${index}`, onclick: () => this.pick(index),
      onpointermove: () => index !== this.#active && ((this.#active = index), this.#mark(false)) },
    item.face?.(), h("span.completion-words", h("strong", item.label), item.description && h("small", item.description)), item.side && h("span.completion-side", item.side));
  }

  #mark(scroll = true) {
    const rows = this.#box.querySelectorAll(".completion-row");
    rows.forEach((row, index) => row.setAttribute("aria-selected", String(index === this.#active)));
    if (scroll) rows[this.#active]?.scrollIntoView({ block: "nearest" });
    if (this.#active >= 0) this.#owner?.setAttribute("aria-activedescendant", `completion-${this.#active}`);
    else this.#owner?.removeAttribute("aria-activedescendant");
  }

  #release() {
    this.#owner?.setAttribute("aria-expanded", "false");
    this.#owner?.removeAttribute("aria-activedescendant");
  }
}

/** Lines that contain `wanted`, those that begin with it first. */
export function ranked(items, wanted, text = (item) => item.label) {
  const low = wanted.toLowerCase();
  const scored = items.map((item) => [text(item).toLowerCase().indexOf(low), item]).filter(([at]) => at >= 0);
  return scored.sort(([a], [b]) => Math.min(a, 1) - Math.min(b, 1)).map(([, item]) => item);
}
