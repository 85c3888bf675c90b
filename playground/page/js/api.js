// The page's side of the playground's HTTP API. Knows addresses and bodies, nothing of what is shown.

/** Raised for every answer that is not 2xx; `message` is the playground's own sentence. */
export class Refused extends Error {
  constructor(status, body) {
    super(body?.message || `The playground answered ${status}.`);
    this.status = status;
    this.code = body?.code ?? 0;
  }
}

async function call(method, path, { as, body, files } = {}) {
  const address = new URL(`/page${path}`, location.origin);
  if (as && (method === "GET" || method === "PUT" || method === "DELETE")) address.searchParams.set("as", as);
  const request = { method, headers: {} };
  const payload = method === "GET" ? null : { ...(as ? { as } : {}), ...body };
  if (files?.length) {
    request.body = new FormData();
    request.body.set("payload_json", JSON.stringify(payload));
    files.forEach((file, index) => request.body.set(`files[${index}]`, file, file.name));
  } else if (payload) {
    request.headers["Content-Type"] = "application/json";
    request.body = JSON.stringify(payload);
  }
  let answer;
  try {
    answer = await fetch(address, request);
  } catch {
    throw new Refused(0, { message: "The playground does not answer. Is it still running?" });
  }
  if (answer.status === 204) return null;
  const text = await answer.text();
  let parsed = null;
  try {
    parsed = text ? JSON.parse(text) : null;
  } catch {
    parsed = { message: text.slice(0, 200) };
  }
  if (!answer.ok) throw new Refused(answer.status, parsed);
  return parsed;
}

const messagePath = (message) => `/channels/${message.channel_id}/messages/${message.id}`;
const emojiPath = (message, emoji) => `${messagePath(message)}/reactions/${encodeURIComponent(emoji)}`;

export const api = {
  state: (as) => call("GET", "/state", { as }),
  messages: (as, channel, before) => call("GET", `/channels/${channel}/messages?limit=50${before ? `&before=${before}` : ""}`, { as }),
  send: (as, channel, body, files) => call("POST", `/channels/${channel}/messages`, { as, body, files }),
  edit: (as, message, content) => call("PATCH", messagePath(message), { as, body: { content } }),
  remove: (as, message) => call("DELETE", messagePath(message), { as }),
  react: (as, message, emoji) => call("PUT", emojiPath(message, emoji), { as }),
  unreact: (as, message, emoji) => call("DELETE", emojiPath(message, emoji), { as }),
  reactors: (as, message, emoji) => call("GET", emojiPath(message, emoji), { as }),
  typing: (as, channel) => call("POST", `/channels/${channel}/typing`, { as }),
  thread: (as, channel, body) => call("POST", `/channels/${channel}/threads`, { as, body }),
  interact: (as, body, files) => call("POST", "/interactions", { as, body, files }),
  dm: (as, recipient) => call("POST", "/dm", { as, body: { recipient_id: recipient } }),
  faults: () => call("GET", "/faults"),
  setFaults: (body) => call("POST", "/faults", { body }),
  restart: () => call("POST", "/bot/restart", { body: { kill: true } }),
  setRoles: (as, guild, user, roles) => call("POST", `/members/${user}/roles`, { as, body: { guild_id: guild, roles } }),
  forgetRefusals: () => call("DELETE", "/refusals"),
};
