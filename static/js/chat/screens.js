// Screens as the server rendered them, ready to be put in place.

export function template(id) {
  return parsed(document.getElementById(id).innerHTML);
}

// Browsers refuse `autofocus` in a frame of another site, and complain; we move the focus ourselves.
export function parsed(html) {
  const parser = document.createElement("template");
  parser.innerHTML = html;
  for (const marked of parser.content.querySelectorAll("[autofocus]")) {
    marked.removeAttribute("autofocus");
    marked.dataset.focus = "";
  }
  return document.adoptNode(parser.content);
}
