// Files that wait beside the composer to be sent: chosen, dropped or pasted.

import { bytes, h, refill } from "./dom.js";
import { icon } from "./icons.js";

const MOST = 10;

export class Tray {
  files = [];
  #urls = new Map();

  constructor(box, onfull) {
    this.box = box;
    this.onfull = onfull;
    this.#draw();
  }

  add(files) {
    const taken = files.slice(0, MOST - this.files.length);
    for (const file of taken) {
      this.files.push(file);
      if (file.type.startsWith("image/")) this.#urls.set(file, URL.createObjectURL(file));
    }
    if (taken.length < files.length) this.onfull(`A message carries ${MOST} files at most.`);
    this.#draw();
  }

  /** Hands the files over and empties the tray. */
  take() {
    const files = this.files;
    this.files = [];
    for (const url of this.#urls.values()) URL.revokeObjectURL(url);
    this.#urls.clear();
    this.#draw();
    return files;
  }

  #remove(file) {
    this.files = this.files.filter((one) => one !== file);
    this.#draw();
  }

  #draw() {
    this.box.hidden = this.files.length === 0;
    refill(this.box, this.files.map((file) => h("figure.waiting-file",
      this.#urls.has(file) ? h("img", { src: this.#urls.get(file), alt: "", onerror: ({ target }) => target.replaceWith(noPicture()) }) : noPicture(),
      h("figcaption", h("span", file.name), h("small", bytes(file.size))),
      h("button.icon-button.danger", { type: "button", title: "Remove", aria: { label: `Remove ${file.name}` }, onclick: () => this.#remove(file) }, icon("trash")))));
  }
}

const noPicture = () => h("div.waiting-icon", icon("file"));

/** Calls `take(files)` for drops anywhere on `area` and for pastes; shows that a drop would be taken. */
export function acceptFiles(area, take) {
  let depth = 0;
  const has = (event) => [...(event.dataTransfer?.types ?? [])].includes("Files");
  const over = (change) => {
    depth = Math.max(0, depth + change);
    area.classList.toggle("dropping", depth > 0);
  };
  area.addEventListener("dragenter", (event) => has(event) && (event.preventDefault(), over(1)));
  area.addEventListener("dragleave", (event) => has(event) && over(-1));
  area.addEventListener("dragover", (event) => has(event) && event.preventDefault());
  area.addEventListener("drop", (event) => {
    if (!has(event)) return;
    event.preventDefault();
    depth = 0;
    area.classList.remove("dropping");
    take([...event.dataTransfer.files]);
  });
  document.addEventListener("paste", (event) => {
    const files = [...(event.clipboardData?.files ?? [])];
    if (!files.length || document.querySelector("dialog[open]")) return;
    event.preventDefault();
    take(files.map((file, index) => (file.name ? file : new File([file], `pasted-${index + 1}.png`, { type: file.type }))));
  });
}
