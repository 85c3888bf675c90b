// Select menus of all five kinds, in messages and in forms: a button that opens a searchable list.

import { h, refill } from "./dom.js";
import { icon } from "./icons.js";
import { avatar, channelIcon, emoji } from "./names.js";
import { popover } from "./popover.js";

/**
 * `data` as Discord sends it; `onpick(values)` once per finished choice. With `live`, onpick follows every change (forms).
 * The list closes by itself after a single choice; several are sent when it closes.
 */
export function selectMenu(session, data, { onpick, busy = false, live = false, labelledby, kept } = {}) {
  const most = data.max_values ?? 1;
  const least = data.min_values ?? 1;
  const options = optionsOf(session, data);
  let chosen = new Set(kept ?? options.filter((one) => one.default).map((one) => one.value));
  const words = h("span.select-words");
  const trigger = h("button.select", { type: "button", role: "combobox", class: busy ? "busy" : "", disabled: Boolean(data.disabled),
    dataset: { focus: data.custom_id, customId: data.custom_id },
    aria: { haspopup: "listbox", expanded: "false", labelledby, label: labelledby ? null : data.placeholder || "Make a selection", busy: busy || null },
    onclick: show, onkeydown: (event) => (event.key === "ArrowDown" || event.key === "ArrowUp") && (event.preventDefault(), show()) },
  words, icon("down"));
  paint();
  return trigger;

  function paint() {
    const picked = options.filter((one) => chosen.has(one.value));
    if (!picked.length) refill(words, h("span.placeholder", data.placeholder || "Make a selection"));
    else if (picked.length === 1) refill(words, picked[0].face(), h("span", picked[0].label));
    else refill(words, picked.map((one) => h("span.chip", one.label)));
  }

  function show() {
    if (busy || trigger.disabled) return;
    const before = [...chosen].sort().join();
    let picked = false;
    const search = h("input.select-search", { type: "text", placeholder: "Search", autocomplete: "off", aria: { label: "Search the options", controls: "select-list" } });
    const list = h("div.select-list", { role: "listbox", id: "select-list", aria: { multiselectable: most > 1 || null } });
    const hint = most > 1 && h("div.select-hint", least === most ? `Choose ${most}` : `Choose ${least} to ${most}; sent when the list closes`);
    const box = h("div.select-box", options.length > 7 && search, list, hint);
    let active = Math.max(0, options.findIndex((one) => chosen.has(one.value)));
    let rows = [];
    const draw = () => {
      const wanted = search.value.trim().toLowerCase();
      rows = options.filter((one) => !wanted || `${one.label} ${one.description ?? ""}`.toLowerCase().includes(wanted));
      active = Math.min(active, Math.max(0, rows.length - 1));
      refill(list, rows.length ? rows.map(row) : h("div.select-none", "Nothing found"));
      list.children[active]?.scrollIntoView({ block: "nearest" });
    };
    const row = (one, index) => h("div.select-option", { role: "option", class: index === active ? "active" : "", aria: { selected: String(chosen.has(one.value)) },
      onpointermove: () => index !== active && ((active = index), draw()), onclick: () => pick(one) },
    one.face(), h("span.select-option-words", h("span", one.label), one.description && h("small", one.description)),
    most > 1 ? h("span.box", chosen.has(one.value) && icon("check")) : chosen.has(one.value) && icon("check"));
    const pick = (one) => {
      if (most === 1) {
        picked = true;
        chosen = chosen.has(one.value) && least === 0 ? new Set() : new Set([one.value]);
        close(true);
        return;
      }
      if (chosen.has(one.value)) chosen.delete(one.value);
      else if (chosen.size < most) chosen.add(one.value);
      paint();
      draw();
      if (live) onpick([...chosen]);
    };
    const close = popover(box, trigger, { match: true, focus: options.length > 7 ? search : box, onclose: () => {
      trigger.setAttribute("aria-expanded", "false");
      paint();
      const changed = most > 1 && [...chosen].sort().join() !== before;
      if (live || picked || (changed && chosen.size >= least)) onpick([...chosen]);
    } });
    box.tabIndex = -1;
    trigger.setAttribute("aria-expanded", "true");
    box.addEventListener("keydown", (event) => {
      if (event.key === "ArrowDown") active = (active + 1) % Math.max(1, rows.length);
      else if (event.key === "ArrowUp") active = (active - 1 + rows.length) % Math.max(1, rows.length);
      else if (event.key === "Enter" || (event.key === " " && event.target !== search)) {
        event.preventDefault();
        if (rows[active]) pick(rows[active]);
        return;
      } else if (event.key === "Tab") return void (event.preventDefault(), close(true));
      else return;
      event.preventDefault();
      draw();
    });
    search.addEventListener("input", () => ((active = 0), draw()));
    draw();
    (options.length > 7 ? search : box).focus({ preventScroll: true });
  }
}

function optionsOf(session, data) {
  const defaults = new Set((data.default_values ?? []).map((one) => String(one.id)));
  const people = () => [...session.users.values()].map((user) => ({ value: user.id, label: session.nameOf(user), description: `@${user.username}`, default: defaults.has(user.id), face: () => avatar(session, user, "tiny") }));
  const roles = () => [...session.roles.values()].map((role) => ({ value: role.id, label: role.name, default: defaults.has(role.id), face: () => icon("role") }));
  if (data.type === 5) return people();
  if (data.type === 6) return roles();
  if (data.type === 7) return [...people(), ...roles()];
  if (data.type === 8) {
    return [...session.channels.values()].filter((channel) => channel.guild_id && (!data.channel_types?.length || data.channel_types.includes(channel.type)))
      .map((channel) => ({ value: channel.id, label: session.channelName(channel), default: defaults.has(channel.id), face: () => icon(channelIcon(channel)) }));
  }
  return (data.options ?? []).map((one) => ({ ...one, face: () => (one.emoji ? emoji(one.emoji) : null) }));
}
