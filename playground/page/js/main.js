// Opens the people, builds the views, hands them to each other.

import "./theme.js";
import { app } from "./app.js";
import { Composer } from "./composer.js";
import { h } from "./dom.js";
import { Header } from "./header.js";
import { icon } from "./icons.js";
import { Identities } from "./identities.js";
import { openModal } from "./modal.js";
import { openPalette } from "./palette.js";
import { Panel } from "./panel.js";
import { People } from "./people.js";
import { popoverOpen } from "./popover.js";
import { Sidebar, visible } from "./sidebar.js";
import { Timeline } from "./timeline.js";
import { Refused } from "./api.js";

async function start() {
  app.people = new People();
  await connect();
  document.querySelector("#attach").append(icon("plus"));
  document.querySelector("#send").append(icon("send"));
  const timeline = new Timeline();
  const composer = new Composer(timeline);
  const panel = new Panel();
  new Sidebar();
  new Header(panel);
  new Identities();

  app.addEventListener("open", ({ detail }) => {
    document.querySelector("#timeline").setAttribute("aria-label", `Messages in ${app.session.channelName(app.channel)}`);
    void timeline.show(app.session, app.channel);
    composer.show(app.session, app.channel, detail.focus);
  });
  app.addEventListener("palette", () => openPalette(panel));
  app.people.addEventListener("switch", () => {
    app.open(app.channel && fits(app.channel) ? app.channelId : home());
    app.say(`Acting as ${app.session.nameOf(app.session.me)}.`);
  });
  app.people.addEventListener("modal", ({ detail }) => detail.session === app.session && openModal(detail.session, detail));
  // Another world has taken the place of the one that this page was read from.
  app.people.addEventListener("stranger", () => location.reload());
  // A channel that went away under the reader.
  app.people.addEventListener("channels", ({ detail }) => detail.session === app.session && app.channelId && !app.channel && app.open(home()));

  document.addEventListener("keydown", (event) => keys(event, composer, panel));
  document.querySelector("#scrim").addEventListener("click", () => document.body.classList.remove("drawer-open"));
  const remembered = localStorage.getItem("playground.channel");
  app.open(app.session.channels.has(remembered) ? remembered : home());
  document.body.classList.add("ready");
}

/** Tries until the playground answers: the page may be open before it is. */
async function connect() {
  for (;;) {
    try {
      return await app.people.open();
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      const line = document.querySelector("#line");
      line.hidden = false;
      line.textContent = "Waiting for the playground…";
      await new Promise((resolve) => setTimeout(resolve, 800));
      line.hidden = true;
    }
  }
}

const fits = (channel) => !channel.guild_id || visible(app.session).some((one) => one.id === channel.id);

function home() {
  const channels = visible(app.session).filter((channel) => channel.type === 0);
  return (channels.find((channel) => channel.name === "studio") ?? channels[0])?.id ?? [...app.session.channels.keys()][0];
}

function keys(event, composer, panel) {
  if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k") {
    event.preventDefault();
    openPalette(panel);
    return;
  }
  if (event.key === "Escape" && document.body.classList.contains("drawer-open")) document.body.classList.remove("drawer-open");
  // Typing anywhere means writing a message.
  const typing = event.key.length === 1 && !event.ctrlKey && !event.metaKey && !event.altKey && event.key !== " ";
  const busy = popoverOpen() || document.querySelector("dialog[open]") || event.target.closest?.("input, textarea, select, [role=listbox]");
  if (typing && !busy) composer.focus();
}

start().catch((error) => {
  document.body.append(h("div.fatal", { role: "alert" }, h("h1", "The page could not start"), h("p", error.message)));
  throw error;
});
