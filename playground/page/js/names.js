// Ids to what people read: mentions, channel links, custom emoji, command mentions, avatars.

import { app } from "./app.js";
import { h } from "./dom.js";
import { icon } from "./icons.js";
import { userMenu } from "./usermenu.js";
import { THREADS } from "./session.js";

const TINTS = 8;

/** The lookups that markdown.js needs, seen by one session. */
export function namesOf(session) {
  return {
    user(id) {
      const user = session.user(id);
      const mine = id === session.id ? "me" : "";
      return h("button.mention", { type: "button", class: mine, onclick: (event) => userMenu(session, id, event) },
        user ? `@${session.nameOf(user)}` : `<@${id}>`);
    },
    role(id) {
      const role = session.roles.get(id);
      const text = role ? (role.name.startsWith("@") ? role.name : `@${role.name}`) : "@deleted-role";
      return h("span.mention", { vars: role?.color ? { "--tint": `#${role.color.toString(16).padStart(6, "0")}` } : {} }, text);
    },
    channel(id) {
      const channel = session.channels.get(id);
      if (!channel) return h("span.mention", "#unknown");
      return h("button.mention.place", { type: "button", onclick: () => app.open(id) }, icon(channelIcon(channel)), session.channelName(channel));
    },
    emoji: (name, id) => emoji({ name, id }),
    command(path, id) {
      return h("button.mention.command", { type: "button", onclick: () => app.ask("command", { path, id }) }, `/${path}`);
    },
  };
}

/** A partial emoji as a node: a picture for custom ones, the character itself otherwise. */
export function emoji(partial) {
  if (!partial.id) return h("span.emoji", partial.name);
  return h("img.emoji", { src: `/cdn/emojis/${partial.id}.png`, alt: `:${partial.name}:`, title: `:${partial.name}:`, draggable: false });
}

export function channelIcon(channel) {
  if (channel.type === 15) return "forum";
  if (channel.type === 10 || channel.type === 11 || channel.type === 12) return "thread";
  return channel.type === 1 ? "at" : "hash";
}

/** A round picture or the person's initials on a colour of their own. */
export function avatar(session, user, size = "") {
  const known = session.user(user.id) ?? user;
  const name = session.nameOf(known);
  const face = known.avatar
    ? h("img", { src: `/cdn/avatars/${known.id}/${known.avatar}.png`, alt: "", draggable: false })
    : h("span", { aria: { hidden: "true" } }, known.bot ? icon("app") : [...name].slice(0, 1).join("").toUpperCase());
  const tint = Math.max(0, [...session.users.keys()].indexOf(known.id)) % TINTS;
  return h("span.avatar", { class: `${size} tint${known.bot ? "-bot" : tint}` }, face);
}

/** A channel's name with what people put before it: #channel, @person, and nothing for a thread. */
export function address(session, channel) {
  return `${channel.guild_id ? THREADS.has(channel.type) ? "" : "#" : "@"}${session.channelName(channel)}`;
}
