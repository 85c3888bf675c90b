// Discord's markdown to nodes. Pure text work: names are looked up through `names`, never fetched, and nothing becomes HTML.

import { h, safeLink } from "./dom.js";
import { stamp } from "./time.js";

const DEPTH = 12;
const MARKS = [
  [/\*\*\*((?:\\[^]|[^\\])+?)\*\*\*(?!\*)/y, (inner) => h("strong", h("em", inner))],
  [/\*\*((?:\\[^]|[^\\])+?)\*\*(?!\*)/y, (inner) => h("strong", inner)],
  [/__((?:\\[^]|[^\\])+?)__(?!_)/y, (inner) => h("u", inner)],
  [/~~((?:\\[^]|[^\\])+?)~~/y, (inner) => h("s", inner)],
  [/\*(?!\s)((?:\*\*|\\[^]|[^\\*])+?)(?<!\s)\*(?!\*)/y, (inner) => h("em", inner)],
  [/_((?:__|\\[^]|[^\\_])+?)_(?![A-Za-z0-9_])/y, (inner) => h("em", inner)],
  [/\|\|([^]+?)\|\|/y, (inner) => spoiler(inner)],
];
const LEAVES = [
  [/\\([^A-Za-z0-9\s])/y, (match) => match[1]],
  [/(`+)([^]*?[^`])\1(?!`)/y, (match) => h("code.inline", match[2].replace(/^ (.*) $/, "$1"))],
  [/<@!?(\d{5,20})>/y, (match, names) => names.user(match[1])],
  [/<@&(\d{5,20})>/y, (match, names) => names.role(match[1])],
  [/<#(\d{5,20})>/y, (match, names) => names.channel(match[1])],
  [/<(a?):(\w{2,32}):(\d{5,20})>/y, (match, names) => names.emoji(match[2], match[3], match[1] === "a")],
  [/<t:(-?\d{1,14})(?::([tTdDfFsSR]))?>/y, (match) => stamp(Number(match[1]), match[2] ?? "f")],
  [/<\/([\p{L}\p{N}_' -]{1,100}):(\d{5,20})>/uy, (match, names) => names.command(match[1], match[2])],
  [/<(https?:\/\/[^\s>]+)>/y, (match) => link(match[1], match[1])],
  [/@(everyone|here)\b/y, (match) => h("span.mention", `@${match[1]}`)],
  [/https?:\/\/[^\s<]+[^\s<.,:;"'\]!?|*~)]/y, (match) => link(match[0], match[0])],
];
const MASKED = /\[((?:\\[^]|[^\\\]\n]|\[[^\]\n]*\])+)\]\(\s*<?([^\s<>()]+(?:\([^\s()]*\))?)>?(?:\s+"[^"\n]*")?\s*\)/y;
const SPECIAL = /[\\*_~|`<@h[]/g;

/** `text` as a fragment. `names` turns ids into nodes (user, role, channel, emoji, command). */
export function markdown(text, names) {
  const fragment = document.createDocumentFragment();
  blocks(String(text), names, fragment, 0);
  return fragment;
}

/** Only what fits in one line (reply previews, field names): no blocks. */
export function inlineMarkdown(text, names) {
  const fragment = document.createDocumentFragment();
  fragment.append(...inline(String(text).replace(/```(?:\w+\n)?([^]*?)```/g, "`$1`").replace(/\s+/g, " "), names, 0));
  return fragment;
}

function blocks(text, names, into, depth) {
  let rest = text;
  let buffer = "";
  const flush = () => {
    if (buffer) into.append(...inline(buffer, names, depth));
    buffer = "";
  };
  while (rest) {
    const lineStart = !buffer || buffer.endsWith("\n");
    const found = block(rest, lineStart, names, depth);
    if (found) {
      flush();
      into.append(found.node);
      rest = rest.slice(found.length);
      continue;
    }
    // Up to the next line or the next fence, whichever comes first.
    const line = rest.indexOf("\n");
    const fence = rest.indexOf("```", 1);
    const end = Math.min(line < 0 ? rest.length : line + 1, fence < 0 ? rest.length : fence);
    buffer += rest.slice(0, end);
    rest = rest.slice(end);
  }
  flush();
}

function block(text, lineStart, names, depth) {
  let match;
  if (text.startsWith("```") && (match = /^```(?:([\w+.#-]{1,24})\n)?\n?([^]*?)\n?```\n?/.exec(text)) && match[2].trim()) {
    return { node: h("pre.fence", { dataset: match[1] ? { language: match[1] } : {} }, h("code", match[2])), length: match[0].length };
  }
  if (!lineStart || depth > DEPTH) return null;
  if ((match = /^>>> ([^]+)/.exec(text))) return nested("blockquote", match[1], match[0].length);
  if ((match = /^(?:> [^\n]*(?:\n|$))+/.exec(text))) {
    return nested("blockquote", match[0].replace(/^> /gm, "").replace(/\n$/, ""), match[0].length);
  }
  if ((match = /^(#{1,3}) +([^\n]+)\n?/.exec(text))) {
    return { node: h(`h${match[1].length + 2}.heading${match[1].length}`, inline(match[2], names, depth + 1)), length: match[0].length };
  }
  if ((match = /^-# +([^\n]+)\n?/.exec(text))) return { node: h("small.subtext", inline(match[1], names, depth + 1)), length: match[0].length };
  if ((match = /^(?: *(?:[-*]|\d{1,10}\.) +[^\n]+(?:\n|$))+/.exec(text))) return { node: list(match[0].replace(/\n$/, "").split("\n"), names, depth), length: match[0].length };
  return null;

  function nested(tag, inner, length) {
    const node = h(tag);
    blocks(inner, names, node, depth + 1);
    return { node, length };
  }
}

function list(lines, names, depth) {
  const items = lines.map((line) => /^( *)([-*]|\d+\.) +(.*)$/.exec(line));
  let at = 0;
  const build = (indent, level) => {
    const lists = document.createDocumentFragment();
    while (at < items.length && items[at][1].length >= indent) {
      const numbered = /\d/.test(items[at][2]);
      const [spaces, node] = [items[at][1].length, lists.lastChild];
      if (spaces > indent && node?.lastChild && level < DEPTH) {
        node.lastChild.append(build(spaces, level + 1));
        continue;
      }
      const tag = numbered ? "OL" : "UL";
      if (node?.tagName !== tag) lists.append(h(tag));
      if (node?.tagName !== tag && numbered) lists.lastChild.start = Math.min(Number.parseInt(items[at][2], 10), 1_000_000_000);
      lists.lastChild.append(h("li", inline(items[at++][3], names, depth + 1)));
    }
    return lists;
  };
  return build(items[0][1].length, 0);
}

function inline(text, names, depth) {
  const nodes = [];
  let plain = "";
  let at = 0;
  const flush = () => {
    if (plain) nodes.push(document.createTextNode(plain));
    plain = "";
  };
  while (at < text.length) {
    SPECIAL.lastIndex = at;
    const next = SPECIAL.exec(text)?.index ?? text.length;
    plain += text.slice(at, next);
    at = next;
    if (at >= text.length) break;
    const found = span(text, at, names, depth);
    if (!found) plain += text[at++];
    else if (typeof found.node === "string") {
      plain += found.node;
      at += found.length;
    } else {
      flush();
      nodes.push(found.node);
      at += found.length;
    }
  }
  flush();
  return nodes;
}

function span(text, at, names, depth) {
  for (const [rule, make] of LEAVES) {
    rule.lastIndex = at;
    const match = rule.exec(text);
    if (match) return { node: make(match, names), length: match[0].length };
  }
  MASKED.lastIndex = at;
  const masked = MASKED.exec(text);
  if (masked && safeLink(masked[2])) {
    return { node: link(masked[2], inline(masked[1], names, depth + 1)), length: masked[0].length };
  }
  if (depth > DEPTH) return null;
  for (const [rule, make] of MARKS) {
    rule.lastIndex = at;
    const match = rule.exec(text);
    if (match) return { node: make(inline(match[1], names, depth + 1)), length: match[0].length };
  }
  return null;
}

function link(address, label) {
  const href = safeLink(address);
  if (!href) return h("span", label);
  return h("a", { href, target: "_blank", rel: "noopener noreferrer", title: href }, label);
}

function spoiler(inner) {
  const reveal = (event) => {
    if (event.type === "keydown" && event.key !== "Enter" && event.key !== " ") return;
    if (element.classList.contains("shown")) return;
    event.preventDefault();
    event.stopPropagation();
    element.classList.add("shown");
    element.removeAttribute("aria-label");
  };
  const element = h("span.spoiler", { role: "button", tabIndex: 0, aria: { label: "Spoiler, press to show" }, onclick: reveal, onkeydown: reveal },
    h("span.spoiler-text", inner));
  return element;
}
