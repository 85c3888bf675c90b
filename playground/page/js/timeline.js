// The open channel's messages: draws only what changed, keeps the place while reading, follows the end when at the end.

import { app } from "./app.js";
import { flatten } from "./commands.js";
import { bySnowflake, focusWithin, h } from "./dom.js";
import { icon } from "./icons.js";
import { continues, messageNode } from "./message.js";
import { address, avatar, channelIcon } from "./names.js";
import { carryPictures } from "./pictures.js";
import { NO_ANSWER, THREADS } from "./session.js";

const NEAR_END = 60;
const NEAR_START = 400;

export class Timeline {
  #scroller = document.querySelector("#timeline");
  #list = h("div.messages");
  #nodes = new Map(); // message id -> {node, message, previous, waiting}
  #stick = true;
  #channel = null;
  #session = null;
  #divider = null;
  #jump = document.querySelector("#jump");
  #frame = 0;

  constructor() {
    this.#scroller.append(this.#list);
    this.#scroller.addEventListener("scroll", () => this.#scrolled(), { passive: true });
    this.#scroller.addEventListener("keydown", (event) => this.#walk(event));
    this.#jump.addEventListener("click", () => this.toEnd());
    // Late heights (fonts, pictures without a size) must not push the end out of sight.
    const follow = new ResizeObserver(() => this.#stick && this.toEnd());
    follow.observe(this.#list);
    follow.observe(this.#scroller);
    document.addEventListener("visibilitychange", () => this.#seen());
    for (const name of ["timeline", "message", "interaction", "state"]) {
      app.people.addEventListener(name, ({ detail }) => this.#changed(detail));
    }
    for (const name of ["unread", "switch"]) app.people.addEventListener(name, () => this.#count());
    app.people.addEventListener("channels", ({ detail }) => app.channel?.type === 15 && this.#changed(detail)); // its posts
    app.people.addEventListener("resync", ({ detail }) => detail.session === this.#session && this.#session.load(this.#channel));
    app.addEventListener("jump", ({ detail }) => this.#jumpTo(detail.id));
  }

  /** Shows a channel from its newest message. */
  async show(session, channel) {
    this.#remember();
    this.#session = session;
    this.#channel = channel.id;
    this.#nodes.clear();
    this.#stick = true;
    this.#divider = session.unread.has(channel.id) ? session.seen.get(channel.id) ?? null : null;
    this.#count();
    this.#draw();
    this.toEnd();
    await app.attempt(() => session.load(channel.id));
    if (this.#channel === channel.id && this.#session === session) this.#draw();
    this.#seen();
  }

  toEnd() {
    this.#stick = true;
    this.#scroller.scrollTop = this.#scroller.scrollHeight;
    this.#jump.hidden = true;
    this.#seen();
  }

  /** The newest message of the acting person, for the up arrow. */
  lastOwn() {
    return this.#session.sorted(this.#channel).filter((message) => message.author.id === this.#session.id).at(-1);
  }

  #remember() {
    if (!this.#session || !this.#channel) return;
    const newest = this.#session.sorted(this.#channel).at(-1);
    if (newest) this.#session.seen.set(this.#channel, newest.id);
  }

  #changed({ session, channel, record }) {
    if (session !== this.#session) return;
    if (channel && channel !== this.#channel) return;
    if (record && record.channel !== this.#channel) return;
    if (!channel && !record) {
      // Names, roles or commands changed: everything is drawn anew.
      for (const entry of this.#nodes.values()) entry.message = null;
      this.#nodes.delete("welcome");
    }
    cancelAnimationFrame(this.#frame);
    // Hidden pages get no frames; a timer serves both.
    if (document.hidden) setTimeout(() => this.#draw());
    else this.#frame = requestAnimationFrame(() => this.#draw());
  }

  #draw() {
    const channel = this.#session.channels.get(this.#channel);
    if (!channel) return;
    const anchor = this.#stick ? null : this.#anchor();
    const timeline = this.#session.timeline(this.#channel);
    const messages = this.#session.sorted(this.#channel);
    const wanted = [];
    if (timeline.complete) wanted.push(this.#once("welcome", () => welcome(this.#session, channel)));
    else wanted.push(this.#once(timeline.loaded ? "older" : "loading", () => h("div.loading", { role: "status" }, h("span.dots", h("i"), h("i"), h("i")), "Loading messages")));
    let previous = null;
    for (const message of messages) {
      const day = new Date(message.timestamp).toDateString();
      const newDay = !previous || new Date(previous.timestamp).toDateString() !== day;
      const isNew = this.#divider && message.author.id !== this.#session.id && bySnowflake(message.id, this.#divider) > 0 && (!previous || bySnowflake(previous.id, this.#divider) <= 0);
      if (newDay || isNew) wanted.push(this.#once(`day-${day}-${Boolean(isNew)}`, () => dayLine(message.timestamp, newDay, isNew)));
      wanted.push(this.#message(message, newDay || isNew ? null : previous));
      previous = message;
    }
    for (const record of this.#session.waiting.values()) {
      if (record.channel === this.#channel && record.kind !== "press" && !record.message) wanted.push(echo(this.#session, record));
    }
    this.#place(wanted);
    const keep = new Set(messages.map((message) => message.id));
    for (const id of this.#nodes.keys()) if (!keep.has(id) && /^\d+$/.test(id)) this.#nodes.delete(id);
    if (this.#stick) this.toEnd();
    else if (anchor?.node.isConnected) this.#scroller.scrollTop += anchor.node.getBoundingClientRect().top - anchor.top;
  }

  #once(key, make) {
    if (!this.#nodes.has(key)) this.#nodes.set(key, { node: make() });
    return this.#nodes.get(key).node;
  }

  #message(message, previous) {
    const waiting = this.#session.waitingOn(message.id).map((record) => `${record.customId}${record.state}`).join();
    const old = this.#nodes.get(message.id);
    const grouped = continues(previous, message);
    const mark = `${grouped}|${waiting}|${JSON.stringify(message.reactions ?? [])}`;
    if (old && old.message === message && old.mark === mark) return old.node;
    const node = messageNode(this.#session, message, previous);
    if (old) hand(old.node, node);
    this.#nodes.set(message.id, { node, message, mark });
    return node;
  }

  /** Puts nodes in order, touching only those that moved. */
  #place(wanted) {
    const keep = new Set(wanted);
    for (const child of [...this.#list.children]) if (!keep.has(child)) child.remove();
    let cursor = this.#list.firstChild;
    for (const node of wanted) {
      if (node === cursor) cursor = cursor.nextSibling;
      else this.#list.insertBefore(node, cursor);
    }
  }

  /** The button that leads to the newest message says how many have come since. */
  #count() {
    const count = this.#session?.unread.get(this.#channel)?.count ?? 0;
    this.#jump.textContent = count === 0 ? "Jump to the newest" : `${count} new ${count === 1 ? "message" : "messages"}`;
  }

  #anchor() {
    const top = this.#scroller.getBoundingClientRect().top;
    const node = [...this.#list.children].find((child) => child.getBoundingClientRect().bottom > top + 4);
    if (!node) return null;
    // The node itself may be replaced by the drawing, so its successor is looked up again by id.
    const id = node.id;
    return { get node() { return (id && document.getElementById(id)) || node; }, top: node.getBoundingClientRect().top };
  }

  #scrolled() {
    const { scrollTop, scrollHeight, clientHeight } = this.#scroller;
    this.#stick = scrollHeight - scrollTop - clientHeight < NEAR_END;
    this.#jump.hidden = scrollHeight - scrollTop - clientHeight < clientHeight / 2;
    if (this.#stick) this.#seen();
    const timeline = this.#session?.timeline(this.#channel);
    if (scrollTop < NEAR_START && timeline?.loaded && !timeline.complete && !timeline.busy) void app.attempt(() => this.#session.load(this.#channel, true));
  }

  #seen() {
    if (this.#stick && !document.hidden && this.#session && this.#channel) this.#session.read(this.#channel);
  }

  async #jumpTo(id) {
    for (let page = 0; page < 20 && !this.#session.message(this.#channel, id); page += 1) {
      if (!(await app.attempt(() => this.#session.load(this.#channel, true)))) break;
    }
    this.#draw();
    const node = document.querySelector(`#message-${CSS.escape(id)}`);
    if (!node) return app.say("That message is not in this channel any more.");
    this.#stick = false;
    node.scrollIntoView({ block: "center" });
    node.classList.add("flash");
    setTimeout(() => node.classList.remove("flash"), 1600);
    return node.focus({ preventScroll: true });
  }

  #walk(event) {
    if (event.key !== "ArrowUp" && event.key !== "ArrowDown") return;
    const from = document.activeElement.closest?.(".message");
    if (document.activeElement !== from && document.activeElement !== this.#scroller) return;
    const all = [...this.#list.querySelectorAll(".message")];
    const at = from ? all.indexOf(from) + (event.key === "ArrowDown" ? 1 : -1) : all.length - 1;
    if (!all[at]) return;
    event.preventDefault();
    all[at].focus({ preventScroll: true });
    all[at].scrollIntoView({ block: "nearest" });
  }
}

/** What a redrawn message keeps of its old self: loaded pictures, the focus, shown spoilers. */
function hand(before, after) {
  carryPictures(before, after);
  const spoilers = [...before.querySelectorAll(".spoiler")].map((one) => one.classList.contains("shown"));
  [...after.querySelectorAll(".spoiler")].forEach((one, index) => spoilers[index] && one.classList.add("shown"));
  const focused = before.contains(document.activeElement) ? document.activeElement : null;
  if (!focused) return;
  const key = focused.dataset.focus;
  queueMicrotask(() => focusWithin(after, key));
}

function dayLine(timestamp, newDay, isNew) {
  const text = newDay ? new Intl.DateTimeFormat("en-GB", { dateStyle: "long" }).format(new Date(timestamp)) : "";
  return h("div.day", { class: isNew ? "new" : "", role: "separator", aria: { label: [text, isNew && "new messages"].filter(Boolean).join(", ") } }, text && h("span", text), isNew && h("span.new-tag", "NEW"));
}

function welcome(session, channel) {
  const name = session.channelName(channel);
  if (!channel.guild_id) {
    const other = channel.recipients?.find((user) => user.id !== session.id);
    return h("div.welcome", other && avatar(session, other, "large"), h("h2", name), h("p", `This is the beginning of your direct messages with ${name}.`));
  }
  const posts = channel.type === 15 ? [...session.channels.values()].filter((one) => one.parent_id === channel.id).sort((a, b) => bySnowflake(b.id, a.id)) : [];
  const offered = channel.type === 0 ? session.offered(1, channel).filter((command) => !command.default_member_permissions).slice(0, 4) : [];
  const paths = flatten(offered).map((entry) => entry.path).filter((path) => !path.includes(" "));
  return h("div.welcome", h("span.welcome-icon", icon(channelIcon(channel))), h("h2", THREADS.has(channel.type) ? name : `Welcome to #${name}`), h("p", channel.topic || `This is the beginning of ${address(session, channel)}.`),
    posts.length > 0 && h("div.posts", posts.map((post) => h("button.button.secondary", { type: "button", dataset: { focus: post.id }, onclick: () => app.open(post.id) }, icon("thread"), h("span", session.channelName(post))))),
    paths.length > 0 && h("p.welcome-commands", "Type / to see what the bot can do, or begin with ", paths.map((path) => h("button.mention", { type: "button", onclick: () => app.ask("command", { path }) }, `/${path}`))));
}

/** A command that is on its way, or that nobody answered. */
function echo(session, record) {
  const failed = record.state === "failed";
  const bot = session.users.get(session.bot.user_id) ?? [...session.users.values()].find((user) => user.bot) ?? { id: "0", username: "App", bot: true };
  const line = failed
    ? h("div.press-failed", { role: "alert" }, icon("warning"), record.reason || NO_ANSWER,
      h("button.link", { type: "button", onclick: () => session.settle(record.nonce, { state: "dismissed" }) }, "Dismiss"))
    : h("div.thinking", { role: "status" }, h("span.dots", h("i"), h("i"), h("i")), "Sending command…");
  const node = h("article.message.echo", { dataset: { nonce: record.nonce } },
    h("div.preface", h("span.hook"), avatar(session, session.me, "micro"), h("span.preface-name", session.nameOf(session.me)), " used ", h("span.mention", record.label ?? "a command")),
    h("div.gutter", h("span.face", avatar(session, bot))),
    h("div.body", h("header.message-head", h("span.author", session.nameOf(bot)), h("span.tag", "APP")), line));
  return node;
}
