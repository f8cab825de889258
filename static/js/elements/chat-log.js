// <chat-log>: the entries of a conversation in the order of their sequence, each once, however often it arrives.
//
// Method `add(html)`: takes one entry as the server renders it; returns its element, or null for one already here.
// Methods `expect(clientId, {text, files}, author, note)` and `drop(clientId)`: an entry that is being sent, until its own arrives.

class ChatLog extends HTMLElement {
  connectedCallback() {
    this.scrollToEnd();
    // What grows below the reader keeps the end in view; who has scrolled up is left alone.
    this.watcher ??= new ResizeObserver(() => this.followed && this.scrollToEnd());
    this.watcher.observe(this);
    this.onscroll = () => (this.followed = this.isAtEnd);
  }

  disconnectedCallback() {
    this.watcher.disconnect();
  }

  followed = true;

  get last() {
    return Math.max(0, ...[...this.querySelectorAll("[data-seq]")].map((entry) => Number(entry.dataset.seq)));
  }

  get isAtEnd() {
    return this.scrollHeight - this.scrollTop - this.clientHeight < 48;
  }

  add(html) {
    const template = document.createElement("template");
    template.innerHTML = html.trim();
    const entry = template.content.firstElementChild;
    const { seq, clientId } = entry.dataset;
    if (this.querySelector(`[data-seq="${CSS.escape(seq)}"]`)) return null;
    if (clientId) this.drop(clientId);
    const stay = this.followed || entry.classList.contains("message--mine");
    this.insertBefore(document.adoptNode(entry), this.#later(Number(seq)));
    if (stay) this.scrollToEnd();
    return entry;
  }

  expect(clientId, { text, files }, author, note) {
    const entry = document.createElement("article");
    entry.className = "message message--mine message--sending";
    entry.dataset.sending = clientId;
    const meta = document.createElement("div");
    meta.className = "message__meta";
    const name = document.createElement("span");
    name.className = "message__author";
    name.textContent = author;
    const state = document.createElement("span");
    state.textContent = note;
    meta.append(name, " ", state);
    entry.append(meta, ...(text ? [bodyWith(text)] : []), ...(files.length ? [listOf(files)] : []));
    this.append(entry);
    this.scrollToEnd();
  }

  drop(clientId) {
    this.querySelector(`[data-sending="${CSS.escape(clientId)}"]`)?.remove();
  }

  scrollToEnd() {
    this.scrollTop = this.scrollHeight;
    this.followed = true;
  }

  #later(seq) {
    return [...this.children].find((entry) => entry.dataset.sending || Number(entry.dataset.seq) > seq) ?? null;
  }
}

function bodyWith(text) {
  const body = document.createElement("div");
  body.className = "message__body";
  body.dir = "auto";
  body.textContent = text;
  return body;
}

function listOf(files) {
  const list = document.createElement("ul");
  list.className = "message__files";
  for (const file of files) {
    const name = document.createElement("bdi");
    name.className = "file__name";
    name.textContent = file.name;
    const line = document.createElement("li");
    line.className = "file file--named";
    line.append(name);
    list.append(line);
  }
  return list;
}

customElements.define("chat-log", ChatLog);
