// Small comforts: copying ids, printing, sending a form once, and bringing a failed form's reasons into view.
document.addEventListener("click", async (event) => {
  const copy = event.target.closest("[data-copy]");
  if (copy) {
    const label = copy.querySelector("[data-copy-label]");
    try {
      await navigator.clipboard.writeText(copy.dataset.copy);
      label.textContent = "Copied";
    } catch {
      label.textContent = "Press Ctrl+C";
      showWhole(copy);
    }
    setTimeout(() => { label.textContent = "Copy"; }, 2000);
  }
  if (event.target.closest("[data-print]")) window.print();
});

// Where the clipboard is closed to us (no secure context), the whole id is shown and selected instead.
function showWhole(copy) {
  const id = copy.closest(".id");
  if (id) id.classList.add("id-whole");
  const text = (id ?? copy.parentElement).querySelector(".id-full, code");
  getSelection().selectAllChildren(text);
}

// A second press while the first is on its way does nothing; the idempotency key would make it harmless anyway.
document.addEventListener("submit", (event) => {
  const form = event.target.closest("form[data-once]");
  if (!form || event.defaultPrevented) return;
  if (form.dataset.sent) event.preventDefault();
  form.dataset.sent = "yes";
  form.querySelectorAll("[type=submit]").forEach((button) => button.setAttribute("aria-disabled", "true"));
});
addEventListener("pageshow", () => {
  document.querySelectorAll("form[data-sent]").forEach((form) => {
    delete form.dataset.sent;
    form.querySelectorAll("[type=submit]").forEach((button) => button.removeAttribute("aria-disabled"));
  });
});

document.querySelector("[data-focus]")?.focus();
