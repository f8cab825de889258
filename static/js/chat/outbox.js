// What the visitor said and the server has not confirmed: sent one after the other, again and again, said once.

const FIRST_DELAY = 800;
const LONGEST_DELAY = 10_000;

export class Outbox {
  #waiting = [];
  #isSending = false;
  #wake = () => {};

  // `deliver(message)` resolves to true once there is an answer, to false where it has to be tried again.
  constructor(deliver) {
    this.deliver = deliver;
  }

  add(text, files) {
    const message = { clientId: newId(), text, files };
    this.#waiting.push(message);
    this.#run();
    return message;
  }

  // The connection is back: don't wait any longer.
  hurry() {
    this.#wake();
  }

  clear() {
    this.#waiting = [];
    this.#wake();
  }

  async #run() {
    if (this.#isSending) return;
    this.#isSending = true;
    for (let failures = 0; this.#waiting.length; ) {
      const message = this.#waiting[0];
      if (await this.deliver(message)) {
        failures = 0;
        if (this.#waiting[0] === message) this.#waiting.shift();
      } else {
        await this.#rest(Math.min(LONGEST_DELAY, FIRST_DELAY * 2 ** failures++));
      }
    }
    this.#isSending = false;
  }

  #rest(milliseconds) {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, milliseconds);
      this.#wake = () => (clearTimeout(timer), resolve());
    });
  }
}

// What is sent of a message; the files go with their words, in one request.
export function bodyOf({ clientId, text, files }) {
  const body = files.length ? new FormData() : new URLSearchParams();
  body.set("body", text);
  body.set("client_id", clientId);
  for (const file of files) body.append("files", file);
  return body;
}

// What is sent of a form: without files in the way that may outlive its page.
export function bodyOfForm(form, submitter) {
  const content = new FormData(form, submitter);
  if (content.getAll("files").some((file) => file.size)) return content;
  content.delete("files");
  return new URLSearchParams(content);
}

// `crypto.randomUUID` exists on https pages and localhost only; a shop may be tried out by plain http.
function newId() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const digits = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return digits.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}
