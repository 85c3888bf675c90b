// Building elements. Text always becomes a text node: no string in this page is ever parsed as HTML.

const SVG = "http://www.w3.org/2000/svg";

/**
 * An element: `h("button.primary", {type: "button", onclick}, "Send")`.
 * Properties that start with "on" are listeners, `dataset` and `aria` are objects, null and false are left out.
 */
export function h(selector, properties, ...children) {
  if (properties instanceof Node || typeof properties !== "object" || properties === null || Array.isArray(properties)) {
    if (properties !== undefined && properties !== null) children.unshift(properties);
    properties = {};
  }
  const [tag, ...classes] = selector.split(".");
  const element = document.createElement(tag || "div");
  if (classes.length) element.className = classes.join(" ");
  for (const [name, value] of Object.entries(properties)) set(element, name, value);
  put(element, children);
  return element;
}

function set(element, name, value) {
  if (value === null || value === undefined || value === false) return;
  if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
  else if (name === "class") element.className = `${element.className} ${value}`.trim();
  else if (name === "dataset") Object.assign(element.dataset, value);
  else if (name === "aria") {
    for (const [key, text] of Object.entries(value)) {
      if (text !== null && text !== undefined) element.setAttribute(`aria-${key}`, String(text));
    }
  } else if (name === "vars") {
    for (const [key, text] of Object.entries(value)) element.style.setProperty(key, text);
  } else if (name in element && name !== "list" && name !== "role") element[name] = value;
  else element.setAttribute(name, value === true ? "" : String(value));
}

/** Append children: nodes, text, nested lists; null and false are skipped. */
export function put(parent, children) {
  for (const child of [children].flat(Infinity)) {
    if (child === null || child === undefined || child === false || child === true) continue;
    parent.append(child instanceof Node ? child : document.createTextNode(String(child)));
  }
  return parent;
}

/** Replace everything in `parent` with `children`; the focus goes on to what has the same `data-focus` as what had it. */
export function refill(parent, ...children) {
  const key = parent.contains(document.activeElement) ? document.activeElement.dataset.focus : null;
  parent.replaceChildren();
  put(parent, children);
  if (key) focusOn(parent, key);
  return parent;
}

/** Focus what in `parent` has this `data-focus`; false when nothing has, or it cannot take the focus now. */
export function focusOn(parent, key) {
  const target = [...parent.querySelectorAll("[data-focus]")].find((one) => one.dataset.focus === key && !one.disabled);
  target?.focus({ preventScroll: true });
  return Boolean(target) && document.activeElement === target;
}

/** Focus what in `place` has this `data-focus`, or `place` itself: some of its buttons show only while it has the focus. */
export function focusWithin(place, key) {
  if (key && focusOn(place, key)) return;
  place.focus({ preventScroll: true });
  if (key) focusOn(place, key);
}

/** What has the focus now gets it back from the function returned; drawn anew meanwhile, its successor does. */
export function keepFocus() {
  const before = document.activeElement;
  const home = before.closest("[id]")?.id;
  return () => {
    if (before.isConnected) return before.focus({ preventScroll: true });
    const place = home && document.getElementById(home);
    if (place) focusWithin(place, before.dataset.focus);
  };
}

/** An SVG element; attributes are plain strings. */
export function svg(tag, attributes, ...children) {
  const element = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

/** Web addresses a person may follow; anything else (javascript:, data:, relative) is null. */
export function safeLink(text) {
  try {
    const address = new URL(text);
    return address.protocol === "https:" || address.protocol === "http:" ? address.href : null;
  } catch {
    return null;
  }
}

/** Order of two snowflakes as numbers, without losing digits. */
export function bySnowflake(a, b) {
  return a.length - b.length || (a < b ? -1 : a > b ? 1 : 0);
}

export function bytes(size) {
  if (size < 1024) return `${size} B`;
  if (size < 1024 * 1024) return `${(size / 1024).toFixed(1)} KB`;
  return `${(size / 1024 / 1024).toFixed(2)} MB`;
}

export const sleep = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));
