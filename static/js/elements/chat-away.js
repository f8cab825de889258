// <chat-away base="/chat/…/" origins="https://…">: an account that is switched off. Asks until it is on again, then loads its chat.

import { keeperFor } from "../chat/keeper.js";

const RETRY = 3000;
const LONGEST_RETRY = 30_000;

class ChatAway extends HTMLElement {
  connectedCallback() {
    const base = this.getAttribute("base");
    // The page around the frame is told that somebody is here; the token that it hands over stays with it.
    const keeper = keeperFor(this, this.getAttribute("origins").split(" "), base);
    document.addEventListener("keydown", (event) => event.key === "Escape" && keeper.hide());
    this.#wait(base);
  }

  resume() {}
  restart() {}
  shown() {}
  hidden() {}
  stays() {}

  async #wait(base) {
    for (let wait = RETRY; ; wait = Math.min(2 * wait, LONGEST_RETRY)) {
      await new Promise((resolve) => setTimeout(resolve, wait));
      const answer = await fetch(base, { credentials: "omit", cache: "no-store" }).catch(() => null);
      if (answer?.ok) return location.reload();
    }
  }
}

customElements.define("chat-away", ChatAway);
