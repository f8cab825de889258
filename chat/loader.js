// Draws the launcher of the chat on a customer's page. Nothing is stored, and no frame is loaded, before a click.
// The styles are constructed, the elements made one by one: no policy of the page has to allow inline code.
(function lethe(config) {
  const NAME = `lethe-chat-${config.id}`;
  const ITEM = `lethe:${config.id}`;
  const ANSWER_WITHIN = 10_000;
  const script = document.currentScript;
  const NARROW = "(max-width: 520px), (max-height: 480px)"; // there the chat covers the page
  const STYLE = `
    :host { all: initial; color-scheme: light dark; }
    * { box-sizing: border-box; font: 600 16px/1.2 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif; }
    [hidden] { display: none !important; }
    button { cursor: pointer; border: 0; color: ${config.ink}; background: ${config.fill}; }
    button:hover { background: ${config.hover}; }
    button:focus-visible { outline: 3px solid ${config.ink}; outline-offset: -5px; box-shadow: 0 0 0 3px ${config.edge}; }
    .launcher { position: fixed; z-index: 2147483000; inset-block-end: 20px; inset-inline-end: 20px; display: flex; align-items: center; gap: 10px;
      min-height: 52px; padding: 0; padding-inline: 18px 22px; border: 1px solid ${config.edge}; border-radius: 26px; box-shadow: 0 2px 6px rgb(6 32 38 / 20%), 0 12px 32px -8px rgb(6 32 38 / 45%); }
    .launcher svg { flex: none; width: 24px; height: 24px; }
    .badge { min-width: 22px; padding: 3px 6px; border-radius: 11px; background: ${config.ink}; color: ${config.fill}; font-size: 14px; text-align: center; }
    .panel { position: fixed; z-index: 2147483001; inset-block-end: 84px; inset-inline-end: 20px; width: 400px; max-width: calc(100vw - 40px); height: min(660px, 100vh - 104px);
      overflow: hidden; border-radius: 16px; background: Canvas; color: CanvasText; box-shadow: 0 2px 8px rgb(6 32 38 / 18%), 0 24px 64px -16px rgb(6 32 38 / 50%); }
    iframe { display: block; width: 100%; height: 100%; border: 0; }
    .hide { position: absolute; inset-block-start: 10px; inset-inline-end: 10px; display: grid; place-items: center; width: 40px; height: 40px; padding: 0; border-radius: 10px; background: transparent; }
    .hide:hover { background: color-mix(in srgb, currentColor 16%, transparent); }
    .hide svg { width: 20px; height: 20px; }
    .away { margin: 0; padding: 72px 24px 24px; font-weight: 400; }
    .panel:has(.away:not([hidden])) .hide { color: CanvasText; }
    .said { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
    @media ${NARROW} {
      .panel { inset: 0; width: 100%; max-width: none; height: 100%; height: 100dvh; border-radius: 0; }
      .launcher { inset-block-end: 16px; inset-inline-end: 16px; }
      .launcher[aria-expanded="true"] { visibility: hidden; }
    }
    @media (prefers-reduced-motion: no-preference) {
      .panel { animation: rise 180ms ease-out; }
      @keyframes rise { from { opacity: 0; transform: translateY(12px); } }
    }
    @media (forced-colors: active) { button, .panel { border: 1px solid ButtonText; } }
    @media print { :host { display: none; } }`;

  let frame = null;
  let isReady = false;
  let isOpen = false;
  let waiting;
  let kept = read();
  let stays = false; // the browser refused to store: the chat lives in this variable, as long as the page

  const host = document.createElement("div");
  Object.assign(host, { id: NAME, lang: config.lang, dir: config.dir });
  host.setAttribute("role", "region");
  host.setAttribute("aria-label", config.title);
  const root = host.attachShadow({ mode: "open" });
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(STYLE);
  root.adoptedStyleSheets = [sheet];

  const badge = make("span", { class: "badge", "aria-hidden": "true", hidden: "" });
  const label = make("span", {}, config.open);
  const launcher = make("button", { class: "launcher", type: "button", "aria-expanded": "false", "aria-haspopup": "dialog" }, draw("M4 6.5A2.5 2.5 0 0 1 6.5 4h11A2.5 2.5 0 0 1 20 6.5v7a2.5 2.5 0 0 1-2.5 2.5H11l-5 4v-4A2.5 2.5 0 0 1 4 13.5z"), label, badge);
  const said = make("div", { class: "said", role: "status" });
  const away = make("p", { class: "away", role: "alert", hidden: "" }, config.away);
  const hideButton = make("button", { class: "hide", type: "button", "aria-label": config.hide }, draw("M6 6l12 12M18 6L6 18"));
  const panel = make("div", { class: "panel", role: "dialog", "aria-label": config.title, hidden: "" }, away, hideButton);
  root.append(launcher, panel, said);

  on(launcher, "click", () => (isOpen ? hide() : show()));
  on(hideButton, "click", hide);
  on(panel, "keydown", (event) => event.key === "Escape" && hide());
  on(window, "message", hear);
  // Nothing that the chat covers takes the focus; Escape leads back to the page.
  on(document, "focusin", (event) => isOpen && event.target !== host && matchMedia(NARROW).matches && hideButton.focus());

  function start() {
    if (document.getElementById(NAME)) return;
    document.body.append(host);
    // The chat that was begun on an earlier page goes on: open as it was, or quietly, to count what is new.
    if (kept) kept.open ? show(false) : load();
  }

  function show(focus = true) {
    isOpen = true;
    panel.hidden = false;
    launcher.setAttribute("aria-expanded", "true");
    count(0);
    load();
    keep({ open: true });
    tell({ lethe: "shown", focus, page: here(), consent: asked() });
    if (focus) (isReady ? frame : hideButton).focus();
  }

  function hide() {
    isOpen = false;
    panel.hidden = true;
    launcher.setAttribute("aria-expanded", "false");
    launcher.focus();
    keep({ open: false });
    tell({ lethe: "hidden" });
  }

  function load() {
    if (frame) return;
    away.hidden = true;
    frame = make("iframe", {
      title: config.title,
      src: config.origin + config.page + (kept ? "#resume" : ""),
      referrerpolicy: "no-referrer",
      sandbox: "allow-scripts allow-same-origin allow-forms allow-downloads allow-popups allow-popups-to-escape-sandbox",
    });
    on(frame, "load", () => tell({ lethe: "hello", token: kept?.token ?? null, seen: kept?.seen ?? 0, open: isOpen, page: here(), consent: asked() }, true));
    waiting = setTimeout(giveUp, ANSWER_WITHIN);
    panel.prepend(frame);
  }

  // What the site says of a consent that it asked for itself, as it is now.
  function asked() {
    const { consent: state, consentReference: reference } = script?.dataset ?? {};
    return { state, reference };
  }

  // Without an answer there is nothing to show but an error page of the browser; the next click tries again.
  function giveUp() {
    frame?.remove();
    frame = null;
    away.hidden = false;
  }

  function tell(message, first = false) {
    if (frame && (isReady || first)) frame.contentWindow.postMessage(message, config.origin);
  }

  // Without what follows a question mark or a hash: it may name the visitor.
  function here() {
    return location.origin + location.pathname;
  }

  function hear(event) {
    if (!frame || event.source !== frame.contentWindow || event.origin !== config.origin) return;
    const { lethe: what, token, seen, unread, dir } = Object(event.data);
    if (what === "ready") ready(dir);
    if (what === "hide") hide();
    if (what === "started" && /^[\w-]{43}$/.test(token)) keep({ token, seen: 0, open: isOpen }, true);
    if (what === "ended") forget();
    if (what === "seen" && Number.isInteger(seen)) keep({ seen });
    if (what === "unread" && Number.isInteger(unread)) count(isOpen ? 0 : unread);
  }

  // The page in the frame speaks the visitor's language: the button goes where its head leaves room.
  function ready(dir) {
    clearTimeout(waiting);
    isReady = true;
    hideButton.dir = dir === "rtl" ? "rtl" : "ltr";
    if (isOpen && root.activeElement === hideButton) {
      frame.focus();
      tell({ lethe: "shown", focus: true, page: here(), consent: asked() });
    }
  }

  function count(number) {
    badge.hidden = !number;
    badge.textContent = number > 99 ? "99+" : String(number);
    said.textContent = number ? config.unread.replace("{count}", number) : "";
  }

  // What is kept, and only once a chat has started: its token, whether it was open, how far it was read.
  function keep(change, begins = false) {
    if (!kept && !begins) return;
    kept = { ...kept, ...change };
    try {
      sessionStorage.setItem(ITEM, JSON.stringify(kept));
    } catch {
      if (!stays) tell({ lethe: "stays" });
      stays = true;
    }
  }

  function forget() {
    kept = null;
    count(0);
    try {
      sessionStorage.removeItem(ITEM);
    } catch {
      // It was never stored.
    }
  }

  function read() {
    try {
      const item = JSON.parse(sessionStorage.getItem(ITEM));
      return typeof item?.token === "string" ? item : null;
    } catch {
      return null;
    }
  }

  // A mistake in here stays in here: the page around it goes on as if there were no chat.
  function on(target, type, react) {
    target.addEventListener(type, (event) => {
      try {
        react(event);
      } catch (error) {
        console.warn(error);
      }
    });
  }

  function make(name, attributes, ...children) {
    const element = document.createElement(name);
    for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
    element.append(...children);
    return element;
  }

  function draw(path) {
    const space = "http://www.w3.org/2000/svg";
    const icon = document.createElementNS(space, "svg");
    const line = document.createElementNS(space, "path");
    for (const [key, value] of Object.entries({ viewBox: "0 0 24 24", fill: "none", stroke: "currentColor", "stroke-width": "2", "stroke-linecap": "round", "stroke-linejoin": "round", "aria-hidden": "true" })) icon.setAttribute(key, value);
    line.setAttribute("d", path);
    icon.append(line);
    return icon;
  }

  if (document.body) start();
  else on(window, "DOMContentLoaded", start);
})
