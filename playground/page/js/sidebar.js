// The rail of places and the list of channels, threads and direct messages, with unread marks.

import { app } from "./app.js";
import { bySnowflake, h, refill } from "./dom.js";
import { icon, mark } from "./icons.js";
import { avatar, channelIcon } from "./names.js";
import { THREADS } from "./session.js";
import { openDm } from "./usermenu.js";

const VIEW_CHANNEL = 1n << 10n;

export class Sidebar {
  #rail = document.querySelector("#rail");
  #head = document.querySelector("#side-head");
  #list = document.querySelector("#channels");
  #place = "guild"; // or "dms"

  constructor() {
    for (const name of ["channels", "state", "unread", "presence"]) app.people.addEventListener(name, ({ detail }) => detail.session === app.session && this.draw());
    app.people.addEventListener("switch", () => this.draw());
    app.addEventListener("open", () => {
      this.#place = app.channel?.guild_id ? "guild" : "dms";
      this.draw();
    });
    this.#list.addEventListener("keydown", (event) => {
      if (event.key !== "ArrowDown" && event.key !== "ArrowUp") return;
      const rows = [...this.#list.querySelectorAll("button")];
      const next = rows[rows.indexOf(document.activeElement) + (event.key === "ArrowDown" ? 1 : -1)];
      if (next) {
        event.preventDefault();
        next.focus();
      }
    });
  }

  draw() {
    const { session } = app;
    const guild = session.guilds[0];
    const dms = [...session.channels.values()].filter((channel) => !channel.guild_id);
    const waiting = dms.reduce((sum, channel) => sum + (session.unread.get(channel.id)?.count ?? 0), 0);
    const guildWaiting = [...session.unread.keys()].some((id) => session.channels.get(id)?.guild_id);
    refill(this.#rail,
      this.#tile("guild", guild?.name ?? "Server", mark(), guildWaiting && this.#place !== "guild" ? "" : null, () => this.#enter("guild")),
      this.#tile("dms", "Direct messages", icon("at"), waiting || null, () => this.#enter("dms")));
    refill(this.#head, h("h1", this.#place === "guild" ? guild?.name ?? "Server" : "Direct messages"), h("button.icon-button.find", { type: "button", title: "Find (Ctrl+K)", dataset: { focus: "find" }, aria: { label: "Find a channel, person or command" }, onclick: () => app.ask("palette") }, icon("search")));
    refill(this.#list, this.#place === "guild" ? this.#channels(session, guild) : this.#dms(session, dms));
  }

  #tile(place, label, face, badge, onclick) {
    return h("button.rail-tile", { type: "button", title: label, dataset: { focus: place }, class: this.#place === place ? "current" : "", aria: { label, current: this.#place === place ? "true" : null }, onclick },
      face, badge !== null && badge !== false && h("span.badge", { class: badge === "" ? "dot" : "" }, String(badge)));
  }

  #enter(place) {
    this.#place = place;
    const { session } = app;
    const fits = (channel) => Boolean(channel.guild_id) === (place === "guild");
    if (app.channel && fits(app.channel)) return this.draw();
    const last = [...session.channels.values()].filter(fits);
    const first = place === "guild" ? visible(session)[0] : last.sort((a, b) => bySnowflake(b.last_message_id ?? b.id, a.last_message_id ?? a.id))[0];
    if (first) return app.open(first.id);
    const bot = [...session.users.values()].find((user) => user.bot);
    return bot ? openDm(session, bot.id) : this.draw();
  }

  #channels(session, guild) {
    const all = visible(session);
    const roots = all.filter((channel) => !THREADS.has(channel.type) && channel.type !== 4);
    const categories = [{ id: null }, ...all.filter((channel) => channel.type === 4)];
    return categories.map((category) => {
      const inside = roots.filter((channel) => (channel.parent_id ?? null) === category.id);
      return [category.id && inside.length > 0 && h("h2.category", category.name), inside.map((channel) => [
        this.#row(session, channel),
        all.filter((one) => one.parent_id === channel.id && THREADS.has(one.type) && !one.thread_metadata?.archived).map((thread) => this.#row(session, thread, "thread")),
      ])];
    }).concat(guild ? [] : h("p.hint", "No server here."));
  }

  #dms(session, dms) {
    const bots = [...session.users.values()].filter((user) => user.id !== session.id && !dms.some((dm) => dm.recipients?.some((one) => one.id === user.id)));
    return [
      dms.sort((a, b) => bySnowflake(b.last_message_id ?? b.id, a.last_message_id ?? a.id)).map((channel) => this.#row(session, channel, "dm")),
      bots.length > 0 && h("h2.category", "Start a conversation"),
      bots.map((user) => h("button.channel.dm", { type: "button", dataset: { focus: `new-${user.id}` }, onclick: () => openDm(session, user.id) }, avatar(session, user, "small"), h("span.channel-name", session.nameOf(user)))),
    ];
  }

  #row(session, channel, kind = "") {
    const unread = session.unread.get(channel.id);
    const current = channel.id === app.channelId;
    const other = !channel.guild_id && channel.recipients?.find((user) => user.id !== session.id);
    const name = session.channelName(channel);
    return h("button.channel", { type: "button", dataset: { focus: channel.id, channel: name }, class: [kind, current && "current", unread && "unread"].filter(Boolean).join(" "),
      title: channel.topic ?? "", aria: { current: current ? "page" : null, label: `${name}${channel.nsfw ? ", age-restricted" : ""}${unread ? `, ${unread.count} unread` : ""}` }, onclick: () => app.open(channel.id) },
    other ? avatar(session, other, "small") : icon(channelIcon(channel)), h("span.channel-name", name), channel.nsfw && h("span.nsfw", { title: "Age-restricted" }, "18+"),
    unread && (unread.mentions > 0 ? h("span.badge", String(unread.mentions)) : h("span.badge.dot")));
  }
}

/** The guild's channels that this person may see, in the server's order. */
export function visible(session) {
  return [...session.channels.values()].filter((channel) => channel.guild_id && session.may(VIEW_CHANNEL, channel))
    .sort((a, b) => (a.position ?? 0) - (b.position ?? 0) || bySnowflake(a.id, b.id));
}
