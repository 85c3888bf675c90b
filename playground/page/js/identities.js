// "Act as": the people a person can be, one press each, each with their own unread marks.

import { app } from "./app.js";
import { focusOn, h, refill } from "./dom.js";
import { icon } from "./icons.js";
import { openMenu } from "./menu.js";
import { avatar } from "./names.js";
import { currentTheme, toggleTheme } from "./theme.js";

export class Identities {
  #box = document.querySelector("#identities");

  constructor() {
    for (const name of ["switch", "list", "unread", "state"]) app.people.addEventListener(name, () => this.draw());
    document.addEventListener("themechange", () => this.draw());
    document.addEventListener("keydown", (event) => {
      // Alt+Shift+1..9: plain Alt+digit belongs to the browser on some systems.
      const digit = /^Digit([1-9])$/.exec(event.code)?.[1];
      if (!digit || !event.altKey || !event.shiftKey) return;
      event.preventDefault();
      app.people.switchTo(app.people.list()[Number(digit) - 1]?.id);
    });
    this.draw();
  }

  draw() {
    const { session } = app;
    const people = app.people.list();
    const roles = (session.members.get(session.id)?.roles ?? []).map((id) => session.roles.get(id)?.name).filter((name) => name && name !== "@everyone");
    const owner = session.guilds[0]?.owner_id === session.id ? ["Owner"] : [];
    const dark = currentTheme() === "dark";
    refill(this.#box,
      h("div.identity-row", { role: "radiogroup", aria: { label: "Act as" }, onkeydown: (event) => this.#arrow(event, people) }, people.slice(0, 6).map((user, index) => this.#person(session, user, index)),
        people.length > 6 && h("button.identity.more", { type: "button", dataset: { focus: "more" }, aria: { label: "More people" }, onclick: (event) => openMenu(people.slice(6).map((user) => ({ label: session.nameOf(user), run: () => app.people.switchTo(user.id) })), event.currentTarget) }, icon("more"))),
      h("div.identity-card", avatar(session, session.me), h("div.identity-words", h("strong", session.nameOf(session.me)), h("small", [...owner, ...roles].join(" · ") || `@${session.me.username}`)),
        h("button.icon-button", { type: "button", title: dark ? "Light theme" : "Dark theme", dataset: { focus: "theme" }, aria: { label: dark ? "Use the light theme" : "Use the dark theme" }, onclick: toggleTheme }, icon(dark ? "sun" : "moon"))));
  }

  #person(session, user, index) {
    const current = user.id === session.id;
    const unread = app.people.unread(user.id);
    const name = session.nameOf(user);
    return h("button.identity", { type: "button", role: "radio", tabIndex: current ? 0 : -1, dataset: { focus: user.id, name }, class: current ? "current" : "",
      title: `Act as ${name} (Alt+Shift+${index + 1})`, aria: { checked: String(current), label: `${name}${unread.count ? `, ${unread.count} unread` : ""}` }, onclick: () => app.people.switchTo(user.id) },
    avatar(session, user), !current && unread.count > 0 && h("span.badge", { class: unread.mentions ? "" : "dot" }, unread.mentions ? String(unread.mentions) : ""));
  }

  #arrow(event, people) {
    const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
    if (!step) return;
    event.preventDefault();
    const at = people.findIndex((user) => user.id === app.session.id);
    const next = people[(at + step + people.length) % people.length];
    app.people.switchTo(next.id);
    focusOn(this.#box, next.id);
  }
}
