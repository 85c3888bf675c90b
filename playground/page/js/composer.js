// Where a person writes: text, files, replies, edits; a slash at the start hands over to the command bar.

import { api } from "./api.js";
import { app } from "./app.js";
import { acceptFiles, Tray } from "./attachtray.js";
import { CommandBar } from "./commandbar.js";
import { flatten, parseTyped } from "./commands.js";
import { Completion, ranked } from "./completion.js";
import { h, refill } from "./dom.js";
import { icon } from "./icons.js";
import { nextNonce } from "./interactions.js";
import { nameLines } from "./namelines.js";
import { address } from "./names.js";

const LONGEST = 2000;
const TYPING_MS = 7000;

export class Composer {
  #field = document.querySelector("#text");
  #form = document.querySelector("#composer");
  #note = document.querySelector("#composer-note");
  #count = document.querySelector("#text-count");
  #reply = null;
  #editing = null;
  #drafts = new Map();
  #key = null;
  #picks = []; // {text, code}: what a chosen mention becomes when sent
  #typed = 0;

  constructor(timeline) {
    this.timeline = timeline;
    this.completion = new Completion(document.querySelector("#completion"));
    this.bar = new CommandBar(this.completion, (sent) => this.#barClosed(sent));
    document.querySelector("#field-slot").append(this.bar.node);
    this.tray = new Tray(document.querySelector("#tray"), (text) => app.say(text, "error"));
    const chooser = h("input", { type: "file", multiple: true, hidden: true, id: "chooser", onchange: () => {
      this.#take([...chooser.files]);
      chooser.value = "";
    } });
    this.#form.append(chooser);
    document.querySelector("#attach").addEventListener("click", () => chooser.click());
    document.querySelector("#send").addEventListener("click", () => (this.bar.active ? this.bar.send() : this.#submit()));
    acceptFiles(document.querySelector("#chat"), (files) => this.#take(files));
    this.#field.addEventListener("input", () => this.#input());
    this.#field.addEventListener("keydown", (event) => this.#keydown(event));
    this.#field.addEventListener("blur", () => setTimeout(() => document.activeElement !== this.#field && !this.bar.active && this.completion.hide(), 120));
    this.#form.addEventListener("focusout", (event) => this.bar.active && !this.#form.contains(event.relatedTarget) && this.completion.hide());
    for (const name of ["state", "channels"]) app.people.addEventListener(name, ({ detail }) => detail.session === app.session && app.channel && this.#changed());
    app.addEventListener("reply", ({ detail }) => this.#startReply(detail.message));
    app.addEventListener("edit", ({ detail }) => this.#startEdit(detail.message));
    app.addEventListener("mention", ({ detail }) => this.#insert(`<@${detail.id}> `));
    app.addEventListener("command", ({ detail }) => this.startCommand(detail.path));
  }

  /** Another channel or another person: keep the draft of the one that is left. */
  show(session, channel, focus) {
    if (this.#key && !this.#editing) this.#drafts.set(this.#key, this.#field.value);
    this.#key = `${session.id}/${channel.id}`;
    if (this.bar.active) this.bar.close(true);
    this.#reply = this.#editing = null;
    this.#drawNote();
    this.#field.value = this.#drafts.get(this.#key) ?? "";
    this.#allow(session, channel);
    this.#field.setAttribute("aria-label", `Message ${session.channelName(channel)}`);
    this.#fit();
    this.completion.hide();
    if (focus) this.focus();
  }

  #allow(session, channel) {
    const may = session.mayWrite(channel);
    for (const one of [this.#field, document.querySelector("#attach"), document.querySelector("#send")]) one.disabled = !may;
    this.#field.placeholder = !may ? "You may not send messages in this channel"
      : channel.type === 15 ? `New post in ${session.channelName(channel)}: first line is its title`
        : `Message ${address(session, channel)} (/ for commands)`;
  }

  /** Other rights, other commands. */
  #changed() {
    this.#allow(app.session, app.channel);
    if (this.completion.open && document.activeElement === this.#field) this.#suggest();
  }

  focus() {
    if (!this.bar.active) this.#field.focus({ preventScroll: true });
  }

  startCommand(path) {
    const entry = this.#entries().find((one) => one.path === path);
    if (!entry) return app.say(`/${path} is not available here.`, "error");
    if (this.bar.active) this.bar.close(true);
    this.#field.value = "";
    return this.#openBar(entry);
  }

  #entries() {
    return flatten(app.session.offered(1, app.channel));
  }

  #openBar(entry, texts) {
    this.#field.hidden = true;
    this.#count.hidden = true;
    this.completion.hide();
    this.bar.open(entry, texts);
  }

  #barClosed(sent) {
    this.#field.hidden = false;
    this.#field.value = "";
    this.#fit();
    this.#field.focus({ preventScroll: true });
    if (sent) this.timeline.toEnd();
  }

  #take(all) {
    const files = app.fitting(all);
    if (this.bar.active) {
      const left = files.filter((file) => !this.bar.takeFile(file));
      if (left.length) app.say("This command takes no more files.", "error");
      return;
    }
    this.tray.add(files);
    this.focus();
  }

  #input() {
    this.#fit();
    const text = this.#field.value;
    const left = LONGEST - text.length;
    this.#count.hidden = left > 200;
    this.#count.textContent = String(left);
    this.#count.classList.toggle("over", left < 0);
    if (!this.#editing) {
      const typed = parseTyped(text, this.#entries());
      if (typed) return this.#openBar(typed.entry, typed.texts);
    }
    if (text && !text.startsWith("/") && Date.now() - this.#typed > TYPING_MS) {
      this.#typed = Date.now();
      api.typing(app.session.id, app.channelId).catch(() => {});
    }
    return this.#suggest();
  }

  #suggest() {
    const text = this.#field.value;
    const caret = this.#field.selectionStart;
    if (text.startsWith("/") && !text.includes("\n") && !this.#editing) {
      const wanted = text.slice(1);
      const found = ranked(this.#entries(), wanted, (entry) => entry.path).filter((entry) => !wanted.includes(" ") || entry.path.startsWith(wanted.trimEnd()));
      const items = found.map((entry) => ({ label: `/${entry.path}`, description: entry.description, side: this.#owner(), face: () => h("span.command-mark", icon("slash")), value: entry }));
      this.completion.show(wanted ? `Commands matching /${wanted}` : "Commands", items, this.#field, (item) => this.#openBar(item.value), { empty: app.session.bot.online ? "No such command." : "No such command. The bot is offline; its commands appear when it connects." });
      return;
    }
    const match = /(?:^|\s)([@#:])([\p{L}\p{N}_.-]{0,32})$/u.exec(text.slice(0, caret));
    const items = match ? nameLines(app.session, match[1], match[2]) : [];
    if (!items.length || (match[1] === ":" && match[2].length < 2)) return void this.completion.hide();
    this.completion.show({ "@": "People and roles", "#": "Channels", ":": "Emoji" }[match[1]], items.slice(0, 12), this.#field, (item) => {
      const start = caret - match[2].length - 1;
      this.#field.setRangeText(`${item.text} `, start, caret, "end");
      this.#picks.push({ text: item.text, code: item.value });
      this.completion.hide();
      this.#fit();
    });
  }

  #owner() {
    const { session } = app;
    const user = session.user(session.bot.user_id) ?? [...session.users.values()].find((one) => one.bot);
    return user ? session.nameOf(user) : "";
  }

  #keydown(event) {
    if (event.isComposing || this.completion.key(event)) return;
    if (event.key === "Enter" && !event.shiftKey) {
      event.preventDefault();
      void this.#submit();
    } else if (event.key === "Escape") {
      if (this.#reply || this.#editing) this.#cancelNote();
      else this.timeline.toEnd();
    } else if (event.key === "ArrowUp" && !this.#field.value && !this.tray.files.length) {
      const own = this.timeline.lastOwn();
      if (!own) return;
      event.preventDefault();
      this.#startEdit(own);
    }
  }

  async #submit() {
    const { session, channel } = app;
    let content = this.#field.value.trim();
    if (!content && !this.tray.files.length) return;
    if (content.length > LONGEST) return app.say(`A message holds ${LONGEST} characters; this one has ${content.length}.`, "error");
    if (content.startsWith("/") && this.#entries().some((entry) => `/${entry.path}` === content)) return this.startCommand(content.slice(1));
    if (/^\/[\p{L}\p{N}_-]+(?:\s|$)/u.test(content) && !this.#entries().length) return app.say("There are no commands yet: they come when the bot connects.", "error");
    for (const pick of this.#picks) content = content.split(pick.text).join(pick.code);
    const editing = this.#editing;
    const reply = this.#reply;
    const draft = this.#field.value;
    const key = this.#key;
    const picks = this.#picks;
    const files = this.tray.take();
    this.#picks = [];
    this.#cancelNote();
    this.#field.value = "";
    this.#fit();
    try {
      if (editing) await api.edit(session.id, editing, content);
      else if (channel.type === 15) await this.#post(session, channel, content);
      else await api.send(session.id, channel.id, { content, nonce: nextNonce(), ...(reply ? { reply_to: reply.id } : {}) }, files);
      if (!editing) this.timeline.toEnd();
    } catch (error) {
      app.say(error.message, "error");
      this.tray.add(files);
      if (this.#key !== key) this.#drafts.set(key, draft);
      else if (!this.#field.value) {
        this.#field.value = draft;
        this.#picks = picks;
        this.#reply = reply;
        this.#editing = editing;
        this.#drawNote();
        this.#fit();
      }
    }
    return undefined;
  }

  async #post(session, forum, content) {
    const [name, ...rest] = content.split("\n");
    const thread = await api.thread(session.id, forum.id, { name: name.slice(0, 100), content: rest.join("\n").trim() || name });
    session.channels.set(thread.id, { ...thread, guild_id: thread.guild_id ?? forum.guild_id });
    session.dispatchEvent(new CustomEvent("channels", { detail: {} }));
    app.open(thread.id);
  }

  #startReply(message) {
    this.#editing = null;
    this.#reply = message;
    this.#drawNote();
    this.focus();
  }

  #startEdit(message) {
    this.#reply = null;
    this.#editing = message;
    this.#field.value = message.content;
    this.#drawNote();
    this.#fit();
    this.focus();
    this.#field.setSelectionRange(message.content.length, message.content.length);
  }

  #cancelNote() {
    if (this.#editing) this.#field.value = "";
    this.#reply = this.#editing = null;
    this.#drawNote();
    this.#fit();
  }

  #drawNote() {
    this.#note.hidden = !this.#reply && !this.#editing;
    if (this.#note.hidden) return;
    const words = this.#reply ? ["Replying to ", h("strong", app.session.nameOf(this.#reply.author))] : ["Editing your message ", h("small", "Enter to save, Esc to leave it")];
    refill(this.#note, icon(this.#reply ? "reply" : "edit"), h("span", words), h("button.icon-button", { type: "button", aria: { label: "Cancel" }, title: "Cancel (Esc)", onclick: () => (this.#cancelNote(), this.focus()) }, icon("close")));
  }

  #insert(text) {
    this.#field.setRangeText(text, this.#field.selectionStart, this.#field.selectionEnd, "end");
    this.#fit();
    this.focus();
  }

  #fit() {
    this.#field.style.height = "auto";
    this.#field.style.height = `${Math.min(this.#field.scrollHeight, innerHeight * 0.4)}px`;
  }
}
