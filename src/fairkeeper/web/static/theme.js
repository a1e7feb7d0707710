// Light, dark or as the device: kept in a cookie that the server reads, so that no page flashes in the wrong colours.
document.addEventListener("submit", (event) => {
  const form = event.target.closest("form[data-look]");
  if (!form || !event.submitter) return;
  event.preventDefault();
  const theme = event.submitter.value;
  document.cookie = `fairkeeper_theme=${theme}; Path=/; Max-Age=31536000; SameSite=Lax`;
  document.documentElement.dataset.theme = theme;
  document.querySelectorAll("form[data-look] button[name=theme]").forEach((button) => {
    button.setAttribute("aria-pressed", String(button.value === theme));
  });
});
