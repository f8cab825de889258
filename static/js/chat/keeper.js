// Who keeps the token of a chat while the visitor moves between pages: the page around the frame, or this tab's storage.
//
// A frame of another site gets no storage of its own, so the loader keeps the token and hands it over by postMessage.
// The chat's side: `resume(token, seen)`, `shown(focus)`, `hidden()`, `stays()`: the browser lets nothing be stored.
// `page` is the address of the page around the frame, as its loader says it; empty where there is none.
// `consent` is what the site says of its own question: `state` is given or refused, `reference` its own proof.

const TOKEN = /^[\w-]{43}$/;

export function keeperFor(chat, origins, name) {
  return window.parent === window ? new OwnTab(chat, name) : new HostPage(chat, origins);
}

class HostPage {
  #chat;
  #origins;
  #origin = null;
  page = "";
  consent = {};

  constructor(chat, origins) {
    this.#chat = chat;
    this.#origins = origins;
    addEventListener("message", (event) => this.#hear(event));
  }

  started = (token) => this.#tell({ lethe: "started", token });
  ended = () => this.#tell({ lethe: "ended" });
  seen = (seq) => this.#tell({ lethe: "seen", seen: seq });
  unread = (number) => this.#tell({ lethe: "unread", unread: number });
  hide = () => this.#tell({ lethe: "hide" });

  // Nothing leaves this frame before one of the account's own sites has spoken.
  #tell(message) {
    if (this.#origin) window.parent.postMessage(message, this.#origin);
  }

  #hear(event) {
    if (event.source !== window.parent || !this.#origins.includes(event.origin)) return;
    const { lethe: what, token, seen, open, focus, page, consent } = Object(event.data);
    if (typeof page === "string") this.page = page;
    if (consent) this.consent = Object(consent);
    if (what === "hello" && !this.#origin) {
      this.#origin = event.origin;
      document.body.classList.add("frame--embedded");
      this.#tell({ lethe: "ready", dir: document.documentElement.dir });
      if (open === false) this.#chat.hidden();
      if (typeof token === "string" && TOKEN.test(token)) this.#chat.resume(token, Number(seen) || 0);
      else this.#chat.restart();
    }
    if (what === "shown") this.#chat.shown(focus === true);
    if (what === "hidden") this.#chat.hidden();
    if (what === "stays") this.#chat.stays();
  }
}

class OwnTab {
  #chat;
  #name;
  page = "";
  consent = {};

  constructor(chat, name) {
    this.#chat = chat;
    this.#name = `lethe:${name}`;
    const token = this.#try(() => sessionStorage.getItem(this.#name));
    if (TOKEN.test(token ?? "")) queueMicrotask(() => chat.resume(token, 0));
  }

  started(token) {
    if (this.#try(() => (sessionStorage.setItem(this.#name, token), true)) === undefined) this.#chat.stays();
  }

  ended = () => this.#try(() => sessionStorage.removeItem(this.#name));
  seen() {}
  unread() {}
  hide() {}

  #try(access) {
    try {
      return access();
    } catch {
      return undefined; // storage is refused
    }
  }
}
