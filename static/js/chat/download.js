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
  const author = entry.querySelector(".message__author")?.textContent.replace(TURNS, "");
  const time = entry.dataset.sending ? unsent : entry.querySelector("time")?.textContent;
  return author ? `[${time ?? ""}] ${author}:\n${body}` : body;
}
