// <secure-step for="…">: stands in an entry about a sensitive value, and takes what could be done out of earlier ones.

class SecureStep extends HTMLElement {
  connectedCallback() {
    const entry = this.closest("[data-seq]");
    for (const open of entry.parentElement.querySelectorAll(`[data-secure="${CSS.escape(this.getAttribute("for"))}"]`)) {
      if (entry.contains(open)) continue;
      const hadFocus = open.contains(document.activeElement);
      open.remove();
      if (hadFocus) entry.parentElement.focus(); // the log, where it is said why
    }
  }
}

customElements.define("secure-step", SecureStep);
