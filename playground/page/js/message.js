// One message as it stands in the timeline: who, when, what it answers, what it carries.

import { api } from "./api.js";
import { app } from "./app.js";
import { h } from "./dom.js";
import { components, COMPONENTS_V2 } from "./components.js";
import { embed } from "./embeds.js";
import { icon } from "./icons.js";
import { inlineMarkdown, markdown } from "./markdown.js";
import { messageMenu } from "./messagemenu.js";
import { avatar, namesOf } from "./names.js";
import { fileCard, isPicture, mediaOf, mosaic } from "./pictures.js";
import { pickReaction, reactions } from "./reactions.js";
import { EPHEMERAL, LOADING } from "./session.js";
import { format, when } from "./time.js";
import { userMenu } from "./usermenu.js";

const GROUP_MS = 7 * 60 * 1000;
const THREAD_START = 21;
const REPLY_TYPES = new Set([19, 20, 23]);

/** Does `message` continue the block of `previous`? */
export function continues(previous, message) {
  return Boolean(previous) && previous.author.id === message.author.id && !REPLY_TYPES.has(message.type) && !message.message_reference
    && !message.interaction_metadata && ((previous.flags ?? 0) & EPHEMERAL) === ((message.flags ?? 0) & EPHEMERAL)
    && Date.parse(message.timestamp) - Date.parse(previous.timestamp) < GROUP_MS
    && new Date(previous.timestamp).toDateString() === new Date(message.timestamp).toDateString();
}

export function messageNode(session, message, previous) {
  const grouped = continues(previous, message);
  const shown = message.type === THREAD_START ? began(message) : message;
  const ephemeral = ((message.flags ?? 0) & EPHEMERAL) !== 0;
  const mentioned = session.pinged(message);
  const name = session.nameOf(shown.author);
  const node = h("article.message", { class: [grouped && "grouped", ephemeral && "ephemeral", mentioned && "mentioned"].filter(Boolean).join(" "),
    id: `message-${message.id}`, tabIndex: -1, dataset: { id: message.id },
    aria: { label: `${name}, ${when(message.timestamp)}` },
    oncontextmenu: (event) => {
      if (event.target.closest("a, input, textarea, video, audio")) return;
      messageMenu(session, message, event);
    },
    onkeydown: (event) => event.key === "F10" && event.shiftKey && messageMenu(session, message, event),
  },
  preface(session, message),
  h("div.gutter", grouped
    ? h("time.side-time", { dateTime: message.timestamp }, format(new Date(message.timestamp), "t"))
    : h("button.face", { type: "button", tabIndex: -1, aria: { label: `${name}: profile` }, onclick: (event) => userMenu(session, shown.author.id, event) }, avatar(session, shown.author))),
  h("div.body", !grouped && header(session, shown, name), content(session, shown), ephemeral && whisper(session, message)),
  toolbar(session, message));
  return node;
}

/** The way from a message to the thread under it. */
function threadOf(session, message) {
  const thread = session.channels.get(message.thread?.id);
  return thread && h("button.link.thread-link", { type: "button", dataset: { focus: "thread" }, onclick: () => app.open(thread.id) }, icon("thread"), h("span", session.channelName(thread)));
}

/** A thread begins with the message under which it was started; its buttons stay there. */
function began({ referenced_message: start, ...message }) {
  if (!start) return message;
  return { ...start, thread: null, components: (start.flags ?? 0) & COMPONENTS_V2 ? start.components : [] };
}

function header(session, message, name) {
  const colour = session.colourOf(message.author.id);
  return h("header.message-head",
    h("button.author", { type: "button", dataset: { focus: "author" }, vars: colour ? { "--tint": colour } : {}, class: colour ? "tinted" : "",
      onclick: (event) => userMenu(session, message.author.id, event), oncontextmenu: (event) => userMenu(session, message.author.id, event) }, name),
    message.author.bot && h("span.tag", "APP"),
    h("time", { dateTime: message.timestamp, title: format(new Date(message.timestamp), "F") }, when(message.timestamp)));
}

/** The line above a message: what it replies to, or which command it answers. */
function preface(session, message) {
  const made = message.interaction_metadata;
  if (made && (made.name || made.type === 2) && !message.message_reference?.message_id) {
    const user = made.user ?? message.interaction?.user;
    const label = made.name ?? message.interaction?.name;
    return h("div.preface", h("span.hook", { aria: { hidden: "true" } }), avatar(session, user, "micro"), h("button.preface-name", { type: "button", onclick: (event) => userMenu(session, user.id, event) }, session.nameOf(user)), " used ",
      h("span.mention", made.command_type && made.command_type !== 1 ? label : `/${label ?? "command"}`));
  }
  if (!message.message_reference?.message_id || message.type === 6 || message.type === 18 || message.type === THREAD_START) return null;
  const answered = message.referenced_message ?? session.message(message.channel_id, message.message_reference.message_id);
  if (!answered) return h("div.preface", h("span.hook", { aria: { hidden: "true" } }), icon("reply"), h("em", "Original message was deleted"));
  const words = answered.content ? inlineMarkdown(answered.content.slice(0, 200), namesOf(session)) : h("em", answered.attachments?.length ? "Press to see the picture" : "Press to see the message");
  return h("div.preface", h("span.hook", { aria: { hidden: "true" } }), avatar(session, answered.author, "micro"), h("span.preface-name", session.nameOf(answered.author)),
    h("button.preface-words", { type: "button", aria: { label: "Jump to the message that this answers" }, onclick: () => app.ask("jump", { id: answered.id }) }, h("span", words),
      answered.attachments?.length ? icon("file") : null));
}

function content(session, message) {
  const flags = message.flags ?? 0;
  if (flags & LOADING || message.thinking) {
    return h("div.thinking", { role: "status" }, h("span.dots", h("i"), h("i"), h("i")), `${session.nameOf(message.author)} is thinking…`);
  }
  const second = (flags & COMPONENTS_V2) !== 0;
  const shown = second ? [] : leftOver(session, message);
  const pictures = shown.filter(isPicture);
  const edited = message.edited_timestamp && h("small.edited", { title: format(new Date(message.edited_timestamp), "F") }, "(edited)");
  const system = message.type === 18 ? "started a thread: " : message.type === 7 ? "joined the server." : "";
  return [
    (message.content || edited || system) && !second && h("div.content.prose", { class: onlyEmoji(message.content) ? "jumbo" : "" },
      system && h("span.subtext", system), markdown(message.content ?? "", namesOf(session)), edited),
    pictures.length > 0 && h("div.attachments", mosaic(pictures)),
    shown.filter((file) => !isPicture(file)).map(fileCard),
    message.embeds?.map((one) => embed(session, message, one)),
    components(session, message),
    second && edited,
    threadOf(session, message),
    reactions(session, message),
  ];
}

/** Attachments that no embed shows already. */
function leftOver(session, message) {
  const inEmbeds = new Set((message.embeds ?? []).flatMap((one) => [one.image, one.thumbnail]).filter(Boolean).map((item) => mediaOf(session, message, item).attachment).filter(Boolean));
  return (message.attachments ?? []).filter((file) => !inEmbeds.has(file.id))
    .map((file) => ({ ...file, url: session.asset(file.url), spoiler: file.filename?.startsWith("SPOILER_") }));
}

function onlyEmoji(text) {
  return Boolean(text) && text.length < 120 && /^(?:\s|\p{Extended_Pictographic}|\uFE0F|\u200D|[\u{1F3FB}-\u{1F3FF}]|<a?:\w+:\d+>)+$/u.test(text);
}

function whisper(session, message) {
  return h("div.whisper", icon("eye"), "Only you can see this · ",
    h("button.link", { type: "button", onclick: () => app.attempt(() => api.remove(session.id, message)) }, "Dismiss message"));
}

function toolbar(session, message) {
  const tool = (name, label, run) => h("button.icon-button", { type: "button", title: label, dataset: { focus: name }, aria: { label }, onclick: run }, icon(name));
  const ephemeral = (message.flags ?? 0) & EPHEMERAL;
  return h("div.toolbar", { role: "toolbar", aria: { label: "Message actions" } },
    !ephemeral && tool("smile", "Add a reaction", (event) => pickReaction(session, message, event.currentTarget)),
    message.author.id === session.id && tool("edit", "Edit", () => app.ask("edit", { message })),
    !ephemeral && tool("reply", "Reply", () => app.ask("reply", { message })),
    tool("more", "More", (event) => messageMenu(session, message, event.currentTarget)));
}
