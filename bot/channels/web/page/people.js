// Who sits here: the switch of the demonstration, the invitation, leaving.

import { ask, byId, el, icon, notice, word } from "./dom.js";

const post = (body) => ask("session", { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) });

/** The code of the link that was opened; it does not stay in the address. */
export function takeCode() {
  const inHash = /^#(?:start|code)=([^&]+)/.exec(location.hash)?.[1];
  const code = inHash ? decodeURIComponent(inHash) : new URLSearchParams(location.search).get("code");
  if (code) history.replaceState(null, "", location.pathname);
  return code;
}

/** Ask for the invitation; resolves to the code that was accepted. */
export function askForCode(code) {
  byId("house").hidden = true;
  byId("gate").hidden = false;
  const field = byId("code");
  const error = byId("gate-error");
  field.value = code ?? "";
  field.focus();
  return new Promise((resolve) => {
    byId("gate-form").onsubmit = async (event) => {
      event.preventDefault();
      error.textContent = "";
      const typed = field.value.trim();
      const { ok, body } = await post({ code: typed }).catch(() => ({ ok: false, body: { error: word("offline") } }));
      if (ok) {
        byId("gate").hidden = true;
        resolve(typed);
        return;
      }
      error.textContent = body.error ?? word("offline");
      field.select();
    };
  });
}

export async function samplePeople() {
  const { ok, body } = await ask("people");
  return ok ? body : [];
}

export async function sitAs(person) {
  return (await post({ person: person.id })).ok;
}

/** The switch at the top: who one is, and who else one can be. */
export class Switch {
  #button = byId("switch-button");
  #list = byId("switch-list");

  /** `choose(person)` is called for another one. */
  constructor(choose) {
    this.choose = choose;
    this.#button.addEventListener("click", () => this.#show(this.#list.hidden));
    document.addEventListener("pointerdown", ({ target }) => byId("switch").contains(target) || this.#show(false));
    byId("switch").addEventListener("keydown", (event) => this.#key(event));
  }

  draw(people, current) {
    byId("switch").hidden = people.length === 0;
    const label = current ? [face(current), words(current)] : [el("span", {}, word("choose_person"))];
    this.#button.replaceChildren(...label, icon("down"));
    this.#button.setAttribute("aria-label", current ? `${word("choose_person")}: ${current.name}` : word("choose_person"));
    this.#list.setAttribute("aria-label", word("choose_person"));
    this.#list.replaceChildren(el("p", { class: "popup-note" }, word("demo_note")), ...people.map((person) => this.#entry(person, current)));
  }

  #entry(person, current) {
    const here = person.id === current?.id;
    const onclick = () => {
      this.#show(false);
      this.#button.focus();
      if (!here) this.choose(person);
    };
    return el("button", { type: "button", class: "person", role: "option", "aria-selected": here, onclick }, face(person), words(person), here ? icon("check") : null);
  }

  #show(open) {
    this.#list.hidden = !open;
    this.#button.setAttribute("aria-expanded", String(open));
    if (open) (this.#list.querySelector('[aria-selected="true"]') ?? this.#list.querySelector("button"))?.focus();
  }

  #key(event) {
    const entries = [...this.#list.querySelectorAll("button")];
    const at = entries.indexOf(document.activeElement);
    if (event.key === "Escape") {
      this.#show(false);
      this.#button.focus();
    } else if (!this.#list.hidden && (event.key === "ArrowDown" || event.key === "ArrowUp")) {
      event.preventDefault();
      entries[(at + (event.key === "ArrowDown" ? 1 : -1) + entries.length) % entries.length].focus();
    }
  }
}

/** Name and role where there is nothing to switch. */
export function drawWhoami(person, demo) {
  byId("whoami").hidden = demo || !person;
  byId("whoami").replaceChildren(...(person ? [words(person), face(person)] : []));
}

export async function leave() {
  const sure = await notice(word("leave_question"), { ok: word("leave"), cancel: word("leave_cancel") });
  if (sure) await ask("session", { method: "DELETE" });
  return sure;
}

function face(person) {
  return el("span", { class: `face ${person.role}`, "aria-hidden": "true" }, [...person.name].at(person.name.match(/^[\u4e00-\u9fff]/) ? -1 : 0));
}

function words(person) {
  return el("span", { class: "person-words" }, el("b", {}, person.name), el("small", {}, person.label));
}
