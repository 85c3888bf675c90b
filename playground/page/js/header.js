// The line above the messages: where we are, whether the bot is there, and the doors to the panels.

import { api } from "./api.js";
import { app } from "./app.js";
import { h, refill } from "./dom.js";
import { icon } from "./icons.js";
import { address, avatar, channelIcon } from "./names.js";

export class Header {
  #head = document.querySelector("#chat-head");
  #line = document.querySelector("#line");
  #typing = document.querySelector("#typing");
  #restarting = null; // "asked" until the bot has gone, then "gone" until it is back

  constructor(panel) {
    this.panel = panel;
    for (const name of ["presence", "state", "refusals", "channels"]) app.people.addEventListener(name, ({ detail }) => detail.session === app.session && this.draw());
    app.people.addEventListener("line", () => this.#drawLine());
    app.people.addEventListener("typing", () => this.#drawTyping());
    app.people.addEventListener("switch", () => this.#drawLine());
    app.addEventListener("panel", () => this.draw());
    app.addEventListener("open", () => {
      this.draw();
      this.#drawTyping();
    });
    setInterval(() => this.#drawTyping(), 1500);
  }

  draw() {
    const { session, channel } = app;
    if (!channel) return;
    const other = !channel.guild_id && channel.recipients?.find((user) => user.id !== session.id);
    const refused = session.refusals.length;
    const door = (name, label, badge, tone) => h("button.icon-button.door", { type: "button", title: label, class: [this.panel.shown === name && "current", tone].filter(Boolean).join(" "), dataset: { panel: name, focus: name },
      aria: { label: badge ? `${label}, ${badge}` : label, pressed: String(this.panel.shown === name) }, onclick: () => this.panel.toggle(name) }, icon({ members: "people", refused: "shield", faults: "bolt" }[name]), badge > 0 && h("span.badge", String(badge)));
    refill(this.#head,
      h("button.icon-button.drawer", { type: "button", title: "Channels", dataset: { focus: "drawer" }, aria: { label: "Channels and people" }, onclick: () => document.body.classList.toggle("drawer-open") }, icon("menu")),
      h("div.where", other ? avatar(session, other, "small") : icon(channelIcon(channel)), h("h2", session.channelName(channel)), channel.topic && h("p.topic", { title: channel.topic }, channel.topic)),
      this.#bot(session),
      door("refused", "Discord would have refused this", refused, refused ? "alarmed" : ""), door("faults", "Faults", 0), door("members", "People", 0));
    document.title = `${address(session, channel)} · ${session.guilds[0]?.name ?? "Playground"} playground`;
  }

  #bot(session) {
    const { online, restartable, pid } = session.bot;
    if (this.#restarting && !online) this.#restarting = "gone";
    else if (this.#restarting === "gone") this.#restarting = null;
    const text = this.#restarting ? "Bot restarting" : online ? "Bot online" : "Bot offline";
    return h("div.bot-state", { class: online ? "online" : "offline", role: "status", title: pid ? `process ${pid}` : "" }, h("span.lamp"), h("span.bot-text", text),
      restartable && h("button.icon-button.restart", { type: "button", title: "Kill the bot and start it again", dataset: { focus: "restart" },
        aria: { label: "Kill the bot and start it again", disabled: this.#restarting || null }, onclick: () => this.#restarting || this.#restart() }, icon("restart")));
  }

  async #restart() {
    this.#restarting = "asked";
    this.draw();
    const answer = await app.attempt(async () => (await api.restart(), true));
    if (answer) app.say("The bot was killed and starts again. Waiting work goes on where it was.");
    else this.#restarting = null;
    setTimeout(() => {
      this.#restarting = null;
      this.draw();
    }, 20000);
  }

  #drawLine() {
    const { connected } = app.session;
    clearTimeout(this.lineTimer);
    // A short hiccup is not worth a word.
    if (connected) this.#line.hidden = true;
    else {
      this.lineTimer = setTimeout(() => {
        if (app.session.connected) return;
        this.#line.hidden = false;
        this.#line.textContent = "The playground does not answer. Trying again…";
      }, 700);
    }
  }

  #drawTyping() {
    const { session } = app;
    const now = Date.now();
    const names = [...(session.typing.get(app.channelId) ?? [])].filter(([, until]) => until > now).map(([id]) => session.nameOf(session.user(id) ?? { id }));
    const text = names.length === 0 ? "" : names.length === 1 ? `${names[0]} is typing` : names.length < 4 ? `${names.slice(0, -1).join(", ")} and ${names.at(-1)} are typing` : "Several people are typing";
    if (this.#typing.dataset.text === text) return;
    this.#typing.dataset.text = text;
    refill(this.#typing, text && h("span.dots", h("i"), h("i"), h("i")), text);
  }
}
