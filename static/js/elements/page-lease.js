// <page-lease check="…">…<template>…</template></page-lease>: the page may be shown as long as `check` answers 204.
// When that is over, what stands in the template takes the place of everything in <main>.

const EVERY = 15_000;

class PageLease extends HTMLElement {
  #timer;

  connectedCallback() {
    this.#timer = setInterval(() => this.#ask(), EVERY);
    addEventListener("pageshow", this.#shown);
  }

  disconnectedCallback() {
    clearInterval(this.#timer);
    removeEventListener("pageshow", this.#shown);
  }

  // Back from another page, the browser may show this one as it was left.
  #shown = (event) => event.persisted && this.#ask();

  async #ask() {
    try {
      const answer = await fetch(this.getAttribute("check"), { method: "HEAD", redirect: "manual", cache: "no-store" });
      if (answer.status !== 204) this.#end();
    } catch {
      // The network is away; nobody knows, and the next time asks again.
    }
  }

  #end() {
    const said = this.querySelector("template");
    if (said && this.isConnected) this.closest("main").replaceChildren(said.content.cloneNode(true));
  }
}

customElements.define("page-lease", PageLease);
