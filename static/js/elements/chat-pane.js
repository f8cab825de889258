// <chat-pane data-chat data-state data-last data-messages data-seen data-typing>: one open chat, live.
//
// Entries come from the agents' stream. Where one is missing, and after every interruption, all behind `data-last` are
// fetched, so nothing is lost and nothing is shown twice. Without this script the same form posts and the page returns.

import "./chosen-files.js";

const TYPING_SENT = 3_000;
const TYPING_SHOWN = 6_000;
const NEAR = 120;

class ChatPane extends HTMLElement {
  #log;
  #last;
  #catching = null;
  #typedAt = 0;
  #unsure = null;
  #typing;
  #leaving;

  connectedCallback() {
    this.#log = this.querySelector("[role=log]");
    this.#last = Number(this.dataset.last);
    this.#leaving = new AbortController();
    const on = (type, react) => document.addEventListener(`agent:${type}`, react, this.#leaving);
    const ours = (react) => ({ detail }) => detail.conversation === this.dataset.chat && react(detail);
    on("entry", ours((entry) => this.#receive(entry)));
    on("typing", ours(() => this.#showTyping()));
    on("ended", ours(({ erased }) => (erased ? this.#forget() : this.#catchUp())));
    on("queue", () => this.dataset.state !== "closed" && this.#catchUp());
    on("fresh", () => this.#catchUp());
    window.addEventListener("focus", () => this.#see(), this.#leaving);
    this.addEventListener("submit", (event) => this.#submit(event));
    this.addEventListener("keydown", (event) => this.#press(event));
    this.addEventListener("input", () => this.#type());
    this.addEventListener("files:refused", ({ detail }) => this.#complain(paragraph(detail.reason)));
    this.addEventListener("files:changed", () => this.#isComplaining && this.#complain());
    this.#toEnd();
    this.#see();
    this.#catchUp();
  }

  disconnectedCallback() {
    this.#leaving.abort();
  }

  #receive(entry) {
    if (entry.seq > this.#last + 1) return this.#catchUp();
    this.#append([entry]);
    if (entry.side !== "visitor") this.#catchUp(); // somebody joined, or closed it
    return undefined;
  }

  #append(entries) {
    if (this.#isErased) return; // an answer that was on its way
    const wasNear = this.#log.scrollHeight - this.#log.scrollTop - this.#log.clientHeight < NEAR;
    for (const { seq, side, html } of entries) {
      if (seq <= this.#last) continue;
      this.#log.insertAdjacentHTML("beforeend", html);
      this.#name(this.#log.lastElementChild);
      this.#last = seq;
      if (side === "visitor") this.#hideTyping();
    }
    if (wasNear) this.#toEnd();
    this.#see();
  }

  // The stream reads no contacts; the page knows whose chat it is.
  #name(entry) {
    const author = entry.dataset.side === "visitor" && entry.querySelector(".message__author");
    if (author) author.textContent = this.querySelector("h1").textContent;
  }

  // One fetch at a time; a wish that comes meanwhile is fulfilled by the next.
  #catchUp() {
    this.#catching = (this.#catching ?? Promise.resolve()).then(() => this.#fetchNews()).catch(() => {});
  }

  async #fetchNews() {
    const answer = await fetch(`${this.dataset.messages}?after=${this.#last}`, { headers: asJson, cache: "no-store" });
    if (answer.status === 404) return this.#forget();
    if (!isJson(answer)) return undefined;
    const news = await answer.json();
    this.#append(news.entries);
    if (news.more) return this.#fetchNews();
    return news.state === this.dataset.state || this.#isErased ? undefined : this.#renew();
  }

  // What the chat is has changed: fetch head and foot again, and keep the draft.
  async #renew() {
    const answer = await fetch(location.href, { cache: "no-store" });
    if (answer.status === 404) return this.#forget();
    const page = new DOMParser().parseFromString(await answer.text(), "text/html").querySelector("chat-pane");
    if (!answer.ok || !page || this.#isErased) return undefined;
    const draft = this.#box?.value;
    const files = this.#chosen?.files;
    const hadFocus = this.contains(document.activeElement);
    this.dataset.state = page.dataset.state;
    for (const part of [".chat-pane__head", ".chat-pane__foot"]) {
      this.querySelector(part).replaceChildren(...page.querySelector(part).childNodes);
    }
    if (this.#box && draft) this.#box.value = draft;
    if (files?.length) this.#chosen?.put(files);
    if (hadFocus && !this.contains(document.activeElement)) (this.#box ?? this.#log).focus();
    return undefined;
  }

  // The chat was erased: its words leave the screen too.
  #forget() {
    if (this.#isErased) return;
    this.dataset.state = "erased";
    this.#leaving.abort();
    this.#log.replaceChildren();
    const foot = this.querySelector(".chat-pane__foot");
    const hadFocus = this.contains(document.activeElement);
    foot.replaceChildren(this.#text("erased"));
    for (const old of this.querySelectorAll(".chat-pane__head :is(button, dialog, [popover], .desk__who, .expiry)")) old.remove();
    this.querySelector("h1").textContent = foot.querySelector("[data-title]").dataset.title;
    document.querySelector("agent-desk")?.rename(this.querySelector("h1").textContent);
    document.querySelector("agent-desk")?.refresh();
    if (hadFocus) foot.querySelector("a").focus();
  }

  get #isErased() {
    return this.dataset.state === "erased";
  }

  get #box() {
    return this.querySelector("textarea");
  }

  get #chosen() {
    return this.querySelector("chosen-files");
  }

  get #isComplaining() {
    return this.querySelector("#message-errors")?.hasChildNodes() ?? false;
  }

  #press(event) {
    // While an input method composes a character, Enter belongs to it.
    if (event.target !== this.#box || event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    this.#box.form.requestSubmit();
  }

  #submit(event) {
    if (!event.target.matches(".composer")) return;
    event.preventDefault();
    if (!this.#box.readOnly) this.#send(event.target);
  }

  async #send(form) {
    // The same again is the same message; other words or files are another one, even if the first ones did arrive.
    const said = { text: this.#box.value, files: this.#chosen.files };
    if (this.#unsure && !areAlike(this.#unsure, said)) form.elements.client_id.value = newId();
    this.#unsure = said;
    const content = new FormData(form);
    for (const file of said.files) content.append("files", file);
    content.set("after", this.#last);
    this.#box.readOnly = true;
    try {
      await this.#judge(form, said, await fetch(form.action, { method: "POST", body: content, headers: asJson }));
    } catch {
      this.#complain(this.#text("unsent")); // perhaps it did arrive: with the same client_id it is said only once
    } finally {
      if (this.#box) this.#box.readOnly = false;
    }
  }

  async #judge(form, said, answer) {
    if (answer.status === 404) return this.#forget();
    if (answer.redirected) return this.#complain(this.#text("signed-out"));
    if (!isJson(answer)) return this.#complain(this.#text(REASONS[answer.status] ?? "unsent"));
    const { errors, entries } = await answer.json();
    if (this.#isErased) return undefined;
    if (errors) this.#complain(...errors.map(paragraph));
    if (answer.status === 409) return this.#catchUp();
    if (!answer.ok) return undefined;
    this.#complain();
    this.#box.value = "";
    this.#chosen.drop(said.files);
    this.#unsure = null;
    form.elements.client_id.value = newId();
    this.#typedAt = 0;
    this.#append(entries);
    return this.#toEnd();
  }

  #complain(...reasons) {
    if (this.#isErased) return;
    this.querySelector(".composer").classList.toggle("composer--invalid", reasons.length > 0);
    this.querySelector("#message-errors").replaceChildren(...reasons);
    if (reasons.length) this.#box.setAttribute("aria-invalid", "true");
    else this.#box.removeAttribute("aria-invalid");
    this.#box.focus();
  }

  #type() {
    if (!this.#box?.value || Date.now() - this.#typedAt < TYPING_SENT) return;
    this.#typedAt = Date.now();
    this.#post(this.dataset.typing).catch(() => {});
  }

  #showTyping() {
    const sign = this.querySelector(".typing");
    if (!sign) return;
    sign.hidden = false;
    clearTimeout(this.#typing);
    this.#typing = setTimeout(() => this.#hideTyping(), TYPING_SHOWN);
  }

  #hideTyping() {
    this.querySelector(".typing")?.setAttribute("hidden", "");
  }

  // Read is what stands in a window that is looked at; the other tabs are told.
  async #see() {
    if (document.hidden || !document.hasFocus() || this.dataset.state !== "mine") return;
    if (this.#last <= Number(this.dataset.seenSeq ?? 0)) return;
    this.dataset.seenSeq = this.#last;
    try {
      await this.#post(this.dataset.seen, { seq: this.#last });
      document.querySelector("agent-stream")?.spread("seen");
    } catch {
      this.dataset.seenSeq = 0;
    }
  }

  #post(address, values = {}) {
    const content = new FormData();
    content.set("csrfmiddlewaretoken", this.querySelector("[name=csrfmiddlewaretoken]").value);
    for (const [name, value] of Object.entries(values)) content.set(name, value);
    return fetch(address, { method: "POST", body: content, headers: asJson });
  }

  #toEnd() {
    this.#log.scrollTop = this.#log.scrollHeight;
  }

  #text(name) {
    return this.querySelector(`template[data-text=${name}]`).content.cloneNode(true);
  }
}

const REASONS = { 403: "too-old", 413: "too-large" };
const asJson = { Accept: "application/json" };

function isJson(answer) {
  return answer.headers.get("Content-Type")?.startsWith("application/json") ?? false;
}

function areAlike(one, other) {
  const isSame = (file, index) => file === other.files[index];
  return one.text === other.text && one.files.length === other.files.length && one.files.every(isSame);
}

function paragraph(text) {
  const element = document.createElement("p");
  element.textContent = text;
  return element;
}

// crypto.randomUUID exists over https and on localhost only.
function newId() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

customElements.define("chat-pane", ChatPane);
