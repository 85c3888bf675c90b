// Message components, first and second generation, as things to press. What a press means is interactions.js's business.

import { h, safeLink } from "./dom.js";
import { icon } from "./icons.js";
import { press } from "./interactions.js";
import { markdown } from "./markdown.js";
import { emoji, namesOf } from "./names.js";
import { fileCard, mediaOf, mosaic } from "./pictures.js";
import { selectMenu } from "./selects.js";

const STYLES = { 1: "primary", 2: "secondary", 3: "success", 4: "danger", 5: "link", 6: "premium" };
export const COMPONENTS_V2 = 1 << 15;

/** All components of a message, and the line that says a press failed. */
export function components(session, message) {
  if (!message.components?.length) return null;
  const failed = session.waitingOn(message.id).find((record) => record.state === "failed");
  return h("div.components", message.components.map((one) => component(session, message, one)),
    failed && h("div.press-failed", { role: "alert" }, icon("warning"), failed.reason || "This interaction failed",
      h("button.link", { type: "button", onclick: () => session.settle(failed.nonce, { state: "dismissed" }) }, "Dismiss")));
}

function component(session, message, data) {
  const inner = (list) => (list ?? []).map((one) => component(session, message, one));
  switch (data.type) {
    case 1: return h("div.row", inner(data.components));
    case 2: return button(session, message, data);
    case 3: case 5: case 6: case 7: case 8: return choice(session, message, data);
    case 9: return h("div.section", h("div.section-words", inner(data.components)), h("div.section-side", inner([data.accessory])));
    case 10: return h("div.text-display.prose", markdown(data.content ?? "", namesOf(session)));
    case 11: return h("div.thumbnail", mosaic([{ ...mediaOf(session, message, data.media), description: data.description, spoiler: data.spoiler }]));
    case 12: return h("div.gallery", mosaic(data.items.map((item) => ({ ...mediaOf(session, message, item.media), description: item.description, spoiler: item.spoiler }))));
    case 13: return h("div", { class: data.spoiler ? "spoiler-file" : "" }, fileCard({ ...mediaOf(session, message, data.file), ...(data.name ? { filename: data.name } : {}), ...(data.size ? { size: data.size } : {}) }));
    case 14: return h("div.separator", { class: `${data.divider === false ? "blank" : ""} ${data.spacing === 2 ? "large" : ""}`, role: data.divider === false ? "presentation" : "separator" });
    case 17: return container(data, inner(data.components));
    default: return h("div.unknown", `Component of type ${data.type}`);
  }
}

function container(data, children) {
  const colour = data.accent_color === undefined || data.accent_color === null ? null : `#${data.accent_color.toString(16).padStart(6, "0")}`;
  const box = h("div.container", { vars: colour ? { "--bar": colour } : {}, class: colour ? "accented" : "" }, children);
  if (data.spoiler) {
    box.classList.add("veiled");
    box.addEventListener("click", () => box.classList.remove("veiled"), { once: true });
  }
  return box;
}

function face(data) {
  return [data.emoji && emoji(data.emoji), data.label && h("span", data.label)];
}

function button(session, message, data) {
  const style = STYLES[data.style] ?? "secondary";
  if (data.style === 5) {
    const href = safeLink(data.url);
    return h("a.button.link-button", { href: data.disabled ? null : href, target: "_blank", rel: "noopener noreferrer",
      aria: { disabled: data.disabled || !href || null } }, face(data), icon("open"));
  }
  const busy = session.waitingOn(message.id).some((record) => record.customId === data.custom_id && record.state === "pending");
  const premium = data.style === 6;
  return h("button.button", { type: "button", class: `${style} ${busy ? "busy" : ""}`, disabled: Boolean(data.disabled) || premium,
    title: premium ? "Purchases are not part of the playground" : null, dataset: { focus: data.custom_id ?? "", customId: data.custom_id ?? "" },
    aria: { busy: busy || null, label: data.label ? null : data.emoji?.name },
    onclick: () => busy || press(session, message, data) },
  premium && !data.label ? "Premium" : face(data), busy && h("span.dots", { aria: { label: "waiting" } }, h("i"), h("i"), h("i")));
}

function choice(session, message, data) {
  const busy = session.waitingOn(message.id).some((record) => record.customId === data.custom_id && record.state === "pending");
  const picks = session.picks.get(message.id) ?? {};
  return selectMenu(session, data, { busy, kept: picks[data.custom_id], onpick: (values) => {
    // What was chosen stays visible until the bot edits the message.
    session.picks.set(message.id, { ...picks, [data.custom_id]: values });
    press(session, message, data, values);
  } });
}
