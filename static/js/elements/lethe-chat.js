// <lethe-chat base="/chat/…/" origins="https://…">: the visitor's chat, from the form to the end.
//
// The server renders every screen; this element asks for them, with the token in a header, and puts them in place.

import { Bot } from "../chat/bot.js";
import { saveFile, saveSent, textOfLog } from "../chat/download.js";
import { keeperFor } from "../chat/keeper.js";
import { Lines } from "../chat/lines.js";
import { Outbox, bodyOf, bodyOfForm } from "../chat/outbox.js";
import { parsed, template } from "../chat/screens.js";

const OFFLINE_AFTER = 2000;
const RETRY = 3000;
const LONGEST_RETRY = 30_000;
const REFUSED = [400, 408, 413]; // by who stands before the chat: the same again would be refused again

class LetheChat extends HTMLElement {
  #token = null;
  #ticket = null; // lets the visitor rate a chat that somebody else has ended and that may be erased by then
  #isEnding = false;
  #isHidden = false;
  #stays = false;
  #aside = null; // the composer, while the form to leave a message has the only field of that name
  #unread = 0;
  #seen = 0;
  #offline;

  connectedCallback() {
    this.words = document.getElementById("chat-words").dataset;
    this.endButton = document.querySelector('[data-action="ask-end"]');
    this.form = this.innerHTML;
    this.#ready();
    this.lines = new Lines(this, this.words);
    this.bot = new Bot(this);
    this.outbox = new Outbox((message) => this.#deliver(message));
    this.addEventListener("submit", (event) => this.#submit(event));
    document.addEventListener("click", (event) => this.#click(event));
    document.addEventListener("keydown", (event) => this.#key(event));
    this.addEventListener("composer:send", ({ detail }) => this.#say(detail));
    this.addEventListener("composer:typing", () => this.#ask("typing/", { method: "POST" }).catch(() => {}));
    this.#listen();
    if (location.hash === "#resume" && window.parent !== window) this.#show(template("chat-resuming"));
    this.keeper = keeperFor(this, this.getAttribute("origins").split(" "), this.getAttribute("base"));
  }

  // What the keeper calls

  async resume(token, seen) {
    this.#token = token;
    this.#seen = seen;
    this.#show(template("chat-resuming"));
    await this.#refresh();
    if (this.log) this.#countMissed();
  }

  restart() {
    if (!this.querySelector('[data-state="form"]') && !this.#token) this.#show(this.form);
  }

  shown(focus) {
    this.#isHidden = false;
    this.#notice();
    // Who is in a field already, because they were quicker, is not moved out of it.
    if (focus && !document.activeElement?.matches("textarea, input")) this.#focusFirst();
    this.log?.scrollToEnd();
  }

  hidden() {
    this.#isHidden = true;
  }

  stays() {
    this.#stays = true;
    this.lines.stays(this.#stays);
  }

  // Screens

  get log() {
    return this.querySelector("chat-log");
  }

  get composer() {
    return this.#aside ?? this.querySelector("chat-composer");
  }

  slotNamed(name) {
    return this.querySelector(`[data-slot="${name}"]`);
  }

  #show(screen) {
    this.#stream?.remove();
    this.#aside = null;
    this.replaceChildren(typeof screen === "string" ? parsed(screen) : screen);
    this.#ready();
    this.#focusMarked();
  }

  // The form can't be sent before there is a script to keep the token it would get.
  #ready() {
    this.endButton.hidden = !this.composer;
    for (const button of this.querySelectorAll("[data-form] button")) button.disabled = false;
  }

  #focusFirst() {
    if (this.bot.panel) return this.bot.focus();
    const field = this.composer?.querySelector("textarea") ?? this.querySelector("input:not([type=hidden]), textarea");
    return (field ?? this.querySelector("button"))?.focus();
  }

  #focusMarked() {
    (this.querySelector(".form-errors") ?? this.querySelector("[data-focus]"))?.focus();
  }

  async #showPane(answer) {
    this.#ticket = answer.headers.get("X-Rating-Ticket");
    this.#show(await answer.text());
    this.lines.stays(this.#stays);
    if (this.composer) this.#connect();
    else this.keeper.ended();
  }

  // Asks for the chat as it is: after a reload, and when the stream says that it is over.
  // Any answer but 404, such as 503 of an account that is switched off, tells nothing about the chat.
  async #refresh() {
    for (let wait = RETRY; ; wait = Math.min(2 * wait, LONGEST_RETRY)) {
      const token = this.#token;
      const answer = await this.#ask("conversation/").catch(() => null);
      if (token !== this.#token || token === null) return;
      if (answer?.ok) return this.#showPane(answer);
      if (answer?.status === 404) return this.#gone();
      this.lines.announce(this.words.offline);
      await new Promise((resolve) => setTimeout(resolve, wait));
    }
  }

  #gone() {
    this.keeper.ended();
    if (this.log) return this.#over();
    this.#token = null;
    this.#show(this.form);
    const notice = this.slotNamed("notice");
    notice.replaceWith(template("chat-gone"));
  }

  // Erased while on the screen: what was said stays in this window, and only here.
  #over() {
    this.#stream?.remove();
    this.#aside = null;
    this.outbox.clear();
    this.querySelector("dialog")?.remove();
    this.querySelector('[data-state="leave"]')?.remove();
    this.querySelector(".chat-pane").hidden = false;
    this.querySelector(".chat-pane__head").hidden = true;
    this.slotNamed("foot").replaceChildren(template("chat-erased"));
    this.endButton.hidden = true;
    this.#token = null;
    this.log.scrollToEnd();
    if (!this.#isHidden) this.#focusMarked();
  }

  // Requests

  #ask(path, { method = "GET", body = null, url = this.getAttribute("base") + path, token = this.#token } = {}) {
    const headers = token ? { "X-Chat-Token": token } : {};
    // No cookie goes along; `keepalive` lets a message arrive although its page is left, without files: it is for 64 kB.
    const keepalive = method === "POST" && !(body instanceof FormData);
    return fetch(url, { method, body, headers, credentials: "omit", cache: "no-store", keepalive });
  }

  async #submit(event) {
    const form = event.target;
    if (!form.dataset.form) return;
    event.preventDefault();
    const button = event.submitter ?? form.querySelector("button:not([type])");
    const body = bodyOfForm(form, event.submitter);
    button.disabled = true;
    if (body.has("page")) body.set("page", this.keeper.page);
    if (body.has("site_consent")) this.#setSite(body);
    try {
      const send = { start: this.#start, end: this.#end, leave: this.#leave, rate: this.#rate, agree: this.#agree, secure: this.#secure, bot: this.#answer };
      await send[form.dataset.form].call(this, form, body);
    } finally {
      button.disabled = false;
    }
  }

  async #start(form, body) {
    const answer = await this.#ask("", { method: "POST", body, url: form.action }).catch(() => null);
    if (answer?.status === 422) return this.#show(await answer.text());
    if (!answer?.ok) return this.lines.announce(this.words.failed);
    return this.#begin(answer);
  }

  async #begin(answer) {
    this.#token = answer.headers.get("X-Chat-Token");
    await this.#showPane(answer);
    this.keeper.started(this.#token);
    this.#notice();
    this.#focusFirst();
  }

  // An answer to the bot. Before the visitor agrees there is no token, and nothing is stored anywhere.
  async #answer(form, body) {
    if (form.ariaBusy === "true") return undefined;
    form.ariaBusy = "true";
    body.set("after", this.log.last);
    const path = this.#token ? "bot/" : "bot/begin/";
    const answer = await this.#ask(path, { method: "POST", body }).catch(() => null);
    form.ariaBusy = "false";
    if (answer?.status === 201) return this.#begin(answer);
    if (this.#token && [404, 409, 410].includes(answer?.status)) return this.#refresh();
    if (answer?.ok || answer?.status === 422) return this.#turn(parsed(await answer.text()));
    this.slotNamed("bot-error").textContent = this.words.failed;
    return undefined;
  }

  #turn(screen) {
    if (screen.querySelector("[data-state]")) {
      this.#show(screen);
      return this.#focusFirst();
    }
    this.bot.take(screen);
    return this.bot.panel?.dataset.opens === "leave" ? this.#askToLeave() : undefined;
  }

  // What the site around the frame says of its own question, where the account leaves the asking to it.
  #setSite(body) {
    const { state = "", reference = "" } = this.keeper.consent;
    body.set("site_consent", state);
    body.set("site_reference", reference);
  }

  // The text of the consent has changed since this chat began.
  async #agree(form, body) {
    const answer = await this.#ask("consent/", { method: "POST", body }).catch(() => null);
    if (answer?.ok) return this.#showPane(answer);
    if (answer?.status === 422) return this.#replace(this.slotNamed("again"), await answer.text());
    if (answer?.status === 404 || answer?.status === 410) return this.#refresh();
    this.slotNamed("agree-error").textContent = this.words.failed;
  }

  #replace(part, html) {
    part.replaceWith(parsed(html));
    this.#ready();
    this.#focusMarked();
  }

  async #withdraw(button) {
    button.disabled = true;
    this.#isEnding = true;
    const answer = await this.#ask("consent/withdraw/", { method: "POST" }).catch(() => null);
    this.#isEnding = false;
    if (answer?.ok) return this.#finish(await answer.text());
    button.disabled = false;
    if (answer?.status === 404) return this.#gone();
    this.lines.announce(this.words.failed);
  }

  async #saveConsent(kind) {
    const answer = await this.#ask(`consent/copy/${kind === "json" ? "?as=json" : ""}`).catch(() => null);
    if (answer?.ok) saveFile(`consent-${new Date().toISOString().slice(0, 10)}.${kind}`, await answer.blob());
    else this.lines.announce(this.words.failed);
  }

  async #end(form, body) {
    this.#isEnding = true;
    const answer = await this.#ask("end/", { method: "POST", body }).catch(() => null);
    this.#isEnding = false;
    if (answer?.status === 404) return this.#gone();
    if (!answer?.ok) return (this.slotNamed("end-error").textContent = this.words.failed);
    form.closest("dialog").close();
    this.#finish(await answer.text());
  }

  async #leave(form, body) {
    this.#isEnding = true;
    const answer = await this.#ask("leave/", { method: "POST", body }).catch(() => null);
    this.#isEnding = false;
    if (answer?.status === 201) return this.#finish(await answer.text());
    if (answer?.status === 422) return this.#showLeave(await answer.text());
    if (answer?.status === 404 || answer?.status === 410) return this.#refresh();
    this.slotNamed("leave-error").textContent = answer?.status === 413 ? this.words.large : this.words.failed;
  }

  // The ticket goes without the chat's token: nothing that is sent tells whose rating it is.
  async #rate(form, body) {
    body.set("ticket", this.#ticket ?? "");
    const answer = await this.#ask("rating/", { method: "POST", body, token: null }).catch(() => null);
    const said = [201, 403, 409, 422].includes(answer?.status) ? parsed(await answer.text()) : null;
    const error = said ? said.querySelector('[data-slot="rate-error"]')?.textContent : this.words.failed;
    if (error) return (this.slotNamed("rate-error").textContent = error);
    const thanks = said.querySelector("[data-focus]");
    form.replaceWith(said);
    thanks?.focus();
  }

  // A sensitive value is kept nowhere here: what could not be sent stays in its field, and that is all.
  async #secure(form, body) {
    const answer = await this.#ask("secure/", { method: "POST", body }).catch(() => null);
    if (answer?.status === 201) {
      this.log.add(await answer.text());
      return this.composer?.focusBox();
    }
    if ([404, 409, 410].includes(answer?.status)) return this.#refresh();
    form.querySelector(".field__errors").innerHTML = answer?.status === 422 ? await answer.text() : this.words.failed;
    form.querySelector("[name=value]").focus();
  }

  #finish(screen) {
    this.outbox.clear();
    this.#token = this.#ticket = null;
    this.#seen = 0;
    this.keeper.ended();
    this.#show(screen);
  }

  async #deliver(message) {
    const { clientId, text, files } = message;
    const body = bodyOf(message);
    const answer = await this.#ask("messages/", { method: "POST", body }).catch(() => null);
    if (answer?.status === 201) {
      this.log?.add(await answer.text());
      if (this.#stream?.dataset.state === "open") this.lines.announce("");
    } else if (answer?.status === 422) {
      this.log?.drop(clientId);
      this.composer?.refuse(text, files, await answer.text());
    } else if (answer?.status === 409) {
      this.log?.drop(clientId);
      await this.#refresh();
      this.composer?.refuse(text, files, new Text(""));
    } else if (REFUSED.includes(answer?.status)) {
      this.log?.drop(clientId);
      this.composer?.refuse(text, files, new Text(answer.status === 413 ? this.words.large : this.words.failed));
    } else if (answer?.status === 404 || answer?.status === 410) {
      this.outbox.clear();
      if (!this.#isEnding) this.#refresh();
    } else {
      this.lines.announce(this.words.offline);
      return false;
    }
    return true;
  }

  #say({ text, files }) {
    const { clientId } = this.outbox.add(text, files);
    this.log.expect(clientId, { text, files }, this.words.you, this.words.sending);
  }

  // Buttons and keys

  #click(event) {
    const button = event.target.closest("[data-action]");
    const actions = {
      "ask-end": () => this.querySelector("dialog").showModal(),
      keep: () => this.querySelector("dialog").close(),
      download: () => this.#download(),
      "save-file": () => this.#saveFile(button),
      "save-seen": () => saveFile(this.#fileName, textOfLog(this.log, this.words.unsent)),
      again: () => this.#again(),
      withdraw: () => this.#withdraw(button),
      "consent-text": () => this.#saveConsent("txt"),
      "consent-data": () => this.#saveConsent("json"),
      leave: () => this.#askToLeave(),
      back: () => this.#back(),
    };
    actions[button?.dataset.action]?.();
  }

  #key(event) {
    if (event.key === "Escape" && !this.querySelector("dialog[open]")) this.keeper.hide();
  }

  get #fileName() {
    return `chat-${new Date().toISOString().slice(0, 10)}.txt`;
  }

  async #download() {
    const answer = await this.#ask("transcript/").catch(() => null);
    if (answer?.ok) saveFile(this.#fileName, await answer.blob());
    else if (this.log) saveFile(this.#fileName, textOfLog(this.log, this.words.unsent));
  }

  // Once the chat is erased nobody holds its token any more, and its files are gone with it.
  #saveFile(button) {
    const gone = { ok: false, status: 404 };
    const ask = async () => (this.#token ? this.#ask(`files/${button.dataset.file}/`).catch(() => null) : gone);
    return saveSent(button, ask, this.words);
  }

  #again() {
    this.#token = this.#ticket = null;
    this.#seen = 0;
    this.#show(this.form);
    this.#focusFirst();
  }

  async #askToLeave() {
    const answer = await this.#ask("leave/").catch(() => null);
    if (answer?.ok) this.#showLeave(await answer.text());
    else if (answer?.status === 404) this.#gone();
    else this.lines.announce(this.words.failed);
  }

  // The chat goes on behind the form: somebody may still come. Files that were chosen and not sent come along.
  #showLeave(html) {
    const files = this.querySelector('[data-state="leave"] input[type=file]')?.files ?? this.composer?.chosen.files ?? [];
    this.querySelector('[data-state="leave"]')?.remove();
    this.querySelector(".chat-pane").hidden = true;
    this.#aside = this.composer;
    this.#aside?.remove();
    this.endButton.hidden = true;
    this.append(parsed(html));
    const chosen = new DataTransfer();
    for (const file of files) chosen.items.add(file);
    this.querySelector('[data-state="leave"] input[type=file]').files = chosen.files;
    this.#focusMarked();
  }

  #back() {
    this.querySelector('[data-state="leave"]').remove();
    this.querySelector(".chat-pane").hidden = false;
    if (this.#aside) this.slotNamed("foot").append(this.#aside);
    this.#aside = null;
    this.endButton.hidden = !this.composer;
    this.log.scrollToEnd();
    this.#focusFirst();
  }

  // The stream

  get #stream() {
    return this.querySelector("live-stream");
  }

  #connect() {
    const stream = document.createElement("live-stream");
    stream.setAttribute("pause", "");
    stream.setAttribute("after", String(this.log.last));
    const token = this.#token;
    stream.headers = () => ({ "X-Chat-Token": token });
    stream.setAttribute("src", "/stream/visitor/");
    this.append(stream);
  }

  #listen() {
    window.addEventListener("online", () => this.outbox.hurry());
    this.addEventListener("live:message", ({ detail }) => this.#received(detail.data));
    this.addEventListener("live:status", ({ detail }) => this.#standing(JSON.parse(detail.data)));
    this.addEventListener("live:typing", ({ detail }) => detail.data === "agent" && this.lines.typing(true));
    this.addEventListener("live:ended", ({ detail }) => this.#ended(JSON.parse(detail.data).erased));
    this.addEventListener("live:state", ({ detail }) => this.#connection(detail));
  }

  #received(html) {
    const entry = this.log?.add(html);
    if (entry?.dataset.side === "agent") {
      this.lines.typing(false);
      if (this.#isHidden && !entry.dataset.kind) this.#unread += 1;
    }
    this.#notice();
  }

  #standing(now) {
    this.lines.status(now);
    if (this.#token && now.status !== "bot") this.bot.leave();
  }

  #ended(erased) {
    if (this.#isEnding || !this.#token) return;
    this.keeper.ended();
    if (erased) this.#over();
    else this.#refresh();
  }

  #connection(state) {
    clearTimeout(this.#offline);
    if (state === "open") {
      this.lines.announce("");
      this.outbox.hurry();
    }
    if (state === "waiting") this.#offline = setTimeout(() => this.lines.announce(this.words.offline), OFFLINE_AFTER);
    // Refused, without a word that it ended: ask what became of it.
    if (state === "closed" && this.#token && this.composer && !this.#isEnding) this.#refresh();
  }

  // What was read

  #countMissed() {
    const missed = [...this.log.querySelectorAll('article[data-side="agent"]')];
    this.#unread = missed.filter((entry) => Number(entry.dataset.seq) > this.#seen).length;
    this.#notice();
  }

  #notice() {
    if (!this.log || !this.#token) return;
    if (!this.#isHidden) {
      this.#unread = 0;
      this.keeper.seen(this.log.last);
    }
    this.keeper.unread(this.#unread);
  }
}

customElements.define("lethe-chat", LetheChat);
