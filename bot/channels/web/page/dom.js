// Building elements. Text only ever becomes text nodes: nothing here parses markup.

const SVG = "http://www.w3.org/2000/svg";

/** An element with properties (class, on…, aria-…, data-…) and children; a string child becomes a text node. */
export function el(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else element.setAttribute(name === "class" ? "class" : name, value === true ? "" : String(value));
  }
  element.append(...children.flat().filter((child) => child !== null && child !== undefined));
  return element;
}

export function icon(name) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("aria-hidden", "true");
  const use = document.createElementNS(SVG, "use");
  use.setAttribute("href", `#i-${name}`);
  svg.append(use);
  return svg;
}

export const byId = (id) => document.getElementById(id);

let phrases = {};

export function setWords(words) {
  phrases = words;
  for (const element of document.querySelectorAll("[data-word]")) element.textContent = word(element.dataset.word);
}

/** A phrase of the page with its {fields} filled in. */
export function word(key, fields = {}) {
  return (phrases[key] ?? key).replace(/\{(\w+)\}/g, (_, name) => fields[name] ?? "");
}

export function toast(text) {
  if (!text) return;
  const line = el("p", { class: "toast" }, text);
  byId("toasts").append(line);
  setTimeout(() => line.classList.add("going"), 3600);
  setTimeout(() => line.remove(), 4000);
}

/** A sentence that has to be closed; with `cancel` it is a question. Resolves to whether it was agreed to. */
export function notice(text, { ok = word("alert_close"), cancel = null } = {}) {
  const dialog = byId("notice");
  byId("notice-text").textContent = text;
  byId("notice-ok").textContent = ok;
  byId("notice-cancel").textContent = cancel ?? "";
  byId("notice-cancel").hidden = !cancel;
  dialog.returnValue = "";
  dialog.showModal();
  byId("notice-ok").focus();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => resolve(dialog.returnValue === "ok"), { once: true });
  });
}

/** 64 bits in hex; randomUUID exists only on https and localhost. */
export function newId() {
  return Array.from(crypto.getRandomValues(new Uint8Array(12)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

export async function ask(address, options = {}) {
  const response = await fetch(address, { credentials: "same-origin", ...options });
  const body = await response.json().catch(() => ({}));
  return { ok: response.ok, status: response.status, body };
}
