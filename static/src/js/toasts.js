// Toasts leave by themselves, except errors and those a person is reading.
const STAY_MS = 6000;

const box = () => document.getElementById("toasts");

function watch(toast) {
  if (toast.dataset.watched) {
    return;
  }
  toast.dataset.watched = "yes";
  let timer = 0;
  const wait = () => {
    if (!toast.matches(".toast-error")) {
      timer = setTimeout(() => toast.remove(), STAY_MS);
    }
  };
  for (const name of ["mouseenter", "focusin"]) {
    toast.addEventListener(name, () => clearTimeout(timer));
  }
  for (const name of ["mouseleave", "focusout"]) {
    toast.addEventListener(name, wait);
  }
  wait();
}

function watchAll() {
  for (const toast of box()?.querySelectorAll(".toast") ?? []) {
    watch(toast);
  }
}

/** Shows one of the messages that base.html keeps in <template id="toast-…">. */
export function showMessage(name) {
  const template = document.getElementById(`toast-${name}`);
  const toasts = box();
  if (!template || !toasts) {
    return;
  }
  for (const old of toasts.querySelectorAll(`[data-message="${name}"]`)) {
    old.remove();
  }
  const toast = template.content.firstElementChild.cloneNode(true);
  toast.dataset.message = name;
  toasts.append(toast);
  watch(toast);
}

document.addEventListener("click", (event) => {
  event.target.closest("[data-close-toast]")?.closest(".toast")?.remove();
});
document.addEventListener("DOMContentLoaded", watchAll);
document.addEventListener("htmx:afterSwap", watchAll);
document.addEventListener("htmx:oobAfterSwap", watchAll);
