// Reactions under a message, and the small picker for new ones.

import { api } from "./api.js";
import { app } from "./app.js";
import { h } from "./dom.js";
import { icon } from "./icons.js";
import { emoji } from "./names.js";
import { popover } from "./popover.js";

const COMMON = ["👍", "❤️", "😂", "🎉", "😮", "🔥", "👀", "✅", "❌", "✉️", "⭐", "🎨", "🔄", "👎", "🙏", "🚀"];
const key = (one) => (one.id ? `${one.name}:${one.id}` : one.name);

export function reactions(session, message) {
  if (!message.reactions?.length) return null;
  return h("div.reactions", { role: "group", aria: { label: "Reactions" } }, message.reactions.map((one) => chip(session, message, one)),
    h("button.reaction.add", { type: "button", title: "Add a reaction", aria: { label: "Add a reaction" }, onclick: (event) => pickReaction(session, message, event.currentTarget) }, icon("smile")));
}

function chip(session, message, one) {
  const button = h("button.reaction", { type: "button", class: one.me ? "mine" : "", dataset: { focus: `reaction-${key(one.emoji)}` },
    aria: { pressed: String(Boolean(one.me)), label: `${one.emoji.name}, ${one.count}` }, onclick: () => toggle(session, message, one.emoji, one.me) },
  emoji(one.emoji), h("span.count", String(one.count)));
  button.addEventListener("pointerenter", async () => {
    const users = await api.reactors(session.id, message, key(one.emoji)).catch(() => null);
    if (users?.length) button.title = users.map((user) => session.nameOf(user)).join(", ");
  }, { once: true });
  return button;
}

function toggle(session, message, partial, mine) {
  return app.attempt(() => (mine ? api.unreact : api.react)(session.id, message, key(partial)));
}

export function react(session, message, partial) {
  const known = message.reactions?.find((one) => key(one.emoji) === key(partial));
  return toggle(session, message, partial, known?.me ?? false);
}

/** The picker: a small set, the application's own emoji, and free entry. */
export function pickReaction(session, message, anchor, onpick = (partial) => react(session, message, partial)) {
  const choose = (partial) => {
    close(true);
    onpick(partial);
  };
  const cell = (partial) => h("button.emoji-cell", { type: "button", title: partial.name, aria: { label: partial.name }, onclick: () => choose(partial) }, emoji(partial));
  const entry = h("input", { type: "text", maxLength: 32, placeholder: "Or type any emoji, then Enter", autocomplete: "off", aria: { label: "Any emoji" },
    onkeydown: (event) => {
      const text = entry.value.trim();
      if (event.key !== "Enter" || event.isComposing || !text) return;
      event.preventDefault();
      const custom = session.emojis.find((one) => `:${one.name}:` === text || one.name === text);
      choose(custom ?? { name: text, id: null });
    } });
  const grid = h("div.emoji-grid", COMMON.map((name) => cell({ name, id: null })), session.emojis.map(cell));
  grid.addEventListener("keydown", (event) => {
    const step = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: 8, ArrowUp: -8 }[event.key];
    if (!step) return;
    event.preventDefault();
    const cells = [...grid.children];
    cells[Math.max(0, Math.min(cells.length - 1, cells.indexOf(document.activeElement) + step))].focus();
  });
  const box = h("div.emoji-picker", { role: "dialog", aria: { label: "Pick a reaction" } }, grid, entry);
  const close = popover(box, anchor, { focus: grid.firstChild, above: true });
}
