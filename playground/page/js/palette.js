// Ctrl+K: one field to reach every channel, person, command and switch.

import { app } from "./app.js";
import { flatten } from "./commands.js";
import { Completion, ranked } from "./completion.js";
import { h } from "./dom.js";
import { icon } from "./icons.js";
import { avatar, channelIcon } from "./names.js";
import { visible } from "./sidebar.js";
import { toggleTheme } from "./theme.js";
import { openDm } from "./usermenu.js";

export function openPalette(panel) {
  if (document.querySelector("dialog.palette")) return;
  const { session } = app;
  const input = h("input", { type: "text", placeholder: "Where to? A channel, a person, a command…", autocomplete: "off", role: "combobox", aria: { label: "Go to a channel, person or command", expanded: "false" } });
  const list = h("div.palette-list.completion");
  const dialog = h("dialog.palette", { aria: { label: "Quick switcher" }, onclick: (event) => event.target === dialog && dialog.close() }, h("div.palette-box", input, list, h("footer", h("kbd", "↑↓"), " walk ", h("kbd", "Enter"), " go ", h("kbd", "Esc"), " close ", h("kbd", "Alt+Shift+1…9"), " act as somebody")));
  const completion = new Completion(list);
  const entries = everything(session, panel);
  const draw = () => completion.show("", ranked(entries, input.value.trim(), (item) => item.label).slice(0, 40), input, (item) => {
    dialog.close();
    item.run();
  }, { empty: "Nothing by that name." });
  input.addEventListener("input", draw);
  input.addEventListener("keydown", (event) => event.key !== "Escape" && completion.key(event));
  dialog.addEventListener("close", () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
  draw();
  input.focus();
}

function everything(session, panel) {
  return [
    ...visible(session).filter((channel) => channel.type !== 4).map((channel) => ({ label: session.channelName(channel), side: "channel", face: () => icon(channelIcon(channel)), run: () => app.open(channel.id) })),
    ...app.people.list().filter((user) => user.id !== session.id).map((user) => ({ label: `Act as ${session.nameOf(user)}`, side: "identity", face: () => avatar(session, user, "tiny"), run: () => app.people.switchTo(user.id) })),
    ...[...session.users.values()].filter((user) => user.id !== session.id).map((user) => ({ label: session.nameOf(user), side: "direct message", face: () => avatar(session, user, "tiny"), run: () => openDm(session, user.id) })),
    ...flatten(session.offered(1, app.channel)).map((entry) => ({ label: `/${entry.path}`, description: entry.description, side: "command", face: () => icon("slash"), run: () => app.ask("command", { path: entry.path }) })),
    { label: "Light or dark", side: "switch", face: () => icon("sun"), run: toggleTheme },
    ...[["refused", "Discord would have refused this"], ["faults", "Faults"], ["members", "People"]].map(([name, label]) => ({ label, side: "panel", face: () => icon("app"), run: () => panel.toggle(name) })),
  ];
}
