// The fields a form can hold, each as {data, node, error, required, group?, check(), value(files), focus()}.

import { app } from "./app.js";
import { bytes, h, refill } from "./dom.js";
import { icon } from "./icons.js";
import { selectMenu } from "./selects.js";

export function fieldOf(session, data, id) {
  const make = { 4: textInput, 3: select, 5: select, 6: select, 7: select, 8: select, 19: fileUpload, 21: radioGroup, 22: checkboxGroup, 23: checkbox }[data.type];
  if (!make) return null;
  const error = h("div.field-error", { role: "alert", hidden: true });
  const required = data.type === 23 ? false : data.required !== false;
  const field = { data, error, required, ...make(session, data, id, required) };
  field.check = () => {
    const wrong = field.problem();
    error.textContent = wrong ?? "";
    error.hidden = !wrong;
    field.node.classList.toggle("wrong", Boolean(wrong));
    return !wrong;
  };
  return field;
}

function textInput(_session, data, id, required) {
  const long = data.style === 2;
  const longest = data.max_length ?? 4000;
  const left = h("span.field-count");
  const input = h(long ? "textarea" : "input", { id, value: data.value ?? "", placeholder: data.placeholder ?? "", required, autocomplete: "off", dataset: { customId: data.custom_id },
    oninput: count, ...(long ? { rows: 4 } : { type: "text" }) });
  const node = h("div.text-input", input, left);
  count();
  function count() {
    const rest = longest - input.value.length;
    left.textContent = data.max_length || rest < 200 ? String(rest) : "";
    left.classList.toggle("over", rest < 0);
  }
  return { node, focus: () => input.focus(), value: () => ({ value: input.value }), problem: () => {
    if (required && !input.value) return "This field is required.";
    if (input.value.length > longest) return `At most ${longest} characters.`;
    if (input.value && data.min_length && input.value.length < data.min_length) return `At least ${data.min_length} characters.`;
    return null;
  } };
}

function enough(count, data, required, thing) {
  const least = data.min_values ?? 1;
  if (count === 0 && !required) return null;
  if (count < Math.max(required ? 1 : 0, least)) return count === 0 ? "This field is required." : `Choose at least ${least} ${thing}.`;
  if (data.max_values && count > data.max_values) return `Choose at most ${data.max_values} ${thing}.`;
  return null;
}

function select(session, data, id, required) {
  let chosen = (data.options ?? []).filter((one) => one.default).map((one) => one.value).concat((data.default_values ?? []).map((one) => String(one.id)));
  const node = selectMenu(session, data, { live: true, labelledby: `${id}-label`, onpick: (values) => (chosen = values) });
  node.id = id;
  return { node, focus: () => node.focus(), value: () => ({ values: chosen }), problem: () => enough(chosen.length, data, required, "options") };
}

function fileUpload(_session, data, id, required) {
  let files = [];
  const most = data.max_values ?? 1;
  const list = h("ul.upload-list");
  const chooser = h("input", { type: "file", id, multiple: most > 1, class: "visually-hidden", dataset: { customId: data.custom_id }, onchange: () => {
    add([...chooser.files]);
    chooser.value = "";
  } });
  const node = h("div.upload", { ondragover: (event) => event.preventDefault(), ondrop: (event) => {
    event.preventDefault();
    add([...event.dataTransfer.files]);
  } }, h("label.upload-drop", { htmlFor: id }, icon("upload"), h("span", most > 1 ? `Choose or drop up to ${most} files` : "Choose or drop a file")), chooser, list);
  function add(more) {
    const fitting = app.fitting(more);
    files = most === 1 && fitting.length ? fitting.slice(0, 1) : [...files, ...fitting].slice(0, most);
    draw();
  }
  function draw() {
    refill(list, files.map((file) => h("li", icon("file"), h("span", `${file.name} (${bytes(file.size)})`), h("button.icon-button", { type: "button", aria: { label: `Remove ${file.name}` }, onclick: () => {
      files = files.filter((one) => one !== file);
      draw();
    } }, icon("close")))));
  }
  return { node, focus: () => chooser.focus(), value: (all) => ({ values: files.map((file) => String(all.push(file) - 1)) }), problem: () => enough(files.length, data, required, "files") };
}

function options(data, id, type, onchange) {
  return (data.options ?? []).map((one, index) => h("label.choice", h("input", { type, name: id, value: one.value, checked: Boolean(one.default), id: index === 0 ? id : null, onchange }),
    h("span", h("span", one.label), one.description && h("small", one.description))));
}

function radioGroup(_session, data, id, required) {
  const node = h("div.choices", { role: "radiogroup", aria: { labelledby: `${id}-label` }, dataset: { customId: data.custom_id } }, options(data, id, "radio"));
  const chosen = () => node.querySelector("input:checked");
  return { node, group: true, focus: () => (chosen() ?? node.querySelector("input"))?.focus(), value: () => ({ value: chosen()?.value ?? null }), problem: () => (required && !chosen() ? "Choose one." : null) };
}

function checkboxGroup(_session, data, id, required) {
  const node = h("div.choices", { role: "group", aria: { labelledby: `${id}-label` }, dataset: { customId: data.custom_id } }, options(data, id, "checkbox"));
  const chosen = () => [...node.querySelectorAll("input:checked")].map((input) => input.value);
  return { node, group: true, focus: () => node.querySelector("input")?.focus(), value: () => ({ values: chosen() }), problem: () => enough(chosen().length, data, required, "options") };
}

function checkbox(_session, data, id) {
  const input = h("input.switch", { type: "checkbox", id, checked: Boolean(data.default), dataset: { customId: data.custom_id } });
  return { node: h("div.single-choice", input), focus: () => input.focus(), value: () => ({ value: input.checked }), problem: () => null };
}
