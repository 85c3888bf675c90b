// Times as people read them, and <t:...> marks that tick.

import { h } from "./dom.js";

const FORMATS = {
  t: { hour: "2-digit", minute: "2-digit" },
  T: { hour: "2-digit", minute: "2-digit", second: "2-digit" },
  d: { dateStyle: "short" },
  D: { dateStyle: "long" },
  f: { dateStyle: "long", timeStyle: "short" },
  F: { dateStyle: "full", timeStyle: "short" },
  s: { dateStyle: "short", timeStyle: "short" },
  S: { dateStyle: "short", timeStyle: "medium" },
};
const UNITS = [["second", 1, 60], ["minute", 60, 60], ["hour", 3600, 24], ["day", 86400, 30], ["month", 2629746, 12], ["year", 31556952, Infinity]]; // length in seconds, and how many make the next
const relative = new Intl.RelativeTimeFormat("en", { numeric: "auto" });

export function ago(seconds, now = Date.now() / 1000) {
  const distance = Math.round(seconds - now);
  const [unit, length] = UNITS.find(([, size, most]) => Math.round(Math.abs(distance) / size) < most);
  return relative.format(Math.round(distance / length), unit);
}

export function format(date, style = "f") {
  return new Intl.DateTimeFormat("en-GB", FORMATS[style] ?? FORMATS.f).format(date);
}

/** A <time> for `<t:seconds:style>`; relative ones are kept up to date by `tick`. */
export function stamp(seconds, style) {
  const date = new Date(seconds * 1000);
  if (Number.isNaN(date.getTime())) return h("span", "Invalid date");
  const text = style === "R" ? ago(seconds) : format(date, style);
  return h("time.stamp", { dateTime: date.toISOString(), title: format(date, "F"),
    dataset: style === "R" ? { since: String(seconds) } : {} }, text);
}

/** Today 14:03, Yesterday 14:03, or 03/11/2026, 14:03. */
export function when(iso) {
  const date = new Date(iso);
  const days = Math.round((new Date().setHours(0, 0, 0, 0) - new Date(date).setHours(0, 0, 0, 0)) / 86400000);
  const clock = format(date, "t");
  if (days === 0) return `Today at ${clock}`;
  return days === 1 ? `Yesterday at ${clock}` : `${format(date, "d")} ${clock}`;
}

function tick() {
  for (const element of document.querySelectorAll("time[data-since]")) {
    const text = ago(Number(element.dataset.since));
    if (element.textContent !== text) element.textContent = text;
  }
}

setInterval(tick, 1000);
