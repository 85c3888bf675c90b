// One identity's live events. Reconnects by itself, with growing pauses, and says when it is back so that its owner re-reads.

export class Socket {
  #as;
  #onEvent;
  #onState;
  #onRefused;
  #socket = null;
  #attempt = 0;
  #closed = false;
  #timer = 0;

  /** `onEvent(type, data)` per event; `onState(open, again)` when the line opens or falls; `onRefused()` when it did not open. */
  constructor(as, onEvent, onState, onRefused) {
    this.#as = as;
    this.#onEvent = onEvent;
    this.#onState = onState;
    this.#onRefused = onRefused;
    this.#open();
    // A laptop that wakes up should not wait for the pause to end.
    window.addEventListener("online", () => this.#hurry());
    document.addEventListener("visibilitychange", () => document.hidden || this.#hurry());
  }

  close() {
    this.#closed = true;
    clearTimeout(this.#timer);
    this.#socket?.close();
  }

  #hurry() {
    if (this.#closed || this.#socket) return;
    clearTimeout(this.#timer);
    this.#open();
  }

  #open() {
    const scheme = location.protocol === "https:" ? "wss" : "ws";
    const socket = new WebSocket(`${scheme}://${location.host}/page/socket?as=${encodeURIComponent(this.#as)}`);
    this.#socket = socket;
    let opened = false;
    socket.addEventListener("open", () => {
      opened = true;
      const again = this.#attempt > 0;
      this.#attempt = 0;
      this.#onState(true, again);
    });
    socket.addEventListener("message", ({ data }) => {
      const { t, d } = JSON.parse(data);
      this.#onEvent(t, d);
    });
    socket.addEventListener("close", () => {
      this.#socket = null;
      if (this.#closed) return;
      this.#onState(false, true);
      if (!opened) this.#onRefused();
      this.#attempt += 1;
      this.#timer = setTimeout(() => this.#open(), Math.min(5000, 250 * 2 ** Math.min(this.#attempt, 6)));
    });
  }
}
