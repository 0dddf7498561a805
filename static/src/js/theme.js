// Light, dark or the system's choice: shown at once, and posted as the form would have been.
function showTheme(theme) {
  if (theme === "auto") {
    document.documentElement.removeAttribute("data-theme");
  } else {
    document.documentElement.dataset.theme = theme;
  }
  for (const button of document.querySelectorAll("[data-theme-choice]")) {
    button.setAttribute("aria-pressed", String(button.dataset.themeChoice === theme));
  }
}

document.addEventListener("submit", (event) => {
  const choice = event.submitter?.dataset.themeChoice;
  if (choice) {
    event.preventDefault();
    showTheme(choice);
    const body = new FormData(event.target, event.submitter);
    fetch(event.target.action, { method: "POST", body, redirect: "manual", keepalive: true });
  }
});
