// Who is acting: one session per person, all listening at once, so that each identity keeps its own unread marks.

import { api } from "./api.js";
import { Session } from "./session.js";

const KEY = "playground.identity";

export class People extends EventTarget {
  constructor() {
    super();
    this.sessions = new Map();
    this.current = null;
  }

  /** Opens the remembered identity first, the others behind it. */
  async open() {
    let remembered = localStorage.getItem(KEY);
    const first = await api.state(remembered).catch(() => api.state());
    remembered = first.me.bot ? first.users.find((user) => !user.bot).id : first.me.id;
    this.current = this.#session(remembered);
    await this.current.open();
    for (const user of first.users.filter((one) => !one.bot && one.id !== remembered)) {
      void this.#session(user.id).open().then(() => this.dispatchEvent(new Event("list")), () => {});
    }
    this.dispatchEvent(new Event("list"));
  }

  /** Persons in the order of the world's user list. */
  list() {
    return [...this.current.users.values()].filter((user) => !user.bot);
  }

  switchTo(id) {
    if (!this.sessions.has(id) || id === this.current.id) return;
    this.current = this.sessions.get(id);
    localStorage.setItem(KEY, id);
    this.dispatchEvent(new Event("switch"));
  }

  /** {count, mentions} over all channels of a person. */
  unread(id) {
    let count = 0;
    let mentions = 0;
    for (const one of this.sessions.get(id)?.unread.values() ?? []) {
      count += one.count;
      mentions += one.mentions;
    }
    return { count, mentions };
  }

  #session(id) {
    const session = new Session(id);
    this.sessions.set(id, session);
    for (const name of ["state", "channels", "timeline", "message", "typing", "interaction", "modal", "choices", "refusals", "presence", "line", "unread", "resync", "stranger"]) {
      session.addEventListener(name, (event) => {
        this.dispatchEvent(new CustomEvent(name, { detail: { session, ...event.detail } }));
      });
    }
    return session;
  }
}
