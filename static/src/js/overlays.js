// Menus are <details data-menu>, dialogs are <dialog>: open, close, and return the focus.

function closeMenus(except) {
  for (const menu of document.querySelectorAll("details[data-menu][open]")) {
    if (menu !== except) {
      menu.open = false;
    }
  }
}

document.addEventListener("click", (event) => {
  const target = event.target;
  closeMenus(target.closest("details[data-menu]"));

  const opener = target.closest("[data-dialog]");
  if (opener) {
    document.getElementById(opener.dataset.dialog)?.showModal();
    return;
  }
  if (target.closest("[data-close-dialog]") || target instanceof HTMLDialogElement) {
    // A click on the dialog element itself is one on its backdrop: its content fills it.
    if (!(target instanceof HTMLDialogElement) || isOutside(target, event)) {
      target.closest("dialog")?.close();
    }
  }
});

function isOutside(dialog, event) {
  const box = dialog.getBoundingClientRect();
  return (
    event.clientX < box.left ||
    event.clientX > box.right ||
    event.clientY < box.top ||
    event.clientY > box.bottom
  );
}

document.addEventListener("keydown", (event) => {
  if (event.key === "Escape") {
    const menu = document.querySelector("details[data-menu][open]");
    if (menu) {
      menu.open = false;
      menu.querySelector("summary").focus();
    }
    return;
  }
  // "/" goes to the search field, as people know it from elsewhere.
  const typing = event.target.closest("input, textarea, select, [contenteditable]");
  if (event.key === "/" && !typing && !event.ctrlKey && !event.metaKey && !event.altKey) {
    const field = document.querySelector("[data-search-field]");
    if (field) {
      event.preventDefault();
      field.focus();
      field.select();
    }
  }
});
