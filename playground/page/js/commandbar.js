// The composer while a slash command is being written: the command's name, a pill per option, and what is still possible.

import { app } from "./app.js";
import { commandData, OPTION } from "./commands.js";
import { ranked } from "./completion.js";
import { h, refill } from "./dom.js";
import { icon } from "./icons.js";
import { askChoices, nextNonce, useCommand } from "./interactions.js";
import { OptionField } from "./optionfield.js";

const DEBOUNCE_MS = 250;

export class CommandBar {
  #entry = null;
  #fields = [];
  #timer = 0;
  #wanted = ""; // typed while the optional ones are listed
  #asked = null; // {nonce, field}
  #channel = null;

  /** `onclose(sent)` gives the composer back its text field. */
  constructor(completion, onclose) {
    this.completion = completion;
    this.onclose = onclose;
    this.pills = h("div.pills");
    this.more = h("button.pill-more", { type: "button", onclick: () => this.offerOptions(), onblur: () => (this.#wanted = ""), onkeydown: (event) => this.key(event, null) });
    this.node = h("div.command-bar", { role: "group", hidden: true }, this.pills);
    app.people.addEventListener("choices", ({ detail }) => this.#choices(detail));
  }

  get active() {
    return this.#entry !== null;
  }

  get session() {
    return app.session;
  }

  open(entry, texts = new Map()) {
    this.#entry = entry;
    this.#channel = app.channel;
    this.#fields = entry.options.filter((option) => option.required || texts.has(option.name)).map((option) => new OptionField(this, option, texts.get(option.name)));
    this.node.setAttribute("aria-label", `Command /${entry.path}`);
    refill(this.pills, h("span.command-name", icon("slash"), entry.path));
    for (const field of this.#fields) this.pills.append(field.node);
    this.pills.append(this.more);
    this.node.hidden = false;
    for (const field of this.#fields) field.fit();
    this.changed();
    const empty = this.#fields.find((field) => field.empty) ?? this.#fields.at(-1);
    (empty?.input ?? this.more).focus();
    const field = empty?.input;
    if (field?.setSelectionRange && field.value) field.setSelectionRange(field.value.length, field.value.length);
    if (!empty) this.offerOptions();
  }

  close(sent = false) {
    this.#entry = null;
    this.#fields = [];
    clearTimeout(this.#timer);
    this.completion.hide();
    this.node.hidden = true;
    this.onclose(sent);
  }

  changed() {
    const left = this.#left().length;
    this.more.hidden = this.#entry.options.length > 0 && left === 0;
    refill(this.more, this.#entry.options.length === 0 ? "Press Enter to send" : `+${left} optional`);
  }

  remove(field) {
    const at = this.#fields.indexOf(field);
    this.#fields.splice(at, 1);
    field.node.remove();
    this.changed();
    (this.#fields[Math.max(0, at - 1)]?.input ?? this.more).focus();
  }

  /** Dropped or pasted files go to the first free attachment option; true when one took it. */
  takeFile(file) {
    let field = this.#fields.find((one) => one.option.type === OPTION.ATTACHMENT && !one.file);
    const option = field?.option ?? this.#left().find((one) => one.type === OPTION.ATTACHMENT);
    if (!option) return false;
    field ??= this.#add(option);
    field.setFile(file);
    return true;
  }

  focused(field) {
    this.offer(field);
  }

  /** The list for the field that has the focus. */
  offer(field) {
    clearTimeout(this.#timer);
    this.#asked = null;
    if (field.option.autocomplete) {
      this.#timer = setTimeout(() => this.#ask(field), DEBOUNCE_MS);
      return;
    }
    if (field.listed) this.completion.show(this.#title(field), field.lines(), field.input, (item) => this.#picked(field, item), { empty: field.input.value ? "Nothing fits." : "" });
    else this.#hint(field);
  }

  /** The options that are left, and of those the ones with `wanted` in their name. */
  offerOptions(wanted = "") {
    if (!this.#entry.options.length) return;
    this.#wanted = wanted;
    const left = this.#left().map((option) => ({ label: option.name, description: option.description, value: option }));
    this.completion.show(`Options of /${this.#entry.path}${wanted && `: ${wanted}`}`, ranked(left, wanted), this.more, (item) => {
      this.completion.hide();
      this.#add(item.value).input.focus();
    }, { active: this.#complete() && !wanted ? -1 : 0, empty: wanted && "No such option." });
  }

  key(event, field) {
    if (event.isComposing) return;
    const chosen = field?.picked && (event.key === "Enter" || event.key === "Tab");
    // A field that already holds a choice sends or moves on; the list is for changing it.
    if (!chosen && (field?.input.tagName !== "TEXTAREA" || this.completion.count) && this.completion.key(event)) return;
    if (!field && event.key.length === 1 && !event.ctrlKey && !event.metaKey && !event.altKey) {
      event.preventDefault();
      this.offerOptions((this.#wanted + event.key).trimStart());
    } else if (!field && event.key === "Backspace" && this.#wanted) {
      event.preventDefault();
      this.offerOptions(this.#wanted.slice(0, -1));
    } else if (event.key === "Enter" && !event.shiftKey) {
      event.preventDefault();
      if (field || !this.#left().length || (!this.#wanted && this.#complete())) void this.send();
      else this.offerOptions(this.#wanted);
    } else if (event.key === "Escape") {
      event.preventDefault();
      this.close();
    } else if (event.key === "Tab" && !event.shiftKey && field) {
      const next = this.#fields[this.#fields.indexOf(field) + 1]?.input ?? (this.more.hidden ? null : this.more);
      if (!next) return;
      event.preventDefault();
      next.focus();
      if (next === this.more) this.offerOptions();
    } else if (event.key === "Backspace" && field && !field.input.value) {
      event.preventDefault();
      if (field.file) field.setFile(null);
      else if (!field.option.required) this.remove(field);
      else if (this.#fields.indexOf(field) === 0 && this.#fields.every((one) => one.empty)) this.close();
      else this.#fields[this.#fields.indexOf(field) - 1]?.input.focus();
    }
  }

  async send() {
    const wrong = this.#fields.filter((field) => !field.check());
    if (wrong.length) {
      wrong[0].input.focus();
      return;
    }
    const files = [];
    const values = this.#fields.map((field) => field.value(files)).filter(Boolean);
    const entry = this.#entry;
    const channel = this.#channel;
    this.close(true);
    await useCommand(this.session, channel, commandData(entry, values), files, `/${entry.path}`);
  }

  #complete() {
    return this.#fields.every((field) => !field.option.required || !field.empty);
  }

  #left() {
    return this.#entry.options.filter((option) => !this.#fields.some((field) => field.option === option));
  }

  #add(option) {
    const field = new OptionField(this, option);
    this.#fields.push(field);
    this.more.before(field.node);
    this.changed();
    return field;
  }

  #picked(field, item) {
    field.pick(item);
    this.completion.hide();
    const next = this.#fields.slice(this.#fields.indexOf(field) + 1).find((one) => one.option.required && one.empty);
    next?.input.focus();
  }

  #title(field) {
    return `${field.option.name}: ${field.option.description ?? ""}`;
  }

  /** For a free text: what the option wants, and "name:" of another option to jump to it. */
  #hint(field) {
    const word = /(?:^|\s)([\p{L}\p{N}_-]{2,32}):$/u.exec(field.input.value ?? "")?.[1];
    const jump = word && this.#left().find((option) => option.name === word);
    if (jump) {
      field.input.value = field.input.value.slice(0, -(word.length + 1)).trimEnd();
      this.#add(jump).input.focus();
      return;
    }
    this.completion.hide();
  }

  async #ask(field) {
    const text = field.picked ? "" : field.input.value;
    const values = this.#fields.map((one) => (one === field ? { type: one.option.type, name: one.option.name, value: text, focused: true } : one.value([]))).filter(Boolean);
    this.completion.show(this.#title(field), [], field.input, null, { empty: "Asking the bot…" });
    const asked = { field, nonce: nextNonce() };
    this.#asked = asked;
    try {
      const { state, reason } = await askChoices(this.session, this.#channel, commandData(this.#entry, values), asked.nonce);
      if (state === "failed") this.#choices({ session: this.session, nonce: asked.nonce, reason });
    } catch (error) {
      if (this.#asked === asked) this.completion.show(this.#title(field), [], field.input, null, { empty: error.message });
    }
  }

  #choices(detail) {
    const asked = this.#asked;
    if (!asked || !this.active || detail.session !== this.session || detail.nonce !== asked.nonce) return;
    const items = (detail.choices ?? []).map((one) => ({ label: one.name, value: one.value }));
    this.completion.show(this.#title(asked.field), items, asked.field.input, (item) => this.#picked(asked.field, item), { empty: detail.reason ?? "The bot offers nothing here.", active: asked.field.input.value ? 0 : -1 });
  }
}
