// What every view shares: the people, the acting one, the open channel. Views listen to `app` and to `app.people`.

import { h } from "./dom.js";

class App extends EventTarget {
  people = null;
  channelId = null;
  #status = document.querySelector("#toasts");

  get session() {
    return this.people.current;
  }

  get channel() {
    return this.session.channels.get(this.channelId) ?? null;
  }

  /** Shows a channel of the acting person; others listen for "open". */
  open(channelId, { focus = true } = {}) {
    if (!this.session.channels.has(channelId)) return;
    this.channelId = channelId;
    localStorage.setItem("playground.channel", channelId);
    document.body.classList.remove("drawer-open");
    this.dispatchEvent(new CustomEvent("open", { detail: { focus } }));
  }

  /** Asks views to do something: "reply", "edit", "command", "jump", "panel". */
  ask(what, detail = {}) {
    this.dispatchEvent(new CustomEvent(what, { detail }));
  }

  /** A line at the bottom that goes away by itself. */
  say(text, kind = "plain") {
    const toast = h("div.toast", { class: kind }, text);
    this.#status.append(toast);
    setTimeout(() => toast.classList.add("leaving"), kind === "error" ? 6000 : 2600);
    setTimeout(() => toast.remove(), kind === "error" ? 6400 : 3000);
  }

  /** Runs something that may be refused; what the playground said is shown. */
  async attempt(work) {
    try {
      return await work();
    } catch (error) {
      this.say(error.message, "error");
      return undefined;
    }
  }

  async copy(text, what) {
    try {
      await navigator.clipboard.writeText(text);
      this.say(`${what} copied.`);
    } catch {
      this.say("The browser does not allow copying here.", "error");
    }
  }
}

export const app = new App();
