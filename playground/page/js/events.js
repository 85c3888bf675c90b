// What each live event changes in a session. Knows the events' shapes, and no elements.

const EVENTS = {
  MESSAGE_CREATE(session, message, say) {
    const timeline = session.timeline(message.channel_id);
    if (timeline.loaded || timeline.busy) timeline.messages.set(message.id, message);
    session.typing.get(message.channel_id)?.delete(message.author.id);
    for (const record of session.waiting.values()) {
      if (record.interaction && record.interaction === message.interaction_metadata?.id) session.settle(record.nonce, { state: "done" });
    }
    if (message.author.id !== session.id) {
      const known = session.unread.get(message.channel_id) ?? { count: 0, mentions: 0 };
      const mine = session.pinged(message) || !session.channels.get(message.channel_id)?.guild_id;
      session.unread.set(message.channel_id, { count: known.count + 1, mentions: known.mentions + (mine ? 1 : 0) });
      say("unread");
    }
    say("message", { channel: message.channel_id, id: message.id, created: true });
  },
  MESSAGE_UPDATE(session, message, say) {
    const timeline = session.timeline(message.channel_id);
    const old = timeline.messages.get(message.id);
    if (!old && !timeline.loaded) return;
    timeline.messages.set(message.id, { ...old, ...message });
    session.picks.delete(message.id);
    say("message", { channel: message.channel_id, id: message.id });
  },
  MESSAGE_DELETE(session, { id, channel_id: channel }, say) {
    session.timeline(channel).messages.delete(id);
    say("message", { channel, id });
  },
  MESSAGE_REACTION_ADD: (session, data, say) => react(session, data, 1, say),
  MESSAGE_REACTION_REMOVE: (session, data, say) => react(session, data, -1, say),
  INTERACTION_UPDATE(session, data, say) {
    if (data.type === 4 && data.state === "failed") say("choices", { nonce: data.nonce, choices: [], reason: data.reason });
    const record = session.waiting.get(data.nonce) ?? [...session.waiting.values()].find((one) => one.interaction === data.id);
    if (!record) return;
    record.interaction = data.id;
    session.settle(record.nonce, { state: data.state, reason: data.reason });
    if (data.modal) say("modal", { ...data.modal, interaction_id: data.id, channel_id: data.channel_id });
  },
  AUTOCOMPLETE_RESULT: (session, data, say) => say("choices", data),
  COMMANDS_UPDATE(session, data, say) {
    const commands = Array.isArray(data) ? data : data?.commands;
    if (commands) session.commands = commands;
    else void session.refresh();
    say("state");
  },
  CHANNEL_CREATE: channelChanged,
  CHANNEL_UPDATE: channelChanged,
  CHANNEL_DELETE: channelGone,
  GUILD_ROLE_CREATE: rightsChanged,
  GUILD_ROLE_UPDATE: rightsChanged,
  GUILD_ROLE_DELETE: rightsChanged,
  TYPING_START(session, { channel_id: channel, user_id: user }, say) {
    if (user === session.id) return;
    if (!session.typing.has(channel)) session.typing.set(channel, new Map());
    session.typing.get(channel).set(user, Date.now() + 9000);
    say("typing", { channel });
  },
  PRESENCE(session, data, say) {
    session.bot = { ...session.bot, ...data, online: data.bot_online };
    say("presence");
  },
  REFUSAL(session, refusal, say) {
    if (session.refusals.some((known) => known.id === refusal.id)) return;
    session.refusals.push(refusal);
    say("refusals", { refusal });
  },
  GUILD_MEMBER_UPDATE: memberChanged,
  MEMBER_UPDATE: memberChanged,
  USER_UPDATE(session, user, say) {
    session.users.set(user.id, { ...session.users.get(user.id), ...user });
    say("state");
  },
};

function memberChanged(session, { user, user_id: id = user?.id, roles }, say) {
  const member = session.members.get(id);
  if (member) member.roles = roles;
  // Other roles mean other rights: which channels and commands there are.
  if (id === session.id) rightsChanged(session);
  say("state");
}

function rightsChanged(session) {
  void session.refresh();
}

function channelGone(session, { id }, say) {
  session.channels.delete(id);
  rightsChanged(session);
  say("channels");
}

function channelChanged(session, channel, say) {
  const known = session.channels.get(channel.id);
  session.channels.set(channel.id, { ...known, ...channel, guild_id: channel.guild_id ?? known?.guild_id ?? (channel.type === 1 ? undefined : session.guilds[0]?.id) });
  // What a channel lets people do goes for its threads as well.
  if (channel.permissions !== known?.permissions) rightsChanged(session);
  say("channels");
}

function react(session, { channel_id: channel, message_id: id, user_id: user, emoji }, change, say) {
  const message = session.message(channel, id);
  if (!message) return;
  const reactions = (message.reactions ?? []).map((one) => ({ ...one }));
  const same = (one) => (emoji.id ? one.emoji.id === emoji.id : one.emoji.name === emoji.name && !one.emoji.id);
  let entry = reactions.find(same);
  if (!entry) reactions.push((entry = { emoji, count: 0, me: false }));
  if (user === session.id && entry.me === change > 0) return;
  entry.count += change;
  if (user === session.id) entry.me = change > 0;
  message.reactions = reactions.filter((one) => one.count > 0);
  say("message", { channel, id });
}

/** Applies one event; `say(name, detail)` tells the views. Unknown events are for newer pages. */
export function receive(session, type, data, say) {
  EVENTS[type]?.(session, data, say);
}
