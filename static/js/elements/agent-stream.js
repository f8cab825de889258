// <agent-stream src="/stream/agent/" name="…">: one stream for all tabs of a browser.
//
// The tab that holds the Web Lock `name` opens the stream and passes on what it hears; the others listen, and one of
// them takes over when it goes. A page that holds a lock isn't frozen in the background. Without Web Locks each tab has
// a stream of its own. `name` belongs to one person, so that nobody hears what another one's stream says.
//
// Events, dispatched on the document of every tab: `agent:entry`, `agent:queue`, `agent:typing`, `agent:ended`, whose
// detail is what the server sent; `agent:seen`, told by a tab; `agent:fresh` when something may have been missed;
// `agent:state` with detail connecting, open, waiting or closed.

const HEARD = ["entry", "queue", "typing", "ended"];

class AgentStream extends HTMLElement {
  #channel;
  #leaving;

  connectedCallback() {
    this.#channel = new BroadcastChannel(this.getAttribute("name"));
    this.#channel.onmessage = ({ data }) => tell(data.type, data.detail);
    this.#leaving = new AbortController();
    document.addEventListener("visibilitychange", () => document.hidden || tell("fresh"), this.#leaving);
    this.#lead(this.#leaving.signal);
  }

  disconnectedCallback() {
    this.#leaving.abort();
    this.#channel.close();
    this.replaceChildren();
  }

  // Tells every tab, this one first.
  spread(type, detail = null) {
    tell(type, detail);
    this.#channel.postMessage({ type, detail });
  }

  async #lead(signal) {
    if (!navigator.locks) return this.#open();
    try {
      await navigator.locks.request(this.getAttribute("name"), { signal }, () => new Promise((done) => this.#open(done)));
    } catch (error) {
      if (error.name !== "AbortError") throw error;
    }
  }

  #open(done = () => {}) {
    const stream = document.createElement("live-stream");
    for (const name of HEARD) {
      stream.addEventListener(`live:${name}`, ({ detail }) => this.spread(name, detail.data && JSON.parse(detail.data)));
    }
    stream.addEventListener("live:state", ({ detail }) => {
      this.spread("state", detail);
      if (detail === "open") this.spread("fresh");
      // Refused for good: signed out, or no longer let in. Another tab may have signed in anew, so the lock is let go.
      if (detail === "closed") done();
    });
    this.#leaving.signal.addEventListener("abort", () => done());
    stream.setAttribute("src", this.getAttribute("src"));
    this.append(stream);
  }
}

function tell(type, detail = null) {
  document.dispatchEvent(new CustomEvent(`agent:${type}`, { detail }));
}

customElements.define("agent-stream", AgentStream);
