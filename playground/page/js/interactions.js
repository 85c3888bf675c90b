// Everything a person can start with the bot: commands, presses, choices, forms. One record each until the bot answers.

import { api } from "./api.js";
import { app } from "./app.js";
import { NO_ANSWER } from "./session.js";

let counter = 0;
export const nextNonce = () => `${Date.now()}${String(counter++ % 1000).padStart(3, "0")}`;


async function start(session, record, body, files) {
  const nonce = nextNonce();
  session.await({ nonce, ...record });
  try {
    const { interaction_id: interaction, state, reason } = await api.interact(session.id, { nonce, ...body }, files);
    const waiting = session.waiting.get(nonce);
    if (waiting) waiting.interaction = interaction;
    // "pending" says nothing new, and may be older than what the socket has told meanwhile.
    if (state !== "pending") session.settle(nonce, { state, reason });
    return interaction;
  } catch (error) {
    session.settle(nonce, { state: "failed", reason: error.status ? error.message : NO_ANSWER });
    return null;
  }
}

/** A slash command; `data` as Discord sends it (id, name, type, options). */
export function useCommand(session, channel, data, files, label) {
  return start(session, { kind: "command", channel: channel.id, label }, {
    type: 2, guild_id: channel.guild_id ?? null, channel_id: channel.id, data,
  }, files);
}

/** A user or message menu command on `target`. */
export function useMenuCommand(session, channel, command, target) {
  return start(session, { kind: "command", channel: channel.id, label: command.name }, {
    type: 2, guild_id: channel.guild_id ?? null, channel_id: channel.id,
    data: { id: command.id, name: command.name, type: command.type, target_id: target },
  });
}

/** A pressed button or a made choice. */
export function press(session, message, component, values) {
  for (const old of session.waitingOn(message.id)) {
    if (old.state === "failed") session.settle(old.nonce, { state: "dismissed" });
    else if (old.customId === component.custom_id) return null;
  }
  const channel = session.channels.get(message.channel_id);
  return start(session, { kind: "press", channel: message.channel_id, message: message.id, customId: component.custom_id }, {
    type: 3, guild_id: channel?.guild_id ?? null, channel_id: message.channel_id, message_id: message.id,
    data: { custom_id: component.custom_id, component_type: component.type, ...(values ? { values } : {}) },
  });
}

/** Asks for choices; the answer comes as a "choices" event with this nonce. */
export function askChoices(session, channel, data, nonce) {
  return api.interact(session.id, { nonce, type: 4, guild_id: channel.guild_id ?? null, channel_id: channel.id, data });
}

/** A filled form. */
export function submitForm(session, modal, components, files) {
  const channel = session.channels.get(modal.channel_id ?? app.channelId) ?? app.channel;
  return start(session, { kind: "form", channel: channel.id, message: modal.message_id, label: modal.title }, {
    type: 5, interaction_id: modal.interaction_id, guild_id: channel.guild_id ?? null, channel_id: channel.id,
    data: { custom_id: modal.custom_id, components },
  }, files);
}
