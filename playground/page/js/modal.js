// Forms a bot opens: every field, checked here before it is sent, as Discord's own client does.

import { h, keepFocus, refill } from "./dom.js";
import { fieldOf } from "./fields.js";
import { icon } from "./icons.js";
import { submitForm } from "./interactions.js";
import { markdown } from "./markdown.js";
import { avatar, namesOf } from "./names.js";

/** Opens the form; it stays open until the bot has taken it, so that nothing typed is lost to a failure. */
export function openModal(session, modal) {
  const fields = [];
  const rows = modal.components.map((one) => row(session, one, fields)).filter(Boolean);
  const failure = h("div.press-failed", { role: "alert", hidden: true });
  const send = h("button.button.primary", { type: "submit" }, "Submit");
  const bot = [...session.users.values()].find((user) => user.bot);
  const form = h("form", { noValidate: true, onsubmit: (event) => (event.preventDefault(), submit()) }, h("div.modal-fields", rows), failure,
    h("footer", h("button.button.secondary", { type: "button", onclick: () => dialog.close() }, "Cancel"), send));
  const dialog = h("dialog.modal", { aria: { labelledby: "modal-title" } },
    h("header", bot && avatar(session, bot), h("h2", { id: "modal-title" }, modal.title), h("button.icon-button", { type: "button", title: "Close (Esc)", aria: { label: "Close" }, onclick: () => dialog.close() }, icon("close"))),
    form);

  async function submit() {
    const wrong = fields.filter((field) => !field.check());
    if (wrong.length) return wrong[0].focus();
    const files = [];
    const values = new Map(fields.map((field) => [field.data, field.value(files)]));
    send.disabled = true;
    send.classList.add("busy");
    failure.hidden = true;
    const nonces = new Set(session.waiting.keys());
    const listen = ({ detail: { record } }) => {
      if (record.kind !== "form" || nonces.has(record.nonce)) return;
      if (record.state === "failed") {
        fail(record.reason);
        session.settle(record.nonce, { state: "dismissed" });
      } else if (record.state === "done" || record.state === "acknowledged") dialog.close();
    };
    session.addEventListener("interaction", listen);
    dialog.addEventListener("close", () => session.removeEventListener("interaction", listen));
    return submitForm(session, modal, modal.components.map((one) => answer(one, values)).filter(Boolean), files);
  }

  function fail(reason) {
    send.disabled = false;
    send.classList.remove("busy");
    failure.hidden = false;
    refill(failure, icon("warning"), reason || "Something went wrong. Try again.");
  }

  const giveBack = keepFocus();
  dialog.addEventListener("close", () => (dialog.remove(), giveBack()));
  document.body.append(dialog);
  dialog.showModal();
  (fields[0] ?? { focus: () => send.focus() }).focus();
  return dialog;
}

function row(session, data, fields) {
  if (data.type === 10) return h("div.modal-text.prose", markdown(data.content ?? "", namesOf(session)));
  if (data.type === 1) return (data.components ?? []).map((one) => labelled(session, { label: one.label, component: one }, fields));
  if (data.type === 18) return labelled(session, data, fields);
  return null;
}

function labelled(session, data, fields) {
  const id = `field-${fields.length}`;
  const field = fieldOf(session, data.component, id);
  if (!field) return null;
  fields.push(field);
  const caption = [data.label, field.required && h("span.required", { title: "Required" }, "*")];
  const description = data.description && h("div.modal-description", { id: `${id}-description` }, data.description);
  const group = field.group ? h("fieldset.modal-field", { id: `${id}-group` }, h("legend", { id: `${id}-label` }, caption), description, field.node, field.error)
    : h("div.modal-field", h("label", { id: `${id}-label`, htmlFor: id }, caption), description, field.node, field.error);
  return group;
}

/** The submitted form of one top-level component, in Discord's shape. */
function answer(data, values) {
  if (data.type === 10) return null;
  const part = (one) => ({ type: one.type, id: one.id, custom_id: one.custom_id, ...values.get(one) });
  if (data.type === 1) return { type: 1, id: data.id, components: data.components.map(part) };
  return { type: 18, id: data.id, component: part(data.component) };
}
