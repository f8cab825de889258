// A message that stays until it is dismissed: nothing to read is taken away on a timer (WCAG 2.2.1).
class ToastMessage extends HTMLElement {
  connectedCallback() {
    const button = this.querySelector("button");
    if (!button) return;
    button.hidden = false;
    button.onclick = () => this.remove();
  }
}

customElements.define("toast-message", ToastMessage);
