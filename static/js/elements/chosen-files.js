// <chosen-files max="5" bytes="10485760">: the files of a message before it is sent: chosen, dropped or pasted.
//
// They are read at once: what is sent later is what was chosen, whatever became of it on the disk.
// Property `files`. Methods `put(files)`, in front of those that are there, and `drop(files)`.
// Events, bubbling: `files:refused` with detail {reason}; `files:changed`.

class ChosenFiles extends HTMLElement {
  #files = [];
  #leaving;

  connectedCallback() {
    this.list = this.querySelector("ul");
    this.sum = this.querySelector("[role=status]");
    this.rule = this.querySelector("[data-rule]");
    this.input = this.querySelector("input");
    this.button = this.querySelector(".chosen__add");
    this.input.removeAttribute("name"); // the form's own script sends them
    this.input.hidden = true;
    this.button.hidden = false;
    this.#listen();
    this.#show();
  }

  disconnectedCallback() {
    this.#leaving.abort();
  }

  get files() {
    return [...this.#files];
  }

  put(files) {
    this.#files = [...files, ...this.#files.filter((file) => !files.includes(file))];
    this.#show();
  }

  drop(files) {
    this.#files = this.#files.filter((file) => !files.includes(file));
    this.#show();
  }

  #listen() {
    this.#leaving = new AbortController();
    const on = (target, type, react) => target.addEventListener(type, react, this.#leaving);
    on(this.button, "click", () => this.input.click());
    on(this.input, "change", () => {
      this.#add(this.input.files);
      this.input.value = ""; // or the same file could not be chosen again
    });
    on(this.closest("form"), "paste", (event) => this.#paste(event));
    const place = this.closest(".chat-pane") ?? this.closest("form");
    on(place, "dragover", (event) => hasFiles(event) && event.preventDefault());
    on(place, "drop", (event) => this.#dropped(event));
  }

  #dropped(event) {
    if (!hasFiles(event)) return;
    event.preventDefault(); // or the browser would open it in the place of the page
    this.#add(event.dataTransfer.files);
  }

  // Programs that copy text often add a picture of it: then the text is meant.
  #paste(event) {
    const { files, types } = event.clipboardData;
    if (!files.length || types.includes("text/plain")) return;
    event.preventDefault();
    this.#add(files);
  }

  async #add(found) {
    const files = [...found];
    const reason = this.#reasonAgainst(files);
    if (reason) return this.#refuse(reason);
    const read = await Promise.all(files.map(copyOf));
    const bad = files.find((file, index) => !read[index]);
    // Others may have been added while these were read.
    const late = bad ? this.dataset.unreadable.replace("{name}", bad.name) : this.#reasonAgainst(read);
    if (late) return this.#refuse(late);
    this.#files.push(...read);
    return this.#show();
  }

  #reasonAgainst(files) {
    const all = [...this.#files, ...files];
    const empty = files.find((file) => file.size === 0);
    if (empty) return this.dataset.empty.replace("{name}", empty.name);
    if (all.length > this.#number("max")) return this.dataset.many;
    return sizeOf(all) > this.#number("bytes") ? this.dataset.large : "";
  }

  #refuse(reason) {
    this.dispatchEvent(new CustomEvent("files:refused", { bubbles: true, detail: { reason } }));
  }

  #show() {
    this.list.replaceChildren(...this.#files.map((file) => this.#line(file)));
    for (const part of [this.list, this.sum, this.rule]) if (part) part.hidden = !this.#files.length;
    this.sum.textContent = this.#files.length ? this.#summary() : "";
    this.dispatchEvent(new CustomEvent("files:changed", { bubbles: true }));
  }

  #summary() {
    return this.dataset.chosen
      .replace("{count}", this.#files.length)
      .replace("{max}", this.#number("max"))
      .replace("{size}", inWords(sizeOf(this.#files)))
      .replace("{bytes}", inWords(this.#number("bytes")));
  }

  #line(file) {
    const line = this.querySelector("template").content.firstElementChild.cloneNode(true);
    line.querySelector(".chosen__name").textContent = file.name;
    line.querySelector(".chosen__size").textContent = inWords(file.size);
    const remove = line.querySelector("button");
    remove.setAttribute("aria-label", this.dataset.remove.replace("{name}", file.name));
    remove.onclick = () => this.#remove(file);
    return line;
  }

  // The focus goes on to the next one that can be removed, or back to where they come from.
  #remove(file) {
    const place = this.#files.indexOf(file);
    this.drop([file]);
    const left = this.list.querySelectorAll("button");
    (left[Math.min(place, left.length - 1)] ?? this.button).focus();
  }

  #number(name) {
    return Number(this.getAttribute(name));
  }
}

// A folder, or what was deleted meanwhile, can't be read.
async function copyOf(file) {
  try {
    return new File([await file.arrayBuffer()], file.name, { type: file.type });
  } catch {
    return null;
  }
}

function hasFiles(event) {
  return event.dataTransfer?.types.includes("Files");
}

function sizeOf(files) {
  return files.reduce((sum, file) => sum + file.size, 0);
}

function inWords(bytes) {
  const [unit, size] = bytes < 2 ** 20 ? ["kilobyte", bytes / 2 ** 10] : ["megabyte", bytes / 2 ** 20];
  const format = { style: "unit", unit, maximumFractionDigits: size < 10 ? 1 : 0 };
  return new Intl.NumberFormat(document.documentElement.lang || undefined, format).format(Math.max(size, 0.1));
}

customElements.define("chosen-files", ChosenFiles);
