// What the bot of the account says: its lines go into the log, and its panel stands below it as long as it talks.

const FIELDS = "input:not([type=hidden]), textarea";

export class Bot {
  #chat;

  constructor(chat) {
    this.#chat = chat;
  }

  get panel() {
    return this.#chat.slotNamed("bot");
  }

  // What the server rendered after an answer: new lines, and what can be answered now; no panel once a person has it.
  take(turn) {
    for (const line of turn.querySelectorAll("[data-seq]")) this.#chat.log.add(line.outerHTML);
    const next = turn.querySelector('[data-slot="bot"]');
    if (!next) return this.leave();
    this.panel?.replaceWith(next);
    for (const button of next.querySelectorAll("button")) button.disabled = false;
    this.#chat.log.scrollToEnd();
    return this.focus();
  }

  // Somebody has taken over, or will: from now on the visitor writes what they like.
  leave() {
    const { panel } = this;
    if (!panel) return;
    const hadFocus = panel.contains(document.activeElement) || document.activeElement === document.body;
    panel.remove();
    this.#chat.log.scrollToEnd();
    const { composer } = this.#chat;
    if (composer) composer.hidden = false;
    if (hadFocus) composer?.focusBox();
  }

  focus() {
    (this.panel.querySelector(FIELDS) ?? this.panel).focus();
  }
}
