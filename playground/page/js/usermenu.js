// What can be done with a person: apps, a direct message, roles, act as them.

import { api } from "./api.js";
import { app } from "./app.js";
import { useMenuCommand } from "./interactions.js";
import { openMenu } from "./menu.js";

const MANAGE_ROLES = 1n << 28n;

export function userMenu(session, id, at) {
  at.preventDefault?.();
  at.stopPropagation?.();
  const user = session.user(id);
  if (!user) return;
  const channel = app.channel;
  const commands = session.offered(2, channel);
  const roles = [...session.roles.values()].filter((role) => role.name !== "@everyone" && !role.managed);
  const member = session.members.get(id);
  openMenu([
    { heading: session.nameOf(user) },
    id !== session.id && { label: "Message", icon: "send", run: () => openDm(session, id) },
    !user.bot && id !== session.id && { label: `Act as ${session.nameOf(user)}`, icon: "people", run: () => app.people.switchTo(id) },
    { label: "Mention", icon: "at", run: () => app.ask("mention", { id }) },
    ...(commands.length ? [null, { heading: "Apps" }] : []),
    ...commands.map((command) => ({ label: command.name, icon: "app", run: () => useMenuCommand(session, channel, command, id) })),
    ...(member && roles.length && session.may(MANAGE_ROLES, channel) ? [null, { heading: "Roles" }] : []),
    ...(member && session.may(MANAGE_ROLES, channel) ? roles.map((role) => roleItem(session, id, member, role)) : []),
    null,
    { label: "Copy user ID", icon: "id", run: () => app.copy(id, "User ID") },
  ], at, `${session.nameOf(user)}: actions`);
}

function roleItem(session, id, member, role) {
  const has = member.roles.includes(role.id);
  return { label: role.name, checked: has, run: () => {
    const roles = has ? member.roles.filter((one) => one !== role.id) : [...member.roles, role.id];
    return app.attempt(() => api.setRoles(session.id, session.guilds[0].id, id, roles));
  } };
}

export async function openDm(session, recipient) {
  const channel = await app.attempt(() => api.dm(session.id, recipient));
  if (!channel) return;
  session.channels.set(channel.id, { ...session.channels.get(channel.id), ...channel });
  session.dispatchEvent(new CustomEvent("channels", { detail: {} }));
  app.open(channel.id);
}
