// The review queue: after a decision the focus goes on to the next material, else to the heading.
document.addEventListener("htmx:beforeSwap", (event) => {
  const { target, shouldSwap } = event.detail;
  if (!shouldSwap || !target.matches(".queue-item")) {
    return;
  }
  const items = [...document.querySelectorAll(".queue-item")];
  const next = items[items.indexOf(target) + 1]?.querySelector("h3 a");
  // The swap takes the focus with it, and follows in this very task.
  queueMicrotask(() => focusOn(next ?? document.querySelector("main h1")));
});

function focusOn(element) {
  if (!element.matches("a")) {
    element.tabIndex = -1;
  }
  element.focus();
}
