// What lives: rows that the server sends as they happen, put on top of their list.
for (const list of document.querySelectorAll("[data-live]")) {
  const source = new EventSource(list.dataset.live);
  source.addEventListener("decision", (event) => {
    const row = new DOMParser().parseFromString(event.data, "text/html").body.firstElementChild;
    if (!row || document.getElementById(row.id)) return;
    list.prepend(document.adoptNode(row));
    while (list.children.length > 50) list.lastElementChild.remove();
  });
  addEventListener("pagehide", () => source.close());
}

// A page tells of one moment: when its record has grown, all of it is shown anew; later, while somebody is at it.
document.addEventListener("htmx:beforeSwap", ({ detail }) => {
  const record = detail.target;
  if (!record.dataset.newest) return;
  const fresh = new DOMParser().parseFromString(detail.serverResponse, "text/html").getElementById(record.id);
  const isWhole = fresh?.querySelector(".proof")?.getAttribute("href") !== record.dataset.newest;
  const part = isWhole ? document.getElementById("page") : record;
  detail.shouldSwap = fresh !== null && !(isWhole && isAtIt(part));
  if (detail.shouldSwap) {
    keepPlace(part);
    detail.target = part;
    detail.selectOverride = `#${part.id}`;
  } else if (fresh) record.dispatchEvent(new Event("again"));
});

function isAtIt(page) {
  if (page.querySelector("dialog[open], form[data-sent]") || !getSelection().isCollapsed) return true;
  return [...page.querySelectorAll("input:not([type=hidden]), textarea, select")].some((field) =>
    field === document.activeElement || field.checked !== field.defaultChecked || (field.options
      ? field.selectedIndex !== Math.max(0, [...field.options].findIndex((option) => option.defaultSelected))
      : field.value !== field.defaultValue));
}

// What was unfolded stays so, and the focus goes back to what leads to the same.
function keepPlace(part) {
  const same = (each, other) => each.outerHTML === other.outerHTML || (each.href && each.href === other.href);
  let focused = part.contains(document.activeElement) && document.activeElement;
  const unfolded = [...part.querySelectorAll("details[open] > summary")];
  document.addEventListener("htmx:afterSwap", () => {
    for (const each of document.getElementById(part.id).querySelectorAll("a, button, summary")) {
      if (unfolded.some((other) => same(each, other))) each.parentElement.open = true;
      if (focused && same(each, focused)) { each.focus(); focused = null; }
    }
  }, { once: true });
}
