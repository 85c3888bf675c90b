// What can be done with a message: the apps' commands, reply, copy, edit, delete.

import { api } from "./api.js";
import { app } from "./app.js";
import { useMenuCommand } from "./interactions.js";
import { inlineMarkdown } from "./markdown.js";
import { openMenu } from "./menu.js";
import { namesOf } from "./names.js";
import { pickReaction } from "./reactions.js";
import { EPHEMERAL } from "./session.js";

const MANAGE_MESSAGES = 1n << 13n;

export function messageMenu(session, message, at) {
  at.preventDefault?.();
  at.stopPropagation?.();
  const channel = session.channels.get(message.channel_id);
  const own = message.author.id === session.id;
  const ephemeral = ((message.flags ?? 0) & EPHEMERAL) !== 0;
  const anchor = at instanceof Element ? at : document.querySelector(`#message-${message.id}`);
  const commands = ephemeral ? [] : session.offered(3, channel);
  const threads = channel?.guild_id && [0, 5].includes(channel.type) && !ephemeral;
  const mayDelete = ephemeral || own || (channel?.guild_id && session.may(MANAGE_MESSAGES, channel));
  openMenu([
    ...(commands.length ? [{ heading: "Apps" }] : []),
    ...commands.map((command) => ({ label: command.name, icon: "app", run: () => useMenuCommand(session, channel, command, message.id) })),
    ...(commands.length ? [null] : []),
    !ephemeral && { label: "Add a reaction", icon: "smile", run: () => pickReaction(session, message, anchor) },
    !ephemeral && { label: "Reply", icon: "reply", run: () => app.ask("reply", { message }) },
    own && { label: "Edit", icon: "edit", run: () => app.ask("edit", { message }) },
    threads && { label: "Create a thread", icon: "thread", run: () => createThread(session, message) },
    message.content && { label: "Copy text", icon: "copy", run: () => app.copy(message.content, "Text") },
    { label: "Copy message ID", icon: "id", run: () => app.copy(message.id, "Message ID") },
    ...(mayDelete ? [null] : []),
    mayDelete && { label: ephemeral ? "Dismiss message" : "Delete message", icon: "trash", danger: true,
      run: () => app.attempt(() => api.remove(session.id, message)) },
  ], at, "Message actions");
}

async function createThread(session, message) {
  const words = inlineMarkdown(message.content ?? "", namesOf(session)).textContent;
  const name = words.trim().slice(0, 60) || "Thread";
  const thread = await app.attempt(() => api.thread(session.id, message.channel_id, { name, message_id: message.id }));
  if (!thread) return;
  session.channels.set(thread.id, { ...thread, guild_id: thread.guild_id ?? session.guilds[0].id });
  session.dispatchEvent(new CustomEvent("channels", { detail: {} }));
  app.open(thread.id);
}
