// Context menus: a list of things to do, by mouse or by arrow keys.

import { h } from "./dom.js";
import { icon } from "./icons.js";
import { popover } from "./popover.js";

/**
 * `items`: {label, icon?, run, danger?, hint?, checked?} | {heading} | null for a line.
 * `at`: a mouse or keyboard event, or an element.
 */
export function openMenu(items, at, label = "Menu") {
  const list = h("div.menu", { role: "menu", tabIndex: -1, aria: { label } });
  for (const item of items.filter((one) => one !== undefined && one !== false)) {
    if (item === null) list.append(h("hr", { role: "separator" }));
    else if (item.heading) list.append(h("div.menu-heading", item.heading));
    else list.append(entry(item));
  }
  list.addEventListener("keydown", (event) => {
    const rows = [...list.querySelectorAll("button")];
    const at = rows.indexOf(document.activeElement);
    const step = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: rows.length - 1 }[event.key];
    if (step !== undefined) {
      event.preventDefault();
      rows[(step + rows.length) % rows.length].focus();
    } else if (event.key === "Tab") {
      event.preventDefault();
      close(true);
    } else if (event.key.length === 1 && !event.ctrlKey && !event.metaKey) {
      rows.find((row) => row.textContent.toLowerCase().startsWith(event.key.toLowerCase()))?.focus();
    }
  });
  const close = popover(list, anchorOf(at), { focus: list });
  list.querySelector("button")?.focus({ preventScroll: true });

  function entry(item) {
    const role = item.checked === undefined ? "menuitem" : "menuitemcheckbox";
    return h("button.menu-item", { type: "button", role, class: item.danger ? "danger" : "", aria: { checked: item.checked },
      onclick: () => {
        close(true);
        item.run();
      } },
    h("span.menu-label", item.label), item.hint && h("span.menu-hint", item.hint),
    item.checked ? icon("check") : item.icon && icon(item.icon));
  }
}

function anchorOf(at) {
  if (at instanceof Element) return at;
  // Keyboard-made context menus have no pointer: open beside what has the focus.
  if (at.type === "contextmenu" && (at.clientX || at.clientY)) return { x: at.clientX, y: at.clientY };
  return at.currentTarget instanceof Element ? at.currentTarget : at.target;
}
