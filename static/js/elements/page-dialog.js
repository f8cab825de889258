// <page-dialog data-failed="…">: opens the page of a link marked `data-page-dialog` in a dialog, beside what is open.
//
// Of that page it shows what is marked `data-dialog-part`. A form in it is sent without leaving the page; `data-close`
// closes it. What was shown goes when it is closed. Without this script the link leads to the page itself.

class PageDialog extends HTMLElement {
  #dialog = document.createElement("dialog");
  #opener = null;
  #leaving = new AbortController();

  connectedCallback() {
    this.#dialog.className = "dialog dialog--page";
    this.#dialog.setAttribute("aria-labelledby", "dialog-title");
    this.append(this.#dialog);
    document.addEventListener("click", (event) => this.#click(event), this.#leaving);
    this.#dialog.addEventListener("submit", (event) => this.#submit(event));
    this.#dialog.addEventListener("close", () => this.#clear());
  }

  disconnectedCallback() {
    this.#leaving.abort();
  }

  #click(event) {
    const link = event.target.closest("a");
    if (!link || event.button || event.ctrlKey || event.metaKey || event.shiftKey) return;
    if (link.matches("[data-close]") && this.#dialog.contains(link)) {
      event.preventDefault();
      this.#dialog.close();
    } else if (link.matches("[data-page-dialog]")) {
      event.preventDefault();
      this.#opener = link;
      this.#show(fetch(link.href, { cache: "no-store" }), link.href);
    }
  }

  async #submit(event) {
    event.preventDefault();
    const form = event.target;
    const button = event.submitter ?? form.querySelector("button");
    button.disabled = true;
    await this.#show(fetch(form.action, { method: "POST", body: new FormData(form), cache: "no-store" }), form.action);
    button.disabled = false;
  }

  async #show(asked, address) {
    const answer = await asked.catch(() => null);
    if (!answer) return this.#complain();
    if (answer.redirected && new URL(answer.url).pathname === location.pathname) return this.#dialog.close();
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const part = page.querySelector("[data-dialog-part]");
    // Signed out, or the chat is gone: the page itself says it.
    if (!part) return location.assign(answer.redirected ? answer.url : address);
    this.#dialog.replaceChildren(document.adoptNode(part));
    if (!this.#dialog.open) this.#dialog.showModal();
    (part.querySelector("[autofocus]") ?? part.querySelector("input:not([type=hidden]), a, button"))?.focus();
  }

  #complain() {
    const place = this.#dialog.querySelector("form") ?? this.#dialog;
    const line = this.#dialog.querySelector(".dialog__failed") ?? document.createElement("p");
    line.className = "dialog__failed field__errors";
    line.setAttribute("role", "alert");
    line.textContent = this.dataset.failed;
    place.prepend(line);
    if (!this.#dialog.open) this.#dialog.showModal();
  }

  // What was shown once is not kept in the page either.
  #clear() {
    this.#dialog.replaceChildren();
    document.dispatchEvent(new CustomEvent("agent:fresh"));
    (this.#opener?.isConnected ? this.#opener : document.getElementById("message"))?.focus();
  }
}

customElements.define("page-dialog", PageDialog);
