// <sound-switch>: whether a new message is heard, for the person (a form) and for this device (a button).

const MUTED = "lethe-muted";
const NOTES = [
  [659.3, 0],
  [987.8, 0.13],
];
let audio = null;

class SoundSwitch extends HTMLElement {
  connectedCallback() {
    const form = this.querySelector("form");
    form.addEventListener("submit", (event) => (event.preventDefault(), this.#toggle(form)));
    const device = this.querySelector("[data-device]");
    device.hidden = false;
    press(device, isMuted());
    device.addEventListener("click", () => {
      mute(!isMuted());
      press(device, isMuted());
      sample();
    });
  }

  async #toggle(form) {
    const answer = await fetch(form.action, { method: "POST", body: new FormData(form), headers: { Accept: "application/json" } });
    if (!answer.ok) return location.reload();
    const on = form.elements.on.value === "1";
    press(form.querySelector("button"), on);
    form.elements.on.value = on ? "0" : "1";
    if (on) sample();
  }
}

// Rings once for all tabs of a browser, in one that may: a page that nobody touched yet is kept silent by the browser.
// `name` is what it rings for.
export async function chime(name) {
  const on = document.querySelector("sound-switch form button")?.getAttribute("aria-pressed") === "true";
  if (!on || isMuted() || !(await isAudible())) return;
  if (!navigator.locks) return ring();
  navigator.locks.request(`lethe-chime-${name}`, { ifAvailable: true }, (lock) => {
    if (!lock) return undefined;
    ring();
    return new Promise((release) => setTimeout(release, 3000));
  });
}

async function isAudible() {
  audio ??= new AudioContext();
  if (audio.state === "running") return true;
  const tooLate = new Promise((resolve) => setTimeout(resolve, 500));
  await Promise.race([audio.resume(), tooLate]);
  return audio.state === "running";
}

function ring() {
  const start = audio.currentTime + 0.02;
  for (const [pitch, after] of NOTES) note(pitch, start + after);
}

function note(pitch, start) {
  const tone = audio.createOscillator();
  const volume = audio.createGain();
  tone.frequency.value = pitch;
  volume.gain.setValueAtTime(0, start);
  volume.gain.linearRampToValueAtTime(0.12, start + 0.012);
  volume.gain.exponentialRampToValueAtTime(0.0001, start + 0.45);
  tone.connect(volume).connect(audio.destination);
  tone.start(start);
  tone.stop(start + 0.5);
}

async function sample() {
  if (!isMuted() && (await isAudible())) ring();
}

function press(button, on) {
  button.setAttribute("aria-pressed", String(on));
}

// A browser may refuse storage; then the device is as loud as the person's setting.
function isMuted() {
  try {
    return localStorage.getItem(MUTED) === "1";
  } catch {
    return false;
  }
}

function mute(on) {
  try {
    if (on) localStorage.setItem(MUTED, "1");
    else localStorage.removeItem(MUTED);
  } catch {
    // nothing can be remembered here
  }
}

customElements.define("sound-switch", SoundSwitch);
