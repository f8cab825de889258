// <local-time><time datetime="…">…</time></local-time>: the time of day where the reader is. The server doesn't know it.

const CLOCK = new Intl.DateTimeFormat(document.documentElement.lang || undefined, { timeStyle: "short" });
const FULL = new Intl.DateTimeFormat(document.documentElement.lang || undefined, { dateStyle: "long", timeStyle: "short" });

class LocalTime extends HTMLElement {
  connectedCallback() {
    const time = this.querySelector("time");
    const moment = new Date(time?.dateTime);
    if (Number.isNaN(moment.valueOf())) return;
    time.textContent = (this.hasAttribute("full") ? FULL : CLOCK).format(moment);
    time.title = FULL.format(moment);
  }
}

customElements.define("local-time", LocalTime);
