// The palette: "/" or Ctrl+K opens it, arrows choose, Enter goes. Its lists are read from the page /palette, so that
// what somebody may reach is decided in one place; without this script that page is the palette.
const dialog = document.getElementById("palette");
const field = document.getElementById("palette-text");
const list = document.getElementById("palette-list");
const told = dialog?.querySelector("[data-told]");
let asked = 0;
let waiting;

function openPalette() {
  document.querySelectorAll("[popover]:popover-open").forEach((open) => open.hidePopover());
  if (!dialog.open) dialog.showModal();
  field.select();
  ask(field.value);
}

const options = () => [...list.querySelectorAll("[role=option]")];

// What is shown belongs to the newest text; an older answer that comes late is thrown away.
async function ask(text) {
  const number = ++asked;
  told.textContent = "Looking…";
  list.setAttribute("aria-busy", "true");
  try {
    const answer = await fetch(`/palette?q=${encodeURIComponent(text)}`, { headers: { Accept: "text/html" } });
    if (number !== asked) return;
    if (!answer.ok || answer.redirected) throw new Error(String(answer.status));
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    if (number === asked) show(page);
  } catch {
    if (number !== asked) return;
    list.replaceChildren();
    choose(-1);
    told.textContent = "This could not be looked up just now. Enter opens the search as a page.";
  } finally {
    if (number === asked) list.removeAttribute("aria-busy");
  }
}

function show(page) {
  let number = 0;
  const groups = [...page.querySelectorAll("#palette-results [data-group]")].map((found, at) => {
    const group = document.createElement("div");
    const name = document.createElement("p");
    group.setAttribute("role", "group");
    group.setAttribute("aria-labelledby", `palette-group-${at}`);
    name.id = `palette-group-${at}`;
    name.className = "palette-group";
    name.textContent = found.dataset.group;
    group.append(name, ...[...found.querySelectorAll("li")].map((line) => option(line, number++)));
    return group;
  });
  list.replaceChildren(...groups);
  told.textContent = number ? `${number} ${number === 1 ? "result" : "results"}` : "Nothing found. Enter searches everywhere.";
  field.setAttribute("aria-expanded", String(number > 0));
  choose(number ? 0 : -1);
}

function option(line, number) {
  const link = line.querySelector("a");
  const made = document.createElement("a");
  const label = document.createElement("span");
  made.href = link.getAttribute("href");
  made.id = `palette-option-${number}`;
  made.tabIndex = -1;
  made.setAttribute("role", "option");
  label.textContent = link.textContent;
  made.append(label);
  const fine = line.querySelector(".fine");
  if (fine) {
    const more = document.createElement("span");
    more.className = "fine";
    more.textContent = fine.textContent;
    made.append(" ", more);
  }
  return made;
}

function choose(at) {
  options().forEach((each, number) => each.setAttribute("aria-selected", String(number === at)));
  const chosen = options()[at];
  if (!chosen) { field.removeAttribute("aria-activedescendant"); return; }
  field.setAttribute("aria-activedescendant", chosen.id);
  chosen.scrollIntoView({ block: "nearest" });
}

function move(by) {
  const all = options();
  const here = all.findIndex((each) => each.getAttribute("aria-selected") === "true");
  if (all.length) choose((here + by + all.length) % all.length);
}

if (dialog) {
  document.addEventListener("palette", openPalette);
  field.addEventListener("input", () => {
    clearTimeout(waiting);
    told.textContent = "Looking…";
    waiting = setTimeout(() => ask(field.value), 120);
  });
  field.addEventListener("keydown", (event) => {
    const by = { ArrowDown: 1, ArrowUp: -1, PageDown: 8, PageUp: -8 }[event.key];
    if (by) { event.preventDefault(); move(by); }
  });
  dialog.querySelector("form").addEventListener("submit", (event) => {
    const chosen = list.querySelector("[aria-selected=true]");
    const isOfThisText = !list.hasAttribute("aria-busy") && told.textContent !== "Looking…";
    if (chosen && isOfThisText) { event.preventDefault(); location.assign(chosen.href); }
  });
  document.addEventListener("keydown", (event) => {
    if (event.key.toLowerCase() === "k" && (event.ctrlKey || event.metaKey) && !event.altKey && !event.shiftKey) {
      event.preventDefault();
      openPalette();
    }
  });
  document.addEventListener("click", (event) => {
    if (!event.target.closest("[data-palette]") || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    openPalette();
  });
}
