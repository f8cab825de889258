// The lines around a conversation that say how it stands: who answers, who types, whether there is a connection.

const TYPING_SHOWN = 6000;

export class Lines {
  #chat;
  #words;
  #agent;
  #timer;

  constructor(chat, words) {
    this.#chat = chat;
    this.#words = words;
    this.#agent = words.agent;
  }

  announce(text) {
    const line = this.#slot("connection") ?? this.#slot("notice");
    if (!line) return;
    line.textContent = text;
    line.hidden = !text;
  }

  // That the chat lasts only as long as its page, where the browser stores nothing.
  stays(isSo) {
    const line = this.#slot("stays");
    if (!line || !this.#chat.composer) return;
    line.textContent = this.#words.stays;
    line.hidden = !isSo;
  }

  status({ status, position, agent }) {
    this.#agent = agent || this.#words.agent;
    if (!this.#chat.composer) return;
    const before = position > 1 ? this.#words.queue.replace("{count}", position - 1) : this.#words.next;
    const active = this.#words.active.replace("{agent}", this.#agent);
    this.#slot("status").textContent = { bot: this.#words.bot, waiting: position ? before : this.#words.waiting, active }[status] ?? "";
    this.#slot("nobody").hidden = status !== "waiting";
    const joined = this.#slot("joined");
    if (joined) joined.textContent = status === "active" ? active : "";
  }

  typing(isTyping) {
    const line = this.#slot("typing");
    if (!line) return;
    this.#slot("typist").textContent = this.#words.typing.replace("{agent}", this.#agent);
    line.hidden = !isTyping;
    clearTimeout(this.#timer);
    if (isTyping) this.#timer = setTimeout(() => (line.hidden = true), TYPING_SHOWN);
  }

  #slot(name) {
    return this.#chat.slotNamed(name);
  }
}
