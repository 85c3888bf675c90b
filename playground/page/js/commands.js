// Slash commands as a flat list of what can be typed, and the text of a typed one taken apart. Knows no elements.

export const OPTION = { SUB: 1, GROUP: 2, STRING: 3, INTEGER: 4, BOOLEAN: 5, USER: 6, CHANNEL: 7, ROLE: 8, MENTIONABLE: 9, NUMBER: 10, ATTACHMENT: 11 };

/** {path, description, options, chain, command}: one entry per command, sub-command and sub-command of a group. */
export function flatten(commands) {
  const found = [];
  const walk = (node, chain, command) => {
    const nested = (node.options ?? []).filter((one) => one.type === OPTION.SUB || one.type === OPTION.GROUP);
    if (nested.length) for (const one of nested) walk(one, [...chain, one], command);
    else found.push({ path: [command, ...chain].map((one) => one.name).join(" "), description: node.description, options: requiredFirst(node.options ?? []), chain, command });
  };
  for (const command of commands) walk(command, [], command);
  // What moderators keep for themselves comes last: it is not what a person looks for first.
  const kept = (entry) => Number(Boolean(entry.command.default_member_permissions));
  return found.sort((a, b) => kept(a) - kept(b) || a.path.localeCompare(b.path));
}

const requiredFirst = (options) => [...options].sort((a, b) => Number(Boolean(b.required)) - Number(Boolean(a.required)));

/** The interaction data of `entry` with option values [{type, name, value, focused?}]. */
export function commandData(entry, values) {
  let options = values;
  for (const node of [...entry.chain].reverse()) options = [{ type: node.type, name: node.name, options }];
  return { id: entry.command.id, name: entry.command.name, type: 1, options };
}

/**
 * "/imagine prompt: a red house count: 2" -> {entry, texts}; null when no whole command name followed by a space begins it.
 * Text before the first known "name:" belongs to the first option.
 */
export function parseTyped(text, entries) {
  if (!text.startsWith("/")) return null;
  const typed = text.slice(1);
  const entry = entries.filter((one) => typed.startsWith(`${one.path} `)).sort((a, b) => b.path.length - a.path.length)[0];
  if (!entry) return null;
  const rest = typed.slice(entry.path.length + 1);
  const texts = new Map();
  const names = entry.options.map((one) => one.name);
  const marks = [...rest.matchAll(/(?<=^|\s)([\p{L}\p{N}_-]{1,32}):[ \t]?/gu)].filter((match) => names.includes(match[1]));
  const lead = rest.slice(0, marks[0]?.index ?? rest.length).trim();
  if (lead && names.length) texts.set(names[0], lead);
  marks.forEach((match, index) => texts.set(match[1], rest.slice(match.index + match[0].length, marks[index + 1]?.index ?? rest.length).trim()));
  return { entry, texts };
}

/** What is wrong with `text` as a value of `option`, in a few words, or null. Attachments and picked things are checked by their fields. */
export function problem(option, text) {
  if (!text) return option.required ? "This option is required." : null;
  if (option.type === OPTION.STRING) {
    if (option.min_length && text.length < option.min_length) return `At least ${option.min_length} characters.`;
    if (text.length > (option.max_length ?? 6000)) return `At most ${option.max_length ?? 6000} characters.`;
  }
  if (option.type === OPTION.INTEGER || option.type === OPTION.NUMBER) {
    const number = Number(text);
    if (!Number.isFinite(number)) return option.type === OPTION.INTEGER ? "A whole number." : "A number.";
    if (option.type === OPTION.INTEGER && !Number.isSafeInteger(number)) return "A whole number.";
    if (option.min_value !== undefined && number < option.min_value) return `${option.min_value} or more.`;
    if (option.max_value !== undefined && number > option.max_value) return `${option.max_value} or less.`;
  }
  return null;
}
