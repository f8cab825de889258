// Sections of one form, shown one at a time. Without script they stand one below the other, and the links lead to them.
class AdminTabs extends HTMLElement {
  connectedCallback() {
    this.list = this.querySelector("nav.tabs");
    this.tabs = [...this.list.querySelectorAll("a")];
    this.panels = this.tabs.map((tab) => this.querySelector(tab.hash));
    this.list.setAttribute("role", "tablist");
    this.tabs.forEach((tab, index) => this.#dress(tab, this.panels[index]));
    this.list.addEventListener("click", (event) => this.#clicked(event));
    this.list.addEventListener("keydown", (event) => this.#pressed(event));
    addEventListener("hashchange", this.#followHash);
    const broken = this.panels.findIndex((panel) => panel.querySelector(".field--invalid, .field__errors li"));
    this.#show(broken >= 0 ? broken : Math.max(0, this.#indexOfHash()));
    // Where the address has a fragment, as here, browsers leave out autofocus and drop the focus once they scrolled.
    // Who is quicker than the page, and went on already, keeps the focus.
    const begun = location.hash;
    const focusErrors = () =>
      requestAnimationFrame(() => location.hash === begun && document.getElementById("form-errors")?.focus());
    if (document.readyState === "complete") focusErrors();
    else addEventListener("load", focusErrors, { once: true });
  }

  disconnectedCallback() {
    removeEventListener("hashchange", this.#followHash);
  }

  #dress(tab, panel) {
    tab.id = `tab-${panel.id}`;
    tab.setAttribute("role", "tab");
    tab.setAttribute("aria-controls", panel.id);
    panel.setAttribute("role", "tabpanel");
    panel.setAttribute("aria-labelledby", tab.id);
    const errors = panel.querySelectorAll(".field--invalid, .field__errors li").length;
    if (!errors) return;
    const badge = document.createElement("span");
    badge.className = "count count--danger";
    badge.textContent = errors;
    tab.append(" ", badge);
  }

  #show(index) {
    this.tabs.forEach((tab, i) => {
      tab.setAttribute("aria-selected", i === index);
      tab.tabIndex = i === index ? 0 : -1;
      this.panels[i].hidden = i !== index;
    });
    this.tabs[index].scrollIntoView({ block: "nearest", inline: "nearest" });
    // The answer to a save comes back to the tab from which it was sent.
    this.closest("form").action = this.tabs[index].hash;
  }

  #choose(index) {
    history.replaceState(null, "", this.tabs[index].hash);
    this.#show(index);
    this.tabs[index].focus();
  }

  #clicked(event) {
    const index = this.tabs.indexOf(event.target.closest("a"));
    if (index < 0) return;
    event.preventDefault();
    this.#choose(index);
  }

  #pressed(event) {
    const steps = { ArrowRight: 1, ArrowLeft: -1 };
    const now = this.tabs.indexOf(document.activeElement);
    const last = this.tabs.length - 1;
    let next = { Home: 0, End: last }[event.key];
    if (event.key in steps) next = (now + steps[event.key] + last + 1) % (last + 1);
    if (next === undefined) return;
    event.preventDefault();
    this.#choose(next);
  }

  // A link to a field, such as those of the error summary, opens the tab that it is in.
  #followHash = () => {
    const index = this.#indexOfHash();
    if (index < 0) return;
    this.#show(index);
    document.getElementById(location.hash.slice(1))?.focus();
  };

  #indexOfHash() {
    const target = location.hash.length > 1 && document.getElementById(location.hash.slice(1));
    return target ? this.panels.findIndex((panel) => panel.contains(target)) : -1;
  }
}

customElements.define("admin-tabs", AdminTabs);
