// The keyboard: "/" searches, "g" and a letter goes to a room, "j" and "k" walk through a list, "?" helps.
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
  const action = { "/": search, g: () => { afterG = Date.now(); }, j: () => step(1), k: () => step(-1), "?": help }[event.key];
  if (action) { event.preventDefault(); action(); }
});

function search() {
  const field = document.getElementById("search");
  field?.focus();
  field?.select();
}

function step(by) {
  const rows = [...document.querySelectorAll("[data-row]")].filter((row) => row.querySelector("a, button"));
  const here = rows.findIndex((row) => row.contains(document.activeElement));
  const next = rows[Math.min(Math.max(here + by, 0), rows.length - 1)];
  next?.querySelector("a, button")?.focus();
  next?.scrollIntoView({ block: "nearest" });
}

function help() {
  document.getElementById("keyboard-help")?.showModal();
}

const box = document.querySelector("[data-keys-off]");
if (box) {
  box.checked = isOff();
  box.addEventListener("change", () => localStorage.setItem(OFF, box.checked ? "yes" : "no"));
}
