// What one identity sees: people, channels, messages, what it pressed and awaits. Fed by the socket; knows no elements.

import { api } from "./api.js";
import { bySnowflake } from "./dom.js";
import { receive } from "./events.js";
import { Socket } from "./socket.js";

export const EPHEMERAL = 64;
export const LOADING = 128;
export const NO_ANSWER = "The application did not respond";
const LOOPBACK = new Set(["127.0.0.1", "localhost", "[::1]", "0.0.0.0"]);
const ADMINISTRATOR = 1n << 3n;
const SEND_MESSAGES = 1n << 11n;
const USE_APPLICATION_COMMANDS = 1n << 31n;
const SEND_MESSAGES_IN_THREADS = 1n << 38n;
export const THREADS = new Set([10, 11, 12]);

/**
 * Events (CustomEvent, detail in brackets): "state", "channels", "timeline" {channel}, "message" {channel, id},
 * "typing" {channel}, "interaction" {record}, "modal", "choices", "refusals", "presence", "line", "resync", "stranger", "unread".
 */
export class Session extends EventTarget {
  constructor(id) {
    super();
    this.id = id;
    this.users = new Map();
    this.guilds = [];
    this.channels = new Map();
    this.members = new Map();
    this.roles = new Map();
    this.commands = [];
    this.emojis = [];
    this.refusals = [];
    this.bot = { online: false };
    this.timelines = new Map();
    this.typing = new Map();
    this.waiting = new Map(); // nonce -> {nonce, kind, channel, message, customId, label, state, reason}
    this.picks = new Map(); // message id -> {custom_id: values} until the message is edited
    this.unread = new Map();
    this.seen = new Map(); // channel id -> newest message id when the person last looked
    this.connected = false;
    this.stale = 0; // how often "refresh" was asked since the last one ended
  }

  async open() {
    // Listen first, then read: what happens in between is seen twice instead of never.
    await new Promise((resolve) => {
      this.socket = new Socket(this.id, (type, data) => this.#receive(type, data), (open, again) => {
        this.#line(open, again);
        resolve();
      }, () => void this.#refused());
    });
    await this.reload();
  }

  async reload() {
    // What is under way to the playground now may not be in its state yet: the answer will tell of it.
    const sent = [...this.waiting.values()].filter((record) => record.interaction);
    const state = await api.state(this.id);
    this.me = state.me;
    this.users = new Map(state.users.map((user) => [user.id, user]));
    this.guilds = state.guilds;
    this.dms = state.dms ?? [];
    this.commands = state.commands ?? [];
    this.emojis = state.emojis ?? [];
    this.refusals = state.refusals ?? [];
    this.fileLimit = state.attachment_size_limit;
    this.bot = { ...state.bot, user_id: state.application?.bot_id ?? state.bot?.user_id };
    this.channels.clear();
    this.members.clear();
    this.roles.clear();
    for (const guild of this.guilds) {
      for (const channel of guild.channels) this.channels.set(channel.id, { ...channel, guild_id: guild.id });
      for (const member of guild.members ?? []) this.members.set(member.user_id ?? member.user.id, member);
      for (const role of guild.roles ?? []) this.roles.set(role.id, role);
    }
    for (const dm of this.dms) this.channels.set(dm.id, dm);
    const known = new Set(state.interactions.map((one) => one.id));
    for (const one of state.interactions) this.#receive("INTERACTION_UPDATE", one);
    for (const { nonce, interaction } of sent) if (!known.has(interaction)) this.settle(nonce, { state: "failed", reason: NO_ANSWER });
    this.#say("state");
    this.#say("channels");
    this.#say("refusals");
    this.#say("presence");
  }

  /** Reads everything again, and once more when asked meanwhile: an answer under way may be older than what is told now. */
  async refresh() {
    this.stale += 1;
    if (this.stale > 1) return;
    for (let known = 0; known !== this.stale;) {
      known = this.stale;
      await this.reload().catch(() => {}); // a playground that is away is read when the line is back
    }
    this.stale = 0;
  }

  // ---- questions

  user(id) {
    return this.users.get(id);
  }

  nameOf(user) {
    const known = this.users.get(user?.id) ?? user;
    const nick = this.members.get(known?.id)?.nick;
    return nick || known?.global_name || known?.username || "Someone";
  }

  colourOf(id) {
    const roles = (this.members.get(id)?.roles ?? []).map((role) => this.roles.get(role)).filter((role) => role?.color);
    roles.sort((a, b) => b.position - a.position);
    return roles[0] ? `#${roles[0].color.toString(16).padStart(6, "0")}` : null;
  }

  channelName(channel) {
    if (channel.name) return channel.name;
    const others = (channel.recipients ?? []).filter((user) => user.id !== this.id);
    return others.map((user) => this.nameOf(user)).join(", ") || "Direct message";
  }

  /** Does this person hold all of `bits` in `channel`? */
  may(bits, channel) {
    const permissions = BigInt(channel?.permissions ?? 0);
    return (permissions & ADMINISTRATOR) !== 0n || (permissions & bits) === bits;
  }

  mayWrite(channel) {
    return this.may(THREADS.has(channel.type) ? SEND_MESSAGES_IN_THREADS : SEND_MESSAGES, channel);
  }

  /** Commands of `type` (1 slash, 2 user, 3 message) that this person would be offered in `channel`. */
  offered(type, channel) {
    if (!channel) return [];
    const guild = Boolean(channel.guild_id);
    if (guild && !this.may(USE_APPLICATION_COMMANDS, channel)) return [];
    const adult = (THREADS.has(channel.type) ? this.channels.get(channel.parent_id) : channel)?.nsfw;
    return this.commands.filter((command) => {
      if ((command.type ?? 1) !== type) return false;
      if (command.contexts?.length && !command.contexts.includes(guild ? 0 : 1)) return false;
      if (!guild) return command.dm_permission !== false;
      if (command.nsfw && !adult) return false;
      const needed = command.default_member_permissions;
      if (needed === null || needed === undefined) return true;
      return this.may(BigInt(needed) || ADMINISTRATOR, channel);
    });
  }

  asset(url) {
    if (!url) return null;
    // The playground signs its addresses with the host it listens on; this page may have come through another name.
    try {
      const address = new URL(url);
      return LOOPBACK.has(address.hostname) ? address.pathname + address.search : url;
    } catch {
      return url;
    }
  }

  /** Does this message call the person by name? Only what its sender allowed to ping counts. */
  pinged(message) {
    const { users = [], roles = [], everyone = false } = message.pings ?? {};
    const held = this.members.get(this.id)?.roles ?? [];
    return everyone || users.includes(this.id) || roles.some((role) => held.includes(role));
  }

  timeline(channel) {
    if (!this.timelines.has(channel)) this.timelines.set(channel, { messages: new Map(), complete: false, loaded: false, busy: null });
    return this.timelines.get(channel);
  }

  sorted(channel) {
    return [...this.timeline(channel).messages.values()].sort((a, b) => bySnowflake(a.id, b.id));
  }

  message(channel, id) {
    return this.timeline(channel).messages.get(id);
  }

  // ---- reading

  /** Loads the newest messages once, or 50 older ones; true when something new arrived. */
  async load(channel, older = false) {
    const timeline = this.timeline(channel);
    if (timeline.busy) return timeline.busy;
    if (older ? timeline.complete : timeline.loaded) return false;
    const before = older ? this.sorted(channel)[0]?.id : undefined;
    timeline.busy = (async () => {
      try {
        const messages = await api.messages(this.id, channel, before);
        if (!older) forgetGone(timeline.messages, messages);
        for (const message of messages) timeline.messages.set(message.id, message);
        timeline.loaded = true;
        if (messages.length < 50) timeline.complete = true;
        else if (!older) timeline.complete = false;
        this.#say("timeline", { channel, older });
        return messages.length > 0;
      } finally {
        timeline.busy = null;
      }
    })();
    return timeline.busy;
  }

  read(channel) {
    if (!this.unread.delete(channel)) return;
    this.#say("unread");
  }

  forgetRefusals() {
    this.refusals = [];
    this.#say("refusals");
  }

  // ---- waiting for answers

  /** Remember something sent to the bot until it is answered. */
  await(record) {
    this.waiting.set(record.nonce, { state: "pending", ...record });
    this.#say("interaction", { record: this.waiting.get(record.nonce) });
  }

  settle(nonce, change) {
    const record = this.waiting.get(nonce);
    if (!record) return;
    Object.assign(record, change);
    if (record.state === "done" || record.state === "acknowledged" || record.state === "dismissed") this.waiting.delete(nonce);
    this.#say("interaction", { record });
  }

  waitingOn(message) {
    return [...this.waiting.values()].filter((record) => record.message === message);
  }

  // ---- events

  #say(name, detail = {}) {
    this.dispatchEvent(new CustomEvent(name, { detail }));
  }

  #line(open, again) {
    this.connected = open;
    this.#say("line");
    if (open && again) void this.#resync();
  }

  /** A line that does not open: the playground is away, or another world has its address, in which nobody has this id. */
  async #refused() {
    const state = await api.state(this.id).catch(() => null);
    if (state && state.me.id !== this.id) this.#say("stranger");
  }

  async #resync() {
    try {
      await this.reload();
      for (const timeline of this.timelines.values()) timeline.loaded = false;
      this.#say("resync");
    } catch {
      // The socket falls again when the playground is really gone; its next opening re-reads.
    }
  }

  #receive(type, data) {
    receive(this, type, data, (name, detail) => this.#say(name, detail));
  }
}

/** After a lost line: what the newest page no longer has is gone, and a gap drops what lies before it. */
function forgetGone(known, page) {
  if (!known.size || !page.length) return known.clear();
  const fresh = new Set(page.map((message) => message.id));
  const oldest = page.map((message) => message.id).sort(bySnowflake)[0];
  const joined = [...known.keys()].some((id) => fresh.has(id));
  for (const id of known.keys()) {
    if (!joined || (bySnowflake(id, oldest) >= 0 && !fresh.has(id))) known.delete(id);
  }
}
