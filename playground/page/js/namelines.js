// The lines that complete a name begun with @, # or : in a message, with what the chosen one becomes when it is sent.

import { ranked } from "./completion.js";
import { icon } from "./icons.js";
import { avatar, channelIcon, emoji } from "./names.js";

/** Lines {label, description?, text, value, face()} for `mark` and what has been typed behind it. */
export function nameLines(session, mark, wanted) {
  if (mark === "#") {
    return ranked([...session.channels.values()].filter((one) => one.guild_id).map((one) => ({ label: session.channelName(one), text: `#${session.channelName(one)}`, value: `<#${one.id}>`, face: () => icon(channelIcon(one)) })), wanted);
  }
  if (mark === ":") return ranked(session.emojis.map((one) => ({ label: `:${one.name}:`, text: `:${one.name}:`, value: `<${one.animated ? "a" : ""}:${one.name}:${one.id}>`, face: () => emoji(one) })), wanted);
  const people = [...session.users.values()].map((user) => ({ label: session.nameOf(user), description: user.username, text: `@${session.nameOf(user)}`, value: `<@${user.id}>`, face: () => avatar(session, user, "tiny") }));
  const roles = [...session.roles.values()].filter((role) => role.name !== "@everyone").map((role) => ({ label: role.name, text: `@${role.name}`, value: `<@&${role.id}>`, face: () => icon("role") }));
  return ranked([...people, ...roles], wanted);
}
