// The WebSocket: connects again by itself, and repeats what was not acknowledged.

const PAUSES = [300, 700, 1500, 3000, 6000, 12000];
const PING_EVERY = 25000;
const PONG_WITHIN = 10000;
const NOT_ADMITTED = 4401;

export class Line {
  #socket = null;
  #failures = 0;
  #retry = null;
  #beat = null;
  #silence = null;
  #closed = true;
  #waiting = new Map(); // client id → what was sent and not yet acknowledged, in its order

  /** `on` has: event(event), state("connecting" | "open"), lost() when the session is over. */
  constructor(on) {
    this.on = on;
    window.addEventListener("online", () => this.#hurry());
    document.addEventListener("visibilitychange", () => document.hidden || this.#hurry());
  }

  open() {
    this.#closed = false;
    this.#failures = 0;
    this.#connect();
  }

  close() {
    this.#closed = true;
    this.#waiting.clear();
    this.#drop();
  }

  /** Send, and send again after every reconnection until it is acknowledged or refused. */
  say(frame) {
    this.#waiting.set(frame.client, frame);
    this.#write(frame);
  }

  settled(client) {
    this.#waiting.delete(client);
  }

  #connect() {
    this.#drop();
    this.on.state("connecting");
    const address = new URL("line", location.href);
    address.protocol = location.protocol === "https:" ? "wss:" : "ws:";
    address.hash = "";
    address.search = "";
    const socket = new WebSocket(address);
    this.#socket = socket;
    socket.onmessage = ({ data }) => socket === this.#socket && this.#heard(JSON.parse(data));
    socket.onclose = ({ code }) => socket === this.#socket && this.#lost(code);
  }

  #heard(event) {
    clearTimeout(this.#silence);
    if (event.t === "pong") return;
    if (event.t === "ack" || event.t === "refused") this.settled(event.client);
    if (event.t === "hello") {
      this.#failures = 0;
      this.#beat = setInterval(() => this.#ping(), PING_EVERY);
      this.on.event(event);
      this.on.state("open");
      for (const frame of this.#waiting.values()) this.#write(frame);
      return;
    }
    this.on.event(event);
  }

  #lost(code) {
    this.#drop();
    if (this.#closed) return;
    if (code === NOT_ADMITTED) {
      this.#closed = true;
      this.on.lost();
      return;
    }
    this.on.state("connecting");
    const pause = PAUSES[Math.min(this.#failures, PAUSES.length - 1)];
    this.#failures += 1;
    this.#retry = setTimeout(() => this.#connect(), pause * (0.7 + Math.random() * 0.6));
  }

  #hurry() {
    if (this.#closed || this.#socket) return;
    clearTimeout(this.#retry);
    this.#connect();
  }

  #ping() {
    this.#write({ t: "ping" });
    clearTimeout(this.#silence);
    this.#silence = setTimeout(() => this.#lost(0), PONG_WITHIN);
  }

  #write(frame) {
    if (this.#socket?.readyState === WebSocket.OPEN) this.#socket.send(JSON.stringify(frame));
  }

  #drop() {
    clearTimeout(this.#retry);
    clearTimeout(this.#silence);
    clearInterval(this.#beat);
    const socket = this.#socket;
    this.#socket = null;
    if (socket) socket.close();
  }
}
