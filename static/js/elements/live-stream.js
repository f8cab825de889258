// <live-stream src="/stream/…">: server-sent events over fetch, so that headers and Last-Event-ID travel.
//
// Attributes: `src`; `after`, the id to start behind; `pause`, to let go of the connection while the page is hidden;
// `silence`, the seconds without a byte after which a connection counts as dead (45: the server speaks every 20).
// Property: `headers`, a function that returns extra request headers. Where it is needed, set it before `src`.
// Events, all bubbling: `live:message` and `live:<name>` with detail {id, data}; `live:state` with detail
// connecting, open, waiting, paused or closed (also in `data-state`). Closed is for good, until `src` changes.

const GONE = new Set([204, 401, 403, 404, 410]);
const FIRST_DELAY = 500;
const LONGEST_DELAY = 15_000;

class LiveStream extends HTMLElement {
  static observedAttributes = ["src"];
  #session = null;
  #last = null;

  connectedCallback() {
    this.#start();
  }

  disconnectedCallback() {
    this.#session?.abort();
    this.#session = null;
  }

  attributeChangedCallback(_name, before, after) {
    if (before === after) return;
    this.#last = null;
    if (this.isConnected) this.#start();
  }

  #start() {
    this.#session?.abort();
    this.#session = null;
    if (!this.getAttribute("src")) return;
    this.#last ??= this.getAttribute("after");
    this.#session = new AbortController();
    this.#run(this.#session.signal);
  }

  async #run(session) {
    // An upgrade sets attributes and connects in one go: let both happen before the first request.
    await null;
    for (let failures = 0; !session.aborted; failures++) {
      if (this.#resting) {
        this.#announce("paused");
        await pause(session, null);
        failures = -1;
        continue;
      }
      this.#announce("connecting");
      const outcome = await this.#connect(session, () => (failures = -1));
      if (session.aborted) return;
      if (outcome === "closed") return this.#announce("closed");
      if (this.#resting) continue;
      this.#announce("waiting");
      await pause(session, backOff(Math.max(failures, 0)));
    }
  }

  get #resting() {
    return document.hidden && this.hasAttribute("pause");
  }

  // Resolves to "closed" where the server said that there is nothing more to come, else to "lost".
  async #connect(session, heard) {
    const connection = new AbortController();
    const hangUp = () => connection.abort();
    const onVisibility = () => this.#resting && hangUp();
    const watchdog = new Watchdog(Number(this.getAttribute("silence") ?? 45) * 1000, hangUp);
    session.addEventListener("abort", hangUp);
    document.addEventListener("visibilitychange", onVisibility);
    try {
      const response = await this.#request(connection.signal);
      // A redirect leads to a page to sign in at, never to a stream.
      if (GONE.has(response.status) || response.redirected) return "closed";
      if (!response.ok || !isEventStream(response)) return "lost";
      this.#announce("open");
      return await this.#read(response.body, connection.signal, () => (watchdog.reset(), heard()));
    } catch {
      return "lost";
    } finally {
      hangUp();
      watchdog.stop();
      session.removeEventListener("abort", hangUp);
      document.removeEventListener("visibilitychange", onVisibility);
    }
  }

  #request(signal) {
    const headers = new Headers(this.headers?.() ?? {});
    headers.set("Accept", "text/event-stream");
    if (this.#last !== null) headers.set("Last-Event-ID", this.#last);
    return fetch(this.getAttribute("src"), { headers, signal, cache: "no-store" });
  }

  async #read(body, signal, heard) {
    const reader = body.pipeThrough(new TextDecoderStream()).getReader();
    const parser = new EventParser();
    for (;;) {
      const { done, value } = await reader.read();
      if (done || signal.aborted) return "lost";
      heard();
      for (const event of parser.feed(value)) {
        if (signal.aborted) return "lost";
        this.#deliver(event);
        if (event.name === "bye") return "closed";
      }
    }
  }

  #deliver({ name, id, data }) {
    if (id !== null) {
      if (isOld(id, this.#last)) return;
      this.#last = id;
    }
    if (data !== null) this.#dispatch(`live:${name || "message"}`, { id, data });
  }

  #announce(state) {
    if (this.dataset.state === state) return;
    this.dataset.state = state;
    this.#dispatch("live:state", state);
  }

  #dispatch(type, detail) {
    this.dispatchEvent(new CustomEvent(type, { bubbles: true, detail }));
  }
}

// The event stream format: https://html.spec.whatwg.org/multipage/server-sent-events.html#parsing-an-event-stream
class EventParser {
  #rest = "";
  #afterReturn = false;
  #event = emptyEvent();

  *feed(chunk) {
    // A CRLF that was cut in two is still one line end.
    const text = this.#afterReturn && chunk.startsWith("\n") ? chunk.slice(1) : chunk;
    if (chunk) this.#afterReturn = chunk.endsWith("\r");
    const lines = (this.#rest + text).split(/\r\n|\n|\r/);
    this.#rest = lines.pop();
    for (const line of lines) {
      if (line) this.#field(line);
      else yield* this.#complete();
    }
  }

  #field(line) {
    const [, name, value] = /^([^:]*)(?::[ ]?(.*))?$/s.exec(line);
    if (name === "data") this.#event.lines.push(value ?? "");
    if (name === "event") this.#event.name = value ?? "";
    if (name === "id" && !value?.includes("\0")) this.#event.id = value ?? "";
  }

  *#complete() {
    const { name, id, lines } = this.#event;
    this.#event = emptyEvent();
    if (lines.length || id !== null || name === "bye") yield { name, id, data: lines.length ? lines.join("\n") : null };
  }
}

class Watchdog {
  #timer;

  constructor(milliseconds, bark) {
    this.reset = () => {
      clearTimeout(this.#timer);
      this.#timer = setTimeout(bark, milliseconds);
    };
    this.reset();
  }

  stop() {
    clearTimeout(this.#timer);
  }
}

function emptyEvent() {
  return { name: "", id: null, lines: [] };
}

function isEventStream(response) {
  return response.headers.get("Content-Type")?.startsWith("text/event-stream") ?? false;
}

function isOld(id, last) {
  const whole = /^\d+$/;
  return last !== null && whole.test(id) && whole.test(last) && BigInt(id) <= BigInt(last);
}

// Jitter keeps a thousand pages from coming back in the same instant after a restart.
function backOff(failures) {
  return Math.min(LONGEST_DELAY, FIRST_DELAY * 2 ** failures) * (0.6 + Math.random() * 0.8);
}

// Waits, but no longer than until the page is looked at again, is online again, or the session ends.
function pause(session, milliseconds) {
  const over = new AbortController();
  return new Promise((resolve) => {
    const end = () => (over.abort(), resolve());
    const { signal } = over;
    const timer = milliseconds === null ? null : setTimeout(end, milliseconds);
    signal.addEventListener("abort", () => clearTimeout(timer));
    session.addEventListener("abort", end, { signal });
    window.addEventListener("online", end, { signal });
    document.addEventListener("visibilitychange", () => document.hidden || end(), { signal });
  });
}

customElements.define("live-stream", LiveStream);
