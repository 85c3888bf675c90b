// The right side: who is here, what Discord would have refused, and faults on demand.

import { api } from "./api.js";
import { app } from "./app.js";
import { focusOn, h, refill } from "./dom.js";
import { icon } from "./icons.js";
import { avatar } from "./names.js";
import { when } from "./time.js";
import { userMenu } from "./usermenu.js";

const TITLES = { members: "People", refused: "Discord would have refused this", faults: "Faults" };

export class Panel {
  shown = null;
  #narrow = matchMedia("(max-width: 1100px)");
  #box = document.querySelector("#panel");

  constructor() {
    const draw = ({ detail }) => detail.session === app.session && this.draw();
    app.people.addEventListener("presence", (event) => this.shown === "members" && draw(event));
    app.people.addEventListener("state", (event) => this.shown !== "faults" && draw(event));
    app.people.addEventListener("refusals", (event) => this.shown === "refused" && draw(event));
    app.people.addEventListener("switch", () => this.shown !== "faults" && this.draw());
    document.addEventListener("keydown", (event) => event.key === "Escape" && !event.defaultPrevented && this.#box.contains(document.activeElement) && this.toggle(this.shown));
    // In a narrow window the panel lies on the messages: it comes when asked for, and goes when they are pressed.
    document.querySelector("#chat").addEventListener("pointerdown", ({ target }) => this.#narrow.matches && this.shown && !target.closest(".door") && this.toggle(this.shown));
    this.#narrow.addEventListener("change", () => this.#fit());
    this.#fit();
  }

  #fit() {
    const remembered = localStorage.getItem("playground.panel") ?? "members";
    this.shown = !this.#narrow.matches && TITLES[remembered] ? remembered : null;
    this.draw();
    app.ask("panel");
  }

  toggle(name) {
    const inside = this.#box.contains(document.activeElement);
    this.shown = this.shown === name ? null : name;
    if (!this.#narrow.matches) localStorage.setItem("playground.panel", this.shown ?? "");
    this.draw();
    app.ask("panel");
    // What closes from within gives the focus to the door that opens it again.
    if (inside && !this.shown) focusOn(document.querySelector("#chat-head"), name);
  }

  draw() {
    this.#box.hidden = !this.shown;
    if (!this.shown) return;
    const title = TITLES[this.shown];
    this.#box.setAttribute("aria-label", title);
    this.#box.dataset.shown = this.shown;
    const scroll = this.#box.querySelector(".panel-body")?.scrollTop ?? 0;
    const body = h("div.panel-body");
    ({ members, refused, faults })[this.shown](body);
    refill(this.#box, h("header", h("h2", title), h("button.icon-button", { type: "button", title: "Close", dataset: { focus: "close" }, aria: { label: `Close ${title}` }, onclick: () => this.toggle(this.shown) }, icon("close"))), body);
    body.scrollTop = scroll;
  }
}

function members(body) {
  const { session } = app;
  const people = [...session.users.values()];
  const row = (user, dim) => h("button.person", { type: "button", class: dim ? "dim" : "", dataset: { focus: user.id }, onclick: (event) => userMenu(session, user.id, event), oncontextmenu: (event) => userMenu(session, user.id, event) },
    h("span.with-lamp", avatar(session, user, "medium"), h("span.lamp", { class: dim ? "" : "on" })), h("span.person-name", { vars: session.colourOf(user.id) ? { "--tint": session.colourOf(user.id) } : {}, class: session.colourOf(user.id) ? "tinted" : "" }, session.nameOf(user)), user.bot && h("span.tag", "APP"), user.id === session.id && h("small", "you"));
  const group = (title, users, dim = false) => users.length > 0 && [h("h3", `${title} — ${users.length}`), users.map((user) => row(user, dim))];
  const here = people.filter((user) => !user.bot);
  refill(body, group("People", here), group("Apps", people.filter((user) => user.bot), !session.bot.online), h("p.hint", "Press a name for what can be done with them. You can act as any of the people: bottom left."));
}

function refused(body) {
  const all = [...app.session.refusals].reverse();
  if (!all.length) {
    refill(body, h("div.nothing", icon("check"), h("p", "Nothing so far."), h("p.hint", "Requests of the bot that Discord itself would not have accepted are listed here, with Discord's own status and code.")));
    return;
  }
  const clear = h("button.button.secondary", { type: "button", dataset: { focus: "clear" }, onclick: () => app.attempt(async () => {
    await api.forgetRefusals();
    for (const session of app.people.sessions.values()) session.forgetRefusals();
  }) }, "Clear the list");
  refill(body, clear, all.map((one) => h("article.refusal", h("header", h("span.method", one.method), h("code", one.path), h("time", one.at ? when(typeof one.at === "number" ? new Date(one.at * 1000).toISOString() : one.at) : "")),
    h("p", h("strong", `${one.status}${one.code ? ` · ${one.code}` : ""}`), " ", one.message), one.detail && h("pre", typeof one.detail === "string" ? one.detail : JSON.stringify(one.detail, null, 2)))));
}

async function faults(body) {
  refill(body, h("p.hint", "Reading…"));
  let plan = await api.faults().catch(() => null);
  if (!plan) return void refill(body, h("p.hint", "This playground has no faults to offer."));
  const shows = [];
  let last = Promise.resolve();
  // One after the other, and only the last answer moves the sliders: a hand may be further on than an answer knows.
  const send = (change, said) => {
    const mine = last = last.then(async () => {
      plan = (await app.attempt(() => api.setFaults(change))) ?? plan;
      if (said) app.say(said);
      if (mine === last) for (const show of shows) show();
    });
  };
  const slider = (key, label, explain, most, step, unit) => {
    const words = h("output");
    const input = h("input", { type: "range", min: "0", max: String(most), step: String(step), dataset: { fault: key }, oninput: () => say(), onchange: () => send({ [key]: Number(input.value) }) });
    const say = () => (words.textContent = unit(Number(input.value)));
    shows.push(() => {
      input.value = String(plan[key] ?? 0);
      say();
    });
    return h("label.fault", h("span.fault-head", h("span", label), words), input, h("small", explain));
  };
  const act = (label, body, said, explain) => h("div.fault", h("button.button.secondary", { type: "button", onclick: () => send(body, said) }, label), h("small", explain));
  const percent = (value) => `${Math.round(value * 100)} %`;
  refill(body,
    h("p.hint", "What a bot must survive. It meets these as it would meet them on Discord."),
    act("Drop the connection", { drop_gateway: true }, "The gateway socket was dropped.", "The gateway socket falls; the bot should resume."),
    act("Invalid session", { invalid_session: true }, "The session was declared invalid.", "The bot must identify anew."),
    act("Rate limit the next 5", { rate_limit_next: 5 }, "The next five requests are answered with 429.", "The next five requests are told to wait."),
    slider("rest_failure_rate", "Failing requests", "This share of requests is answered with a 5xx.", 1, 0.05, percent),
    slider("lose_replies", "Lost answers", "The request is carried out but its answer never arrives.", 1, 0.05, percent),
    slider("slow", "Slow answers", "Every answer waits this long.", 5, 0.25, (value) => `${value} s`),
    h("button.button.primary", { type: "button", onclick: () => send({ clear: true }, "No faults any more.") }, "All well again"));
  for (const show of shows) show();
}
