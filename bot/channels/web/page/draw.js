// One message as elements.

import { byId, el, icon, word } from "./dom.js";

const TAGS = { b: "strong", i: "em", u: "u", s: "del", code: "code", pre: "pre" };
const KINDS = { xlsx: "sheet", xls: "sheet", csv: "sheet", docx: "text", doc: "text", md: "text", txt: "text", pdf: "pdf", pptx: "slides", ppt: "slides" };

/** The tree of a text; `on.command(text)` is called for a pressed /command. */
export function drawTree(tree, on) {
  return tree.map((node, at) => {
    if (typeof node !== "string") return drawNode(node, on);
    // A quotation stands on lines of its own: the line breaks around it would leave an empty one.
    const after = isBlock(tree[at - 1]) ? node.replace(/^\n/, "") : node;
    return drawText(isBlock(tree[at + 1]) ? after.replace(/\n$/, "") : after);
  });
}

/** Text whose dates stay on one line: a browser would break 2026-05-11 at its hyphens. */
function drawText(text) {
  const parts = text.split(/(\d{4}-\d{2}-\d{2})/);
  if (parts.length === 1) return document.createTextNode(text);
  return el("span", {}, parts.map((part, at) => (at % 2 ? el("span", { class: "date" }, part) : part)));
}

const isBlock = (node) => node?.t === "blockquote" || node?.t === "pre";

function drawNode(node, on) {
  const children = () => drawTree(node.c, on);
  switch (node.t) {
    case "a":
    case "link":
      return drawLink(node.href ?? node.c[0], children());
    case "command":
      return el("button", { type: "button", class: "inline-command", onclick: () => on.command(node.c[0]) }, node.c[0]);
    case "spoiler":
      return drawSpoiler(children());
    case "blockquote":
      return drawQuote(children(), node.long);
    default:
      return el(TAGS[node.t] ?? "span", {}, children());
  }
}

function drawLink(address, children) {
  if (!/^https?:\/\//i.test(address)) return el("span", {}, children);
  return el("a", { href: address, target: "_blank", rel: "noopener noreferrer" }, children);
}

function drawSpoiler(children) {
  const show = () => span.classList.add("shown");
  const onkeydown = ({ key }) => (key === "Enter" || key === " ") && show();
  const span = el("span", { class: "spoiler", tabindex: 0, role: "button", "data-hint": word("spoiler"), onclick: show, onkeydown }, el("span", {}, children));
  return span;
}

function drawQuote(children, long) {
  const quote = el("blockquote", {}, el("div", { class: "quoted" }, children));
  if (!long) return quote;
  quote.classList.add("folded");
  const unfold = (event) => {
    quote.classList.remove("folded");
    event.currentTarget.remove();
  };
  quote.append(el("button", { type: "button", class: "unfold", onclick: unfold }, word("quote_more")));
  return quote;
}

/** A message as a list item. `state`: "sending", "sent" or "unsent" for one's own. */
export function drawMessage(message, state, on) {
  const mine = message.author === "me";
  const classes = ["message", mine ? "mine" : "theirs", message.group ? "grouped" : "", state === "unsent" ? "unsent" : ""];
  const bubble = el("div", { class: message.file?.width && !message.tree?.length ? "bubble bare" : "bubble" });
  if (message.file) bubble.append(message.file.width ? drawPicture(message.file) : drawDocument(message.file));
  if (message.tree?.length) bubble.append(el("div", { class: "text" }, drawTree(message.tree, on)));
  bubble.append(drawFoot(message, mine ? state : null));
  const item = el("li", { class: classes.filter(Boolean).join(" "), "data-id": message.id, "data-client": message.client }, bubble);
  if (message.problem) item.append(drawProblem(message, on));
  if (message.rows?.length) item.append(drawButtons(message, on));
  return item;
}

function drawFoot(message, state) {
  const time = new Date(message.at);
  const language = document.documentElement.lang;
  const short = time.toLocaleTimeString(language, { hour: "2-digit", minute: "2-digit", hour12: false });
  const foot = el("div", { class: "foot" }, el("time", { datetime: time.toISOString(), title: time.toLocaleString(language) }, short));
  if (state) {
    const signs = { sending: "clock", sent: "check", unsent: "warn" };
    foot.append(el("span", { class: `state ${state}`, role: "img", "aria-label": word(state) }, icon(signs[state])));
  }
  return foot;
}

function drawProblem(message, on) {
  const retry = message.retry
    ? el("button", { type: "button", onclick: () => on.retry(message) }, word("retry"))
    : null;
  return el("p", { class: "problem", role: "alert" }, message.problem, retry);
}

function drawButtons(message, on) {
  const rows = message.rows.map((row) => el("div", { class: "keys-row" }, row.map((button) => drawButton(message, button, on))));
  return el("div", { class: "keys" }, rows);
}

function drawButton(message, button, on) {
  if (button.url) {
    if (!/^https?:\/\//i.test(button.url)) return null;
    return el("a", { class: "key", href: button.url, target: "_blank", rel: "noopener noreferrer" }, button.text, icon("open"));
  }
  return el("button", { class: "key", type: "button", onclick: (event) => on.press(message, button, event.currentTarget) }, button.text);
}

function drawPicture(file) {
  const source = file.preview ?? `${file.address}?view=1`;
  const label = word("picture_of", { name: file.name });
  const image = el("img", { src: source, alt: label, width: file.width, height: file.height, loading: "lazy", decoding: "async" });
  const scale = Math.min(1, 320 / file.width, 640 / file.height);
  image.style.aspectRatio = `${file.width} / ${file.height}`;
  image.style.width = `${Math.round(file.width * scale)}px`;
  return el("button", { type: "button", class: "picture", "aria-label": label, onclick: () => view(file, source) }, image);
}

function view(file, source) {
  byId("viewer-image").src = source;
  byId("viewer-image").alt = word("picture_of", { name: file.name });
  const save = byId("viewer-save");
  save.hidden = !file.address;
  if (file.address) save.href = file.address;
  save.setAttribute("aria-label", word("download", { name: file.name }));
  byId("viewer-close").setAttribute("aria-label", word("alert_close"));
  byId("viewer").showModal();
}

function drawDocument(file) {
  const ending = (file.name.match(/\.([a-z0-9]{1,5})$/i)?.[1] ?? "").toLowerCase();
  const badge = el("span", { class: `badge ${KINDS[ending] ?? ""}`, "aria-hidden": "true" }, ending.toUpperCase() || icon("save"));
  const words = el("span", { class: "document-words" }, el("b", {}, file.name), el("small", {}, readableSize(file.size)));
  if (!file.address) return el("div", { class: "document" }, badge, words, el("span", { class: "progress" }, el("i")));
  const label = word("download", { name: file.name });
  return el("a", { class: "document", href: file.address, download: file.name, "aria-label": label }, badge, words, icon("save"));
}

export function readableSize(bytes) {
  if (bytes < 1024) return `${bytes} B`;
  if (bytes < 1024 * 1024) return `${Math.round(bytes / 1024)} KB`;
  return `${(bytes / 1024 / 1024).toFixed(1)} MB`;
}
