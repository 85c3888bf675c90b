// Pictures in messages: the mosaic, and the files that are not pictures. Knows sizes and names, not messages.

import { bytes, h } from "./dom.js";
import { icon } from "./icons.js";
import { lightbox } from "./lightbox.js";

const WIDE = 540;
const TALL = 380;

/** Signatures in the query differ from one answer to the next; the path is the file. */
const path = (url) => url?.split("?")[0];

/** Without a size it is none that could be shown, whatever its name says. */
export const isPicture = (file) => Boolean(file.width) && /^image\//.test(file.content_type);

/** `files` are {url, filename, width, height, description, spoiler}; urls already belong to this page. */
export function mosaic(files) {
  if (files.length === 1) return single(files);
  const rows = h("div.mosaic", { class: `of-${Math.min(files.length, 10)}`, role: "group", aria: { label: `${files.length} pictures` } });
  const ratio = Math.min(2, Math.max(0.56, (files[0].width || 1) / (files[0].height || 1)));
  rows.style.setProperty("--ratio", String(files.every((file) => file.width === files[0].width && file.height === files[0].height) ? ratio : 1));
  files.forEach((file, index) => rows.append(tile(files, index)));
  return rows;
}

function single(files) {
  const [file] = files;
  const width = file.width || 400;
  const height = file.height || 400;
  const scale = Math.min(1, WIDE / width, TALL / height);
  // Tiny pictures (a preview, a small model's output) are shown large enough to be judged.
  const grow = Math.max(scale, Math.min(320 / width, 320 / height, 4));
  const button = tile(files, 0);
  button.classList.add("single");
  button.style.setProperty("--width", `${Math.round(width * (scale < 1 ? scale : grow))}px`);
  button.style.setProperty("--ratio", String(width / height));
  const image = button.firstChild;
  if (!file.width) image.addEventListener("load", () => button.style.setProperty("--ratio", String(image.naturalWidth / image.naturalHeight)), { once: true });
  return button;
}

function tile(files, index) {
  const file = files[index];
  const image = h("img", { src: file.url, alt: file.description || "", draggable: true, decoding: "async", dataset: { key: `${index}` } });
  if (file.width && file.width <= 160) image.classList.add("crisp");
  const label = `Open picture ${index + 1} of ${files.length}: ${file.description || file.filename || "picture"}`;
  const button = h("button.tile", { type: "button", aria: { label }, dataset: { focus: `tile-${path(file.url)}` },
    onclick: () => {
      if (button.classList.contains("veiled")) button.classList.remove("veiled");
      else lightbox(files, index);
    } }, image);
  if (file.spoiler) button.classList.add("veiled");
  image.addEventListener("error", () => button.classList.add("broken"));
  return button;
}

/** A file that is shown by name, or played. */
export function fileCard(file) {
  const type = file.content_type ?? "";
  if (type.startsWith("video/")) return h("video.clip", { src: file.url, controls: true, preload: "metadata" });
  const name = file.filename ?? file.url.split("/").pop().split("?")[0];
  const card = h("div.file-card", icon("file"),
    h("div.file-words", h("a", { href: file.url, target: "_blank", rel: "noopener" }, name), file.size !== undefined && h("small", bytes(file.size))),
    h("a.icon-button", { href: file.url, download: name, title: "Download", aria: { label: `Download ${name}` } }, icon("download")));
  return type.startsWith("audio/") ? h("div.audio", card, h("audio", { src: file.url, controls: true, preload: "none" })) : card;
}

/** The address of a bot's media item: attachment://name becomes the message's own attachment. */
export function mediaOf(session, message, item) {
  const name = /^attachment:\/\/(.+)$/.exec(item.url ?? "")?.[1];
  const attachment = message.attachments?.find((one) => (name ? one.filename === name : one.id === String(item.attachment_id) || path(one.url) === path(item.url)));
  return {
    url: session.asset(attachment?.url ?? item.proxy_url ?? item.url), filename: attachment?.filename,
    width: item.width ?? attachment?.width, height: item.height ?? attachment?.height,
    size: item.size ?? attachment?.size, content_type: item.content_type ?? attachment?.content_type,
    attachment: attachment?.id, original: attachment?.url ?? item.url,
  };
}

/**
 * A redrawn message keeps its loaded pictures: the same address moves over, a new one shows the old picture behind it
 * until it has arrived, so that a preview sharpens without a flash.
 */
export function carryPictures(before, after) {
  const address = (image) => path(image.src);
  const old = [...before.querySelectorAll("img[data-key]")];
  for (const fresh of after.querySelectorAll("img[data-key]")) {
    const same = old.find((one) => address(one) === address(fresh) && one.dataset.key === fresh.dataset.key);
    if (same) {
      fresh.replaceWith(same);
      continue;
    }
    const previous = old.find((one) => one.dataset.key === fresh.dataset.key) ?? old[0];
    if (!previous?.complete || !previous.naturalWidth) continue;
    fresh.style.backgroundImage = `url("${previous.currentSrc.replace(/["\\]/g, "\\$&")}")`;
    fresh.classList.add("arriving");
    fresh.addEventListener("load", () => {
      fresh.style.backgroundImage = "";
      fresh.classList.remove("arriving");
    }, { once: true });
  }
}
