// A copy of the chat as a file on the visitor's own device.

const TURNS = /[\u202a-\u202e\u2066-\u2069]/g; // what turns the direction of all that follows

export function saveFile(name, content) {
  const address = URL.createObjectURL(content instanceof Blob ? content : new Blob([content], { type: "text/plain" }));
  const link = document.createElement("a");
  link.href = address;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(address), 10_000);
}

// What is on the screen, for when the server has erased the chat already; `unsent` marks what never arrived.
export function textOfLog(log, unsent) {
  return [...log.children].map((entry) => textOfEntry(entry, unsent)).join("\n\n") + "\n";
}

function textOfEntry(entry, unsent) {
  const body = entry.querySelector(".message__body")?.textContent ?? "";
  const address = entry.querySelector(".message__body a")?.href;
  const author = entry.querySelector(".message__author")?.textContent.replace(TURNS, "");
  const time = entry.dataset.sending ? unsent : entry.querySelector("time")?.textContent;
  const said = [body, address, ...[...entry.querySelectorAll(".file__name")].map((name) => `[${name.textContent}]`)];
  return author ? `[${time ?? ""}] ${author}:\n${said.filter(Boolean).join("\n")}` : body;
}

// A file of the chat, fetched with the token in a header; `ask` returns the answer, or null where there is none.
export async function saveSent(button, ask, { fileGone, failed }) {
  button.disabled = true;
  const answer = await ask();
  button.disabled = false;
  button.parentElement.querySelector("[role=alert]")?.remove();
  if (answer?.ok) return saveFile(button.querySelector(".file__name").textContent, await answer.blob());
  const line = document.createElement("span");
  line.className = "field__errors";
  line.setAttribute("role", "alert");
  line.textContent = answer?.status === 404 ? fileGone : failed;
  return button.after(line);
}
