// <chat-composer limit="4000">: the box in which a message is written. Enter sends, Shift+Enter begins a new line.
//
// Events, bubbling: `composer:send` with detail {text, files}; `composer:typing`, at most once in three seconds.
// Methods: `refuse(text, files, wrong)` puts both back, with what is wrong in HTML or as a node; `focusBox()`.

import "./chosen-files.js";

const TYPING_EVERY = 3000;
const COUNT_FROM = 0.9;

class ChatComposer extends HTMLElement {
  #told = -Infinity;

  connectedCallback() {
    this.form = this.querySelector("form");
    this.box = this.querySelector("textarea");
    this.errors = this.querySelector(".field__errors");
    this.counter = this.querySelector(".composer__hint");
    this.form.onsubmit = (event) => (event.preventDefault(), this.#send());
    this.box.onkeydown = (event) => this.#key(event);
    this.box.oninput = () => this.#typed();
    this.chosen = this.querySelector("chosen-files");
    this.chosen.addEventListener("files:refused", ({ detail }) => this.#complain(paragraph(detail.reason), false));
    this.chosen.addEventListener("files:changed", () => this.#complain("", false));
  }

  get limit() {
    return Number(this.getAttribute("limit"));
  }

  // As the server counts: characters, not the halves of which some are made here.
  get length() {
    return [...this.box.value].length;
  }

  focusBox() {
    this.box.focus();
  }

  refuse(text, files, wrong) {
    if (!this.box.value) this.box.value = text;
    else if (text && this.box.value !== text) this.box.value = `${text}\n${this.box.value}`;
    this.chosen.put(files);
    this.#complain(wrong);
    this.#count();
    this.focusBox();
  }

  #key(event) {
    // `isComposing`: Enter that chooses a word of an input method sends nothing.
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    this.form.requestSubmit();
  }

  #send() {
    const text = this.box.value;
    const { files } = this.chosen;
    if (!text.trim() && !files.length) return this.#complain(this.errors.dataset.empty);
    if (this.length > this.limit) return this.#complain(this.#fill(this.errors.dataset.long));
    this.box.value = "";
    this.chosen.drop(files);
    this.#complain("");
    this.#count();
    this.dispatchEvent(new CustomEvent("composer:send", { bubbles: true, detail: { text, files } }));
  }

  #typed() {
    this.#complain("");
    this.#count();
    if (!this.box.value || performance.now() - this.#told < TYPING_EVERY) return;
    this.#told = performance.now();
    this.dispatchEvent(new CustomEvent("composer:typing", { bubbles: true }));
  }

  #count() {
    const left = this.limit - this.length;
    this.counter.hidden = this.length < this.limit * COUNT_FROM;
    this.counter.textContent = this.#fill(this.counter.dataset.left);
    this.form.classList.toggle("composer--invalid", left < 0 || this.errors.textContent !== "");
  }

  #complain(content, moves = true) {
    if (typeof content === "string") this.errors.innerHTML = content;
    else this.errors.replaceChildren(content);
    const wrong = this.errors.textContent.trim() !== "";
    if (wrong) this.box.setAttribute("aria-invalid", "true");
    else this.box.removeAttribute("aria-invalid");
    this.form.classList.toggle("composer--invalid", wrong);
    if (wrong && moves) this.focusBox();
  }

  #fill(words) {
    return words
      .replace("{limit}", this.limit)
      .replace("{length}", this.length)
      .replace("{left}", this.limit - this.length);
  }
}

// Names of files are never HTML.
function paragraph(text) {
  const element = document.createElement("p");
  element.textContent = text;
  return element;
}

customElements.define("chat-composer", ChatComposer);
