// <agent-desk src="…/queue/" data-open="…">: keeps the list of chats, the badge, the title and the sound up to date.
//
// It fetches the list again whenever something changed. No timer stands between an event and its sound: browsers slow
// the timers of pages in the background down to one a minute.

import { chime } from "./sound-switch.js";

const REFRESH = 60_000;

class AgentDesk extends HTMLElement {
  #title = document.title;
  #waiting = null;
  #mine = new Set();
  #refreshing = null;
  #again = false;
  #leaving;

  connectedCallback() {
    this.#leaving = new AbortController();
    const on = (type, react) => document.addEventListener(`agent:${type}`, react, this.#leaving);
    on("entry", ({ detail }) => this.#hear(detail));
    for (const type of ["queue", "ended", "seen", "fresh"]) on(type, () => this.refresh());
    on("ended", ({ detail }) => detail.erased && this.#strike(detail.conversation));
    on("state", ({ detail }) => this.#showConnection(detail));
    const timer = setInterval(() => document.hidden || this.refresh(), REFRESH);
    this.#leaving.signal.addEventListener("abort", () => clearInterval(timer));
    const shown = document.querySelector("[data-desk] .desk");
    if (shown) this.#read(shown);
    this.refresh();
  }

  disconnectedCallback() {
    this.#leaving.abort();
  }

  // For when the title names somebody who was erased.
  rename(title) {
    this.#title = title;
    document.title = title;
  }

  // Fetches at once; what is asked for meanwhile is answered by one more fetch.
  refresh() {
    this.#again = true;
    this.#refreshing ??= this.#fetchAll().finally(() => (this.#refreshing = null));
    return this.#refreshing;
  }

  async #fetchAll() {
    while (this.#again) {
      this.#again = false;
      // Offline, it stays as it is: the stream says when that is over.
      await this.#fetch().catch(() => {});
    }
  }

  async #fetch() {
    const answer = await fetch(`${this.getAttribute("src")}?open=${this.dataset.open ?? ""}`, { cache: "no-store" });
    if (!answer.ok || answer.redirected) return;
    const desk = parse(await answer.text());
    if (!desk) return;
    this.#read(desk);
    const place = document.querySelector("[data-desk]");
    if (place) swap(place, desk);
  }

  async #hear({ conversation, seq, side }) {
    const refreshed = this.refresh();
    if (side !== "visitor") return;
    if (!this.#mine.has(conversation)) await refreshed; // accepted a moment ago, perhaps
    if (this.#mine.has(conversation)) chime(`${conversation}-${seq}`);
  }

  // A list of closed chats isn't fetched again, and must not go on naming somebody who was erased.
  #strike(conversation) {
    if (!document.querySelector("[data-desk]")) document.getElementById(`line-${conversation}`)?.closest("li").remove();
  }

  #showConnection(state) {
    const sign = this.querySelector(".connection");
    if (state === "connecting") return;
    sign.textContent = sign.dataset[state] ?? "";
    sign.hidden = !sign.textContent;
  }

  #read(desk) {
    const waiting = new Set(desk.dataset.waiting.split(" ").filter(Boolean));
    for (const chat of waiting) if (this.#waiting && !this.#waiting.has(chat)) chime(chat);
    this.#waiting = waiting;
    this.#mine = new Set(desk.dataset.mine.split(" ").filter(Boolean));
    const wanted = desk.dataset.attention;
    document.title = wanted ? `(${wanted}) ${this.#title}` : this.#title;
    document.getElementById("nav-chats-badge").textContent = wanted;
  }
}

function parse(html) {
  return new DOMParser().parseFromString(html, "text/html").querySelector(".desk");
}

// Nothing is replaced in vain, or a click in the same moment would be lost; focus and what was unfolded stay.
function swap(place, desk) {
  if (look(place.firstElementChild) === look(desk)) return;
  const focused = place.contains(document.activeElement) ? document.activeElement.id : null;
  for (const unfolded of place.querySelectorAll("details[open]")) {
    desk.querySelector(`#${unfolded.id}`)?.setAttribute("open", "");
  }
  place.replaceChildren(document.adoptNode(desk));
  if (focused) (document.getElementById(focused) ?? place.querySelector("a, button"))?.focus({ preventScroll: true });
}

function look(desk) {
  return desk?.innerHTML.replaceAll(/ (open|value)="[^"]*"/g, "");
}

customElements.define("agent-desk", AgentDesk);
