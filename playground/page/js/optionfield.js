// One option of a slash command as a pill: its name and a field that fits its type.

import { app } from "./app.js";
import { bytes, h, refill } from "./dom.js";
import { ranked } from "./completion.js";
import { OPTION, problem } from "./commands.js";
import { icon } from "./icons.js";
import { avatar, channelIcon } from "./names.js";

const PICKED = new Set([OPTION.BOOLEAN, OPTION.USER, OPTION.CHANNEL, OPTION.ROLE, OPTION.MENTIONABLE]);

export class OptionField {
  picked = null; // {label, value} of a chosen line
  file = null;

  /** `bar` is the command bar: it owns completion, focus order and sending. */
  constructor(bar, option, text = "") {
    this.bar = bar;
    this.option = option;
    this.error = h("span.pill-error", { role: "alert", hidden: true });
    this.input = option.type === OPTION.ATTACHMENT ? this.#fileButton() : this.#textField();
    this.node = h("div.pill", { class: option.type === OPTION.STRING && !option.choices ? "wide" : "", dataset: { option: option.name },
      onpointerdown: (event) => {
        if (event.target.closest("input, textarea, button")) return;
        event.preventDefault();
        this.input.focus();
      } },
    h("label.pill-name", { htmlFor: this.input.id, title: option.description }, option.name), this.input, this.error,
    !option.required && h("button.pill-remove", { type: "button", tabIndex: -1, aria: { label: `Remove ${option.name}` }, onclick: () => bar.remove(this) }, icon("close")));
    if (text) this.#typed(text);
  }

  get listed() {
    return Boolean(this.option.choices || this.option.autocomplete || PICKED.has(this.option.type));
  }

  get empty() {
    return !this.file && !this.picked && !this.input.value;
  }

  /** {type, name, value}, or null for nothing; files are appended to `files`. */
  value(files) {
    const { type, name } = this.option;
    if (type === OPTION.ATTACHMENT) return this.file ? { type, name, value: files.push(this.file) - 1 } : null;
    if (this.picked) return { type, name, value: this.picked.value };
    const text = this.input.value;
    if (!text.trim()) return null;
    return { type, name, value: type === OPTION.INTEGER || type === OPTION.NUMBER ? Number(text) : text };
  }

  /** Says what is wrong; true when it can be sent. */
  check() {
    let wrong = this.file || this.picked ? null : problem(this.option, (this.input.value ?? "").trim());
    if (!wrong && !this.picked && this.input.value && (this.option.choices || PICKED.has(this.option.type))) wrong = "Choose one from the list.";
    this.error.textContent = wrong ?? "";
    this.error.hidden = !wrong;
    this.node.classList.toggle("wrong", Boolean(wrong));
    if (wrong) this.input.setAttribute("aria-invalid", "true");
    else this.input.removeAttribute("aria-invalid");
    return !wrong;
  }

  setFile(file) {
    this.file = file;
    refill(this.input, icon("file"), h("span", file ? `${file.name} (${bytes(file.size)})` : "Choose or drop a file"));
    this.check();
    this.bar.changed();
  }

  /** The lines that fit what is typed so far; autocomplete comes from the bot instead. */
  lines() {
    const { option, bar } = this;
    const wanted = this.picked ? "" : this.input.value.trim();
    const session = bar.session;
    if (option.choices) return ranked(option.choices.map((one) => ({ label: one.name, value: one.value })), wanted);
    if (option.type === OPTION.BOOLEAN) return ranked([{ label: "True", value: true }, { label: "False", value: false }], wanted);
    const users = () => [...session.users.values()].map((user) => ({ label: session.nameOf(user), description: user.username, value: user.id, face: () => avatar(session, user, "tiny") }));
    const roles = () => [...session.roles.values()].map((role) => ({ label: role.name, value: role.id, face: () => icon("role") }));
    if (option.type === OPTION.USER) return ranked(users(), wanted);
    if (option.type === OPTION.ROLE) return ranked(roles(), wanted);
    if (option.type === OPTION.MENTIONABLE) return ranked([...users(), ...roles()], wanted);
    if (option.type === OPTION.CHANNEL) {
      return ranked([...session.channels.values()].filter((channel) => channel.guild_id && (!option.channel_types?.length || option.channel_types.includes(channel.type)))
        .map((channel) => ({ label: session.channelName(channel), value: channel.id, face: () => icon(channelIcon(channel)) })), wanted);
    }
    return [];
  }

  pick(item) {
    this.picked = { label: item.label, value: item.value };
    this.input.value = item.label;
    this.node.classList.add("picked");
    this.fit();
    this.check();
  }

  #typed(text) {
    if (this.option.type === OPTION.ATTACHMENT) return;
    this.input.value = text;
    const exact = this.lines().find((item) => item.label.toLowerCase() === text.toLowerCase() || String(item.value) === text);
    if (exact) this.pick(exact);
    this.fit();
  }

  #textField() {
    const { option } = this;
    const long = option.type === OPTION.STRING && !this.listed;
    const field = h(long ? "textarea.pill-field" : "input.pill-field", { id: `option-${option.name}`, autocomplete: "off", spellcheck: long,
      placeholder: option.description ?? "", role: this.listed ? "combobox" : null, inputMode: option.type === OPTION.INTEGER ? "numeric" : option.type === OPTION.NUMBER ? "decimal" : "text",
      aria: { label: `${option.name}${option.required ? ", required" : ""}: ${option.description ?? ""}`, required: option.required || null, autocomplete: this.listed ? "list" : null },
      oninput: () => {
        this.picked = null;
        this.node.classList.remove("picked");
        this.fit();
        if (this.node.classList.contains("wrong")) this.check();
        this.bar.offer(this);
      },
      onfocus: () => this.bar.focused(this),
      onblur: () => {
        if (!this.empty) this.check();
      },
      onkeydown: (event) => this.bar.key(event, this) });
    if (long) field.rows = 1;
    return field;
  }

  /** The size that the text needs; known only once the field is on the page. */
  fit() {
    const field = this.input;
    if (field.tagName === "TEXTAREA") {
      field.style.height = "auto";
      field.style.height = `${Math.min(field.scrollHeight, 160)}px`;
    } else field.style.width = field.value ? `${Math.min(40, Math.max(4, field.value.length + 1))}ch` : "";
  }

  #fileButton() {
    const chooser = h("input", { type: "file", hidden: true, onchange: () => {
      const [file] = app.fitting([...chooser.files]);
      chooser.value = "";
      if (file) this.setFile(file);
    } });
    const button = h("button.pill-file", { type: "button", id: `option-${this.option.name}`, aria: { label: `${this.option.name}: choose a file` }, onclick: () => chooser.click(),
      onfocus: () => this.bar.focused(this),
      onkeydown: (event) => {
        if (event.key !== "Enter" || this.file) this.bar.key(event, this);
      } }, icon("upload"), h("span", "Choose or drop a file"));
    this.chooser = chooser;
    this.bar.node.append(chooser);
    return button;
  }
}
