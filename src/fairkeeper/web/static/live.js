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
