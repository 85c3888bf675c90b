// Pictures large: arrows to walk, Esc to leave, a press to see every pixel.

import { bytes, h, keepFocus, refill } from "./dom.js";
import { icon } from "./icons.js";

/** `files` as for the mosaic; opens at `index` and gives the focus back when it closes. */
export function lightbox(files, index) {
  let at = index;
  const image = h("img.lightbox-picture", { alt: "" });
  const stage = h("div.lightbox-stage", { onclick: (event) => event.target === stage && dialog.close() }, image);
  const words = h("div.lightbox-words");
  const open = h("a.icon-button", { target: "_blank", rel: "noopener", title: "Open original", aria: { label: "Open original" } }, icon("open"));
  const save = h("a.icon-button", { title: "Download", aria: { label: "Download" } }, icon("download"));
  const strip = h("div.lightbox-strip", files.length > 1 && files.map((file, i) =>
    h("button", { type: "button", onclick: () => show(i), aria: { label: `Picture ${i + 1}` } }, h("img", { src: file.url, alt: "" }))));
  const walk = (name, step, label) => files.length > 1 && h("button.icon-button.walk", { type: "button", class: name, title: label,
    aria: { label }, onclick: () => show(at + step) }, icon(name));
  const dialog = h("dialog.lightbox", { aria: { label: "Picture" }, tabIndex: -1 },
    h("header", words, open, save, h("button.icon-button", { type: "button", title: "Close (Esc)", aria: { label: "Close" }, onclick: () => dialog.close() }, icon("close"))),
    walk("left", -1, "Previous picture"), stage, walk("right", 1, "Next picture"), strip);

  function show(next) {
    at = (next + files.length) % files.length;
    const file = files[at];
    stage.classList.remove("full");
    image.classList.toggle("crisp", Boolean(file.width && file.width <= 160));
    image.src = file.url;
    image.alt = file.description || file.filename || "";
    image.style.setProperty("--natural", file.width ? `${file.width}px` : "auto");
    open.href = save.href = file.url;
    save.download = file.filename ?? "picture";
    const size = [file.width && `${file.width} × ${file.height}`, file.size && bytes(file.size), files.length > 1 && `${at + 1} of ${files.length}`];
    refill(words, h("strong", file.description || file.filename || "Picture"), h("small", size.filter(Boolean).join(" · ")));
    [...strip.children].forEach((button, i) => button.setAttribute("aria-current", String(i === at)));
  }

  image.addEventListener("click", () => stage.classList.toggle("full"));
  dialog.addEventListener("keydown", (event) => {
    if (event.key === "ArrowRight" && files.length > 1) show(at + 1);
    else if (event.key === "ArrowLeft" && files.length > 1) show(at - 1);
    else return;
    event.preventDefault();
  });
  const giveBack = keepFocus();
  dialog.addEventListener("close", () => (dialog.remove(), giveBack()));
  document.body.append(dialog);
  show(index);
  dialog.showModal();
  dialog.focus();
}
