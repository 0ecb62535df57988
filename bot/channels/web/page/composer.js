// Where one writes: text, files, the command menu.

import { byId, el, icon, word } from "./dom.js";
import { readableSize } from "./draw.js";

const TALLEST = 160; // pixels

export class Composer {
  #commands = [];
  #shown = []; // commands in the open menu
  #chosen = -1;
  #files = [];

  /** `on` has: send(text), upload(file, caption), commands() to fetch the menu anew. */
  constructor(on) {
    this.on = on;
    this.text = byId("text");
    this.menu = byId("menu");
    byId("composer").addEventListener("submit", (event) => this.#submit(event));
    this.text.addEventListener("input", () => this.#typed());
    this.text.addEventListener("keydown", (event) => this.#key(event));
    byId("menu-button").addEventListener("click", () => this.#toggle());
    byId("attach").addEventListener("click", () => byId("file").click());
    byId("file").addEventListener("change", ({ target }) => {
      this.stage(target.files);
      target.value = "";
    });
    this.text.addEventListener("paste", ({ clipboardData }) => clipboardData.files.length && this.stage(clipboardData.files));
    document.addEventListener("pointerdown", ({ target }) => byId("composer").contains(target) || this.#close());
    this.#watchDrops();
    this.#typed();
  }

  translate() {
    this.text.placeholder = word("message_field");
    this.text.setAttribute("aria-label", word("message_field"));
    const labels = { "menu-button": "commands", attach: "attach", send: "send" };
    for (const [id, key] of Object.entries(labels)) {
      byId(id).setAttribute("aria-label", word(key));
      byId(id).title = word(key);
    }
    this.menu.setAttribute("aria-label", word("commands"));
  }

  setCommands(commands) {
    this.#commands = commands;
    byId("menu-button").hidden = commands.length === 0;
  }

  focus() {
    if (matchMedia("(pointer: fine)").matches) this.text.focus();
  }

  stage(files) {
    this.#files.push(...files);
    this.#showStaged();
    this.focus();
  }

  #submit(event) {
    event.preventDefault();
    const text = this.text.value.trim();
    if (!text && this.#files.length === 0) return;
    if (this.#files.length === 0) this.on.send(text);
    this.#files.forEach((file, index) => this.on.upload(file, index === 0 ? text : ""));
    this.#files = [];
    this.#showStaged();
    this.text.value = "";
    this.#typed();
    this.text.focus();
  }

  #typed() {
    this.text.style.height = "auto";
    const needed = this.text.scrollHeight; // 0 while the page is not shown
    if (needed > 0) this.text.style.height = `${Math.min(needed, TALLEST)}px`;
    byId("send").disabled = !this.text.value.trim() && this.#files.length === 0;
    const typed = /^\/([a-z]*)$/.exec(this.text.value);
    if (typed) this.#open(this.#commands.filter(({ name }) => name.startsWith(typed[1])));
    else this.#close();
  }

  #key(event) {
    if (event.isComposing || event.keyCode === 229) return; // the Enter that picks a word of the input method
    const open = !this.menu.hidden && this.#shown.length > 0;
    if (open && (event.key === "ArrowDown" || event.key === "ArrowUp")) {
      event.preventDefault();
      this.#choose(this.#chosen + (event.key === "ArrowDown" ? 1 : -1));
    } else if (open && (event.key === "Tab" || event.key === "Enter") && this.#chosen >= 0) {
      event.preventDefault();
      this.#use(this.#shown[this.#chosen]);
    } else if (event.key === "Escape") this.#close();
    else if (event.key === "Enter" && !event.shiftKey && matchMedia("(pointer: fine)").matches) {
      event.preventDefault();
      byId("composer").requestSubmit();
    }
  }

  async #toggle() {
    if (!this.menu.hidden) {
      this.#close();
      return;
    }
    this.#open(this.#commands);
    this.focus();
    await this.on.commands();
    if (!this.menu.hidden) this.#open(this.#commands);
  }

  #open(commands) {
    this.#shown = commands;
    this.#chosen = -1;
    this.menu.replaceChildren(...commands.map((command) => this.#entry(command)));
    this.menu.hidden = commands.length === 0;
    byId("menu-button").setAttribute("aria-expanded", String(!this.menu.hidden));
    if (this.text.value) this.#choose(0);
  }

  #entry(command) {
    const entry = commandEntry(command, () => this.#use(command));
    entry.setAttribute("role", "option");
    entry.tabIndex = -1;
    return entry;
  }

  #choose(index) {
    const count = this.#shown.length;
    if (count === 0) return;
    this.#chosen = (index + count) % count;
    [...this.menu.children].forEach((entry, at) => entry.setAttribute("aria-selected", String(at === this.#chosen)));
    this.menu.children[this.#chosen].scrollIntoView({ block: "nearest" });
  }

  #use({ name }) {
    this.#close();
    this.text.value = "";
    this.#typed();
    this.on.send(`/${name}`);
    this.focus();
  }

  #close() {
    this.menu.hidden = true;
    byId("menu-button").setAttribute("aria-expanded", "false");
  }

  #showStaged() {
    const remove = (index) => {
      this.#files.splice(index, 1);
      this.#showStaged();
    };
    const chips = this.#files.map((file, index) => {
      const label = word("attachment_remove", { name: file.name });
      const close = el("button", { type: "button", "aria-label": label, title: label, onclick: () => remove(index) }, icon("close"));
      return el("li", {}, icon("clip"), el("b", {}, file.name), el("small", {}, readableSize(file.size)), close);
    });
    byId("staged").replaceChildren(...chips);
    byId("staged").hidden = chips.length === 0;
    byId("send").disabled = !this.text.value.trim() && chips.length === 0;
  }

  #watchDrops() {
    const drop = byId("drop");
    const isFile = (event) => [...(event.dataTransfer?.types ?? [])].includes("Files");
    window.addEventListener("dragover", (event) => {
      if (!isFile(event)) return;
      event.preventDefault();
      drop.hidden = false;
    });
    window.addEventListener("dragleave", ({ relatedTarget }) => {
      if (!relatedTarget) drop.hidden = true;
    });
    window.addEventListener("drop", (event) => {
      if (!isFile(event)) return;
      event.preventDefault();
      drop.hidden = true;
      this.stage(event.dataTransfer.files);
    });
  }
}

export function commandEntry({ name, description }, onclick) {
  return el("button", { type: "button", class: "command", onclick }, el("span", {}, description || `/${name}`), el("code", {}, `/${name}`));
}
