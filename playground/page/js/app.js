// What every view shares: the people, the acting one, the open channel. Views listen to `app` and to `app.people`.

import { bytes, h } from "./dom.js";

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
    // Shown anew, it lies above a form that has been opened meanwhile.
    this.#status.hidePopover();
    this.#status.showPopover();
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

  /** Those of `files` that Discord takes; says which are too large. */
  fitting(files) {
    const most = this.session.fileLimit;
    for (const file of files) if (file.size > most) this.say(`${file.name} has ${bytes(file.size)}; a file may have ${bytes(most)}.`, "error");
    return files.filter((file) => file.size <= most);
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
