// The conversation: what was said, what is on its way, where one has scrolled to.

import { ask, byId, el, newId, notice, toast, word } from "./dom.js";
import { drawMessage, readableSize } from "./draw.js";
import { Line } from "./line.js";

const NEAR_BOTTOM = 80; // pixels
const ANSWER_WITHIN = 20000;
const LARGEST_FILE = 20 * 1024 * 1024;

export class Chat {
  #chat = null; // number of the chat that is shown
  #messages = new Map(); // id → message
  #pending = new Map(); // client id → message on its way
  #presses = new Map(); // client id → pressed button
  #items = new Map(); // id or client id → element
  #atBottom = true;
  #unread = 0;
  #typing = null;
  #uploads = Promise.resolve(); // one file after the other, so that they arrive in their order

  /** `on` has: state(name), lost(), heard() after each message of the bot, and each that it changes. */
  constructor(on) {
    this.on = on;
    this.log = byId("log");
    this.list = byId("messages");
    this.line = new Line({ event: (event) => this.#event(event), state: on.state, lost: on.lost });
    this.log.addEventListener("scroll", () => this.#scrolled(), { passive: true });
    new ResizeObserver(() => this.#atBottom && this.#toBottom()).observe(this.log);
    byId("jump").addEventListener("click", () => this.#toBottom(true));
    byId("earlier").addEventListener("click", () => this.#earlier());
    document.addEventListener("visibilitychange", () => document.hidden || this.#read());
  }

  get isEmpty() {
    return this.#messages.size + this.#pending.size === 0;
  }

  open(chat) {
    if (chat !== this.#chat) this.#forget(chat);
    this.line.open();
  }

  close() {
    this.line.close();
  }

  send(text) {
    const message = { author: "me", tree: [text], text, at: Date.now(), client: newId() };
    this.#pending.set(message.client, message);
    this.#keepPending();
    this.#place(message);
    this.#toBottom();
    this.line.say({ t: "text", client: message.client, text });
  }

  upload(file, caption) {
    if (file.size > LARGEST_FILE) {
      toast(word("file_too_big", { name: file.name, size: readableSize(file.size) }));
      return;
    }
    const message = { author: "me", tree: caption ? [caption] : [], at: Date.now(), client: newId() };
    message.file = { name: file.name, size: file.size };
    message.upload = { file, caption };
    this.#pending.set(message.client, message);
    this.#place(message);
    this.#toBottom();
    this.#transfer(message);
  }

  // ---- what comes in

  #event(event) {
    const actions = {
      hello: () => this.#hello(event),
      message: () => this.#said(event.message, event.first),
      edit: () => this.#changed(event.message),
      delete: () => this.#remove(event.id),
      ack: () => this.#acknowledged(event.client),
      refused: () => this.#refused(event),
      answer: () => this.#answered(event),
      action: () => this.#showTyping(),
    };
    actions[event.t]?.();
  }

  #hello({ chat, messages, more }) {
    if (chat !== this.#chat) this.#forget(chat);
    this.log.setAttribute("aria-busy", "true");
    const first = messages[0]?.id ?? 0;
    const known = [...this.#messages.keys()];
    const gap = known.length > 0 && Math.max(...known) < first && more;
    const there = new Set(messages.map(({ id }) => id));
    for (const id of known) if (gap || ((id >= first || !more) && !there.has(id))) this.#remove(id);
    for (const message of messages) this.#put(message);
    if (known.length === 0 || gap) byId("earlier").hidden = !more;
    this.#restorePending();
    for (const message of this.#pending.values()) if (message.upload && message.stalled) this.#transfer(message);
    this.#arrange();
    if (this.#atBottom) this.#toBottom();
    this.log.removeAttribute("aria-busy");
  }

  #said(message, first = false) {
    if (first) this.#dropBefore(message);
    if (message.client) this.#settle(message.client); // told only after the inbox has it
    const isNew = !this.#messages.has(message.id);
    this.#put(message);
    this.#arrange();
    if (message.author === "bot") {
      this.#hideTyping();
      this.on.heard();
      if (isNew && (document.hidden || !this.#atBottom)) this.#countUnread();
    } else if (isNew) this.#showTyping();
    if (this.#atBottom) this.#showNewest(message);
  }

  #changed(message) {
    if (!this.#messages.has(message.id)) return;
    this.#hideTyping();
    this.#put(message);
    this.on.heard();
    if (this.#atBottom) this.#toBottom();
  }

  #acknowledged(client) {
    this.#settle(client);
    if (this.#presses.has(client)) this.#showTyping();
  }

  #refused({ client, text }) {
    const button = this.#presses.get(client);
    if (button) this.#release(client);
    const message = this.#pending.get(client);
    if (!message) {
      toast(text);
      return;
    }
    message.problem = text;
    this.#place(message);
    this.#keepPending();
    if (this.#atBottom) this.#toBottom();
  }

  #answered({ press, text, alert }) {
    if (!this.#presses.has(press)) return;
    this.#release(press);
    this.#hideTyping();
    if (alert && text) notice(text);
    else toast(text);
  }

  // ---- what goes out

  #press = (message, button, element) => {
    if (element.getAttribute("aria-busy") === "true") return;
    const client = newId();
    element.setAttribute("aria-busy", "true");
    this.#presses.set(client, element);
    setTimeout(() => this.#release(client), ANSWER_WITHIN);
    this.line.say({ t: "press", client, message: message.id, data: button.data });
  };

  #release(client) {
    this.#presses.get(client)?.removeAttribute("aria-busy");
    this.#presses.delete(client);
  }

  #retry = (message) => this.#transfer(message);

  #transfer(message) {
    const again = message.problem || message.stalled;
    for (const mark of ["stalled", "problem", "retry"]) delete message[mark];
    if (again) this.#place(message);
    this.#uploads = this.#uploads.then(() => this.#post(message));
  }

  #post(message) {
    const { file, caption } = message.upload;
    const query = new URLSearchParams({ client: message.client, name: file.name, chat: this.#chat, caption: caption ?? "" });
    const request = new XMLHttpRequest();
    request.open("POST", `upload?${query}`);
    request.responseType = "json";
    request.upload.onprogress = ({ loaded, total }) => {
      const bar = this.#items.get(message.client)?.querySelector(".progress i");
      if (bar) bar.style.width = `${Math.round((100 * loaded) / total)}%`;
    };
    request.onload = () => {
      if (request.status === 200) this.#said(request.response.message);
      else this.#unsent(message, request.response?.error ?? word("unsent"), request.status >= 500);
    };
    request.onerror = () => {
      message.stalled = true; // goes again with the next "hello"
      this.#unsent(message, word("unsent"), true);
    };
    request.send(file);
    return new Promise((done) => {
      request.onloadend = done;
    });
  }

  #unsent(message, problem, retry) {
    message.problem = problem;
    message.retry = retry;
    this.#place(message);
    if (this.#atBottom) this.#toBottom();
  }

  #settle(client) {
    this.line.settled(client);
    if (!this.#pending.delete(client)) return;
    this.#keepPending();
    const message = [...this.#messages.values()].find((known) => known.client === client);
    if (message) this.#put(message);
  }

  // Texts on their way survive a reload of this tab; nothing else of the conversation is kept in the browser.
  #keepPending() {
    const texts = [...this.#pending.values()].filter(({ text, problem }) => text && !problem);
    sessionStorage.setItem(`pending:${this.#chat}`, JSON.stringify(texts));
  }

  #restorePending() {
    for (const message of JSON.parse(sessionStorage.getItem(`pending:${this.#chat}`) ?? "[]")) {
      if (this.#pending.has(message.client)) continue;
      this.#pending.set(message.client, message);
      if (!this.#items.has(message.client)) this.#place(message);
      this.line.say({ t: "text", client: message.client, text: message.text });
    }
  }

  // ---- the list

  #put(message) {
    this.#messages.set(message.id, message);
    const state = this.#pending.has(message.client) ? "sending" : "sent";
    const item = drawMessage(message, state, this.#actions());
    const old = this.#items.get(message.id) ?? this.#items.get(message.client);
    if (message.client) this.#items.delete(message.client);
    this.#items.set(message.id, item);
    if (message.client) this.#items.set(message.client, item);
    if (old?.isConnected) {
      old.replaceWith(item);
      if (!old.dataset.id) this.#arrange(true);
      return;
    }
    const after = [...this.list.children].find((other) => other.dataset.id && Number(other.dataset.id) > message.id);
    const waiting = this.list.querySelector("li.message:not([data-id])");
    this.list.insertBefore(item, after ?? waiting);
  }

  #place(message) {
    const item = drawMessage(message, message.problem ? "unsent" : "sending", this.#actions());
    const old = this.#items.get(message.client);
    this.#items.set(message.client, item);
    if (old?.isConnected) old.replaceWith(item);
    else this.list.append(item);
    this.#arrange();
  }

  #remove(id) {
    this.#items.get(id)?.remove();
    this.#items.delete(id);
    this.#messages.delete(id);
    this.#arrange();
  }

  /** Nothing is kept that was said before it: whoever withdrew begins anew, perhaps under the same numbers. */
  #dropBefore({ at }) {
    for (const known of [...this.#messages.values()]) if (known.at < at) this.#remove(known.id);
    byId("earlier").hidden = true;
  }

  #forget(chat) {
    this.#chat = chat;
    this.#messages.clear();
    this.#pending.clear();
    this.#presses.clear();
    this.#items.clear();
    this.list.replaceChildren();
    this.#hideTyping();
    this.#atBottom = true;
    byId("earlier").hidden = true;
  }

  /** Days between the messages, and whether there is anything at all. */
  #arrange(resort = false) {
    if (resort) this.#resort();
    for (const day of this.list.querySelectorAll(".day")) day.remove();
    let last = null;
    let author = null;
    for (const item of [...this.list.querySelectorAll("li.message")]) {
      const time = new Date(item.querySelector("time").dateTime);
      const day = time.toDateString();
      if (day !== last) {
        item.before(el("li", { class: "day" }, el("span", {}, dayName(time))));
        author = null;
      }
      const mine = item.classList.contains("mine");
      item.classList.toggle("follows", mine === author);
      author = mine;
      last = day;
    }
    this.on.empty(this.isEmpty);
  }

  #resort() {
    const items = [...this.list.querySelectorAll("li.message[data-id]")];
    items.sort((one, other) => Number(one.dataset.id) - Number(other.dataset.id));
    const waiting = [...this.list.querySelectorAll("li.message:not([data-id])")];
    this.list.append(...items, ...waiting);
  }

  async #earlier() {
    const first = Math.min(...this.#messages.keys());
    const { ok, body } = await ask(`messages?before=${first}`);
    if (!ok) return;
    const height = this.log.scrollHeight;
    for (const message of body.messages) this.#put(message);
    byId("earlier").hidden = !body.more;
    this.#arrange();
    this.log.scrollTop += this.log.scrollHeight - height;
  }

  #actions() {
    return { press: this.#press, retry: this.#retry, command: (text) => this.send(text) };
  }

  // ---- where one is

  #scrolled() {
    this.#atBottom = this.log.scrollHeight - this.log.scrollTop - this.log.clientHeight < NEAR_BOTTOM;
    byId("jump").hidden = this.#atBottom;
    if (this.#atBottom) this.#read();
  }

  #toBottom(smooth = false) {
    this.#atBottom = true;
    const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
    this.log.scrollTo({ top: this.log.scrollHeight, behavior: smooth && !calm ? "smooth" : "instant" });
    this.#read();
  }

  /** A message taller than the window is read from its beginning. */
  #showNewest(message) {
    const item = this.#items.get(message.id);
    if (message.author === "bot" && item && item.offsetHeight > this.log.clientHeight * 0.9) {
      item.scrollIntoView({ block: "start", behavior: "instant" });
    } else this.#toBottom();
  }

  #countUnread() {
    this.#unread += 1;
    byId("unread").textContent = String(this.#unread);
    document.title = `(${this.#unread}) 路标 Waymark`;
  }

  #read() {
    if (document.hidden || !this.#atBottom) return;
    this.#unread = 0;
    byId("unread").textContent = "";
    document.title = "路标 Waymark";
  }

  #showTyping() {
    clearTimeout(this.#typing);
    byId("typing").hidden = false;
    this.#typing = setTimeout(() => this.#hideTyping(), ANSWER_WITHIN);
    if (this.#atBottom) this.#toBottom();
  }

  #hideTyping() {
    clearTimeout(this.#typing);
    byId("typing").hidden = true;
  }
}

function dayName(time) {
  const days = Math.round((new Date().setHours(0, 0, 0, 0) - new Date(time).setHours(0, 0, 0, 0)) / 86400000);
  if (days === 0) return word("today");
  if (days === 1) return word("yesterday");
  const year = time.getFullYear() === new Date().getFullYear() ? undefined : "numeric";
  return time.toLocaleDateString(document.documentElement.lang, { year, month: "long", day: "numeric", weekday: "short" });
}
