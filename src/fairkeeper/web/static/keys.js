// The keyboard: "/" opens the palette, "g" and a letter goes to a room, "j" and "k" walk through a list, "a" and "r" go to the two
// answers of a question (and press nothing), "?" helps.
// Never while somebody types, never with a modifier, and all of it can be switched off on this device.
const OFF = "fairkeeper.keys-off";
let afterG = 0;

const isOff = () => localStorage.getItem(OFF) === "yes";
const isTyping = (target) => target.closest("input, textarea, select, [contenteditable]") !== null;

document.addEventListener("keydown", (event) => {
  if (isOff() || event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return;
  if (document.querySelector("dialog[open]")) return;
  const isRoom = Date.now() - afterG < 1500;
  afterG = 0;
  if (isRoom) {
    const room = document.querySelector(`[data-key="${CSS.escape(event.key)}"]`);
    if (room) { event.preventDefault(); room.click(); return; }
  }
  const action = { "/": () => document.getElementById("palette") !== null && document.dispatchEvent(new Event("palette")), g: () => { afterG = Date.now(); }, j: () => step(1), k: () => step(-1), a: () => answer("approve"), r: () => answer("refuse"), "?": help }[event.key];
  if (action && action() !== false) event.preventDefault();
});

function step(by) {
  const rows = [...document.querySelectorAll("[data-row]")].filter((row) => row.querySelector("a, button"));
  const here = rows.findIndex((row) => row.contains(document.activeElement));
  const next = rows[Math.min(Math.max(here + by, 0), rows.length - 1)];
  next?.querySelector("a, button")?.focus();
  next?.scrollIntoView({ block: "nearest" });
}

function answer(way) {
  const row = document.activeElement?.closest("[data-answers]");
  if (row) { location.assign(`${row.dataset.answers}#${way}`); return true; }
  return show(document.getElementById(`form-${way}`));
}

function show(form) {
  const field = form?.querySelector("input:not([type=hidden]), textarea, button");
  field?.focus();
  form?.scrollIntoView({ block: "center" });
  return Boolean(field);
}

function help() {
  document.getElementById("keyboard-help")?.showModal();
}

const box = document.querySelector("[data-keys-off]");
if (box) {
  box.checked = isOff();
  box.addEventListener("change", () => localStorage.setItem(OFF, box.checked ? "yes" : "no"));
}

// No element has these names, so that the browser has no place of its own to go to.
if (["#approve", "#refuse"].includes(location.hash)) answer(location.hash.slice(1));
