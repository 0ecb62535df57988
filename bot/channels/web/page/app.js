// The start: who is here, then the conversation.

import { ask, byId, el, icon, setWords, word } from "./dom.js";
import { Chat } from "./chat.js";
import { Composer, commandEntry } from "./composer.js";
import { Switch, askForCode, drawWhoami, leave, samplePeople, sitAs, takeCode } from "./people.js";

const FIRST_STEPS = ["today", "quiz", "dates", "due", "roster", "upload", "progress", "help"];
let me = null;
let people = [];

const chat = new Chat({
  state: showState,
  lost: () => location.reload(),
  heard: () => refreshSoon(),
  empty: (empty) => showEmpty(empty),
});
const composer = new Composer({
  send: (text) => chat.send(text),
  upload: (file, caption) => chat.upload(file, caption),
  commands: () => refresh(),
});
const places = new Switch(async (person) => {
  chat.close();
  if (await sitAs(person)) await enter();
});

async function start() {
  const code = takeCode();
  await refresh();
  byId("leave").onclick = async () => (await leave()) && location.reload();
  byId("viewer-close").onclick = () => byId("viewer").close();
  byId("viewer").onclick = ({ target }) => target === byId("viewer") && byId("viewer").close();
  if (code || (!me.open && !me.demo)) {
    const accepted = await askForCode(code);
    await enter();
    chat.send(`/start ${accepted}`);
    return;
  }
  if (!me.open && me.demo) {
    people = await samplePeople();
    if (people.length > 0) await sitAs(people[0]);
  }
  await enter();
}

async function enter() {
  await refresh();
  if (me.demo) people = await samplePeople();
  draw();
  byId("house").hidden = false;
  if (me.open) chat.open(me.chat);
  composer.focus();
}

/** Fetch who is here again: joining, a new role or another language change the menu. */
async function refresh() {
  const { ok, body } = await ask("me").catch(() => ({ ok: false }));
  if (!ok) return;
  const before = JSON.stringify(me);
  const language = me?.language;
  me = body;
  if (before === JSON.stringify(me)) return;
  if (me.demo && language && language !== me.language) people = await samplePeople();
  document.documentElement.lang = me.language;
  setWords(me.words);
  draw();
}

let refreshing = null;
function refreshSoon() {
  clearTimeout(refreshing);
  refreshing = setTimeout(refresh, 800);
}

function draw() {
  composer.translate();
  composer.setCommands(me.commands);
  places.draw(people, me.person);
  drawWhoami(me.person, me.demo);
  byId("log").setAttribute("aria-label", word("log"));
  byId("jump").setAttribute("aria-label", word("jump_down"));
  byId("typing").setAttribute("aria-label", word("typing"));
  byId("leave").hidden = me.demo || !me.open;
  const entries = me.commands.map((command) => commandEntry(command, () => chat.send(`/${command.name}`)));
  byId("side-commands").setAttribute("aria-label", word("commands"));
  byId("side-commands").replaceChildren(...entries);
  showEmpty(chat.isEmpty);
  showState(state);
}

let state = "connecting";
let late = null;
function showState(name) {
  state = name;
  clearTimeout(late);
  const status = byId("status");
  const quiet = () => {
    status.textContent = name === "open" ? word("tagline") : word("connecting");
    document.body.classList.toggle("waiting", name !== "open");
  };
  // A blink of the connection is nobody's business.
  if (name === "open" || !status.textContent) quiet();
  else late = setTimeout(quiet, 1500);
}

function showEmpty(empty) {
  const place = byId("empty");
  place.hidden = !empty;
  if (!empty || !me) return;
  const title = me.person ? word("empty_title", { name: me.person.name }) : word("code_title");
  const hints = me.commands.filter(({ name }) => FIRST_STEPS.includes(name)).slice(0, 4);
  const chips = hints.map(({ name, description }) =>
    el("button", { type: "button", onclick: () => chat.send(`/${name}`) }, description || `/${name}`));
  place.replaceChildren(
    el("span", { class: "seal large" }, icon("mark")),
    el("h2", {}, title),
    el("p", {}, word("empty_hint")),
    el("div", { class: "chips" }, chips),
  );
}

start();
