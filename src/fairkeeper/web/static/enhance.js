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
// Handing files over: dragged or chosen, one after the other, each with its progress. Without this script the form
// sends them all at once.
for (const form of document.querySelectorAll("form[data-drop]")) {
  const list = form.querySelector("[data-drop-list]");
  const input = form.querySelector("input[type=file]");
  const token = form.querySelector("[name=csrf_token]").value;

  const send = (file) => new Promise((done) => {
    const line = document.createElement("li");
    const bar = document.createElement("progress");
    const word = document.createElement("span");
    bar.max = 1;
    bar.value = 0;
    bar.setAttribute("aria-label", file.name);
    word.textContent = "is being sent";
    line.append(file.name, " ", bar, " ", word);
    list.append(line);
    const request = new XMLHttpRequest();
    request.open("POST", `/payouts/upload?name=${encodeURIComponent(file.name)}`);
    request.setRequestHeader("X-CSRF-Token", token);
    request.setRequestHeader("Content-Type", "application/octet-stream");
    request.setRequestHeader("Accept", "application/json");
    request.upload.addEventListener("progress", (event) => {
      if (event.lengthComputable) bar.value = event.loaded / event.total;
    });
    request.addEventListener("loadend", () => {
      bar.value = 1;
      const isKept = request.status === 200;
      word.textContent = isKept ? "is here, and is being read" : `was not taken (${request.status || "no answer"})`;
      done(isKept);
    });
    request.send(file);
  });

  const sendAll = async (files) => {
    let kept = 0;
    for (const file of files) if (await send(file)) kept += 1;
    if (kept && kept === files.length) location.assign("/payouts/files");
  };

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (input.files.length) sendAll([...input.files]);
  });
  for (const name of ["dragenter", "dragover"]) {
    form.addEventListener(name, (event) => {
      event.preventDefault();
      form.classList.add("drop-over");
    });
  }
  form.addEventListener("dragleave", () => form.classList.remove("drop-over"));
  form.addEventListener("drop", (event) => {
    event.preventDefault();
    form.classList.remove("drop-over");
    sendAll([...event.dataTransfer.files]);
  });
}

// Questions before an action: the link leads to a page that asks; with a script it opens the same as a dialog here.
// The browser returns the focus to what opened it.
document.addEventListener("click", (event) => {
  const opener = event.target.closest("[data-opens]");
  const dialog = opener && document.getElementById(opener.dataset.opens);
  if (dialog && !event.ctrlKey && !event.metaKey && !event.shiftKey) {
    event.preventDefault();
    opener.closest("[popover]")?.hidePopover();
    dialog.showModal();
    return;
  }
  if (event.target.closest("[data-closes]")) event.target.closest("dialog")?.close();
  if (event.target instanceof HTMLDialogElement && isOutside(event.target, event)) event.target.close();
});

// Several questions may stand on one page; a click beside the dialog is an answer too: not now.
function isOutside(dialog, event) {
  const box = dialog.getBoundingClientRect();
  return event.clientX < box.left || event.clientX > box.right || event.clientY < box.top || event.clientY > box.bottom;
}
