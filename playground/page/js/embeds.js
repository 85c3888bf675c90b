// Embeds: the framed card a bot or a link brings.

import { h, safeLink } from "./dom.js";
import { inlineMarkdown, markdown } from "./markdown.js";
import { namesOf } from "./names.js";
import { mediaOf, mosaic } from "./pictures.js";
import { when } from "./time.js";

export function embed(session, message, data) {
  const names = namesOf(session);
  const colour = data.color === undefined || data.color === null ? null : `#${data.color.toString(16).padStart(6, "0")}`;
  const linked = (text, url, kind) => {
    const href = url && safeLink(url);
    const inner = inlineMarkdown(text, names);
    return href ? h(`a.${kind}`, { href, target: "_blank", rel: "noopener noreferrer" }, inner) : h(`div.${kind}`, inner);
  };
  const small = (url) => url && h("img.embed-icon", { src: session.asset(url), alt: "" });
  const picture = data.image?.url && mediaOf(session, message, data.image);
  const thumbnail = data.thumbnail?.url && mediaOf(session, message, data.thumbnail);
  const stamp = data.timestamp && when(data.timestamp);
  return h("article.embed", { vars: colour ? { "--bar": colour } : {}, class: thumbnail ? "with-thumbnail" : "" },
    h("div.embed-words",
      data.provider?.name && h("div.embed-provider", data.provider.name),
      data.author?.name && h("div.embed-author", small(data.author.icon_url), linked(data.author.name, data.author.url, "embed-author-name")),
      data.title && linked(data.title, data.url, "embed-title"),
      data.description && h("div.embed-text.prose", markdown(data.description, names)),
      data.fields?.length && h("div.embed-fields", fields(data.fields, names)),
    ),
    thumbnail && h("div.embed-thumbnail", mosaic([thumbnail])),
    picture && h("div.embed-picture", mosaic([{ ...picture, description: data.title }])),
    (data.footer?.text || stamp) && h("footer.embed-footer", small(data.footer?.icon_url), [data.footer?.text, stamp].filter(Boolean).join(" • ")));
}

function fields(all, names) {
  return all.map((field, index) => {
    // Up to three inline fields share a row.
    let start = index;
    while (start > 0 && all[start - 1].inline) start -= 1;
    let end = index;
    while (end + 1 < all.length && all[end + 1].inline) end += 1;
    const inRow = Math.min(3, end - start + 1 - Math.floor((index - start) / 3) * 3);
    return h("div.embed-field", { class: field.inline ? `span-${12 / inRow}` : "span-12" },
      h("div.embed-field-name", inlineMarkdown(field.name, names)), h("div.prose", markdown(field.value, names)));
  });
}
