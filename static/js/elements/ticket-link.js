// <ticket-link><form>…</form><p role="status" hidden>…</p></ticket-link>: posts the token that stands in the
// fragment, and takes it out of the address bar first, so that it stays in no history and on no screenshot.
// With `waits` it only fills the field in: somebody has to press the button.

class TicketLink extends HTMLElement {
  connectedCallback() {
    this.open = this.open.bind(this);
    window.addEventListener("hashchange", this.open);
    this.open();
  }

  disconnectedCallback() {
    window.removeEventListener("hashchange", this.open);
  }

  open() {
    const token = location.hash.slice(1);
    const form = this.querySelector("form");
    if (!token || token === "main" || !form) return;
    history.replaceState(null, "", location.pathname);
    form.elements.token.value = token;
    if (this.hasAttribute("waits")) {
      form.elements.token.closest(".field").hidden = true;
      return;
    }
    form.hidden = true;
    this.querySelector("[role=status]").hidden = false;
    form.submit();
  }
}

customElements.define("ticket-link", TicketLink);
