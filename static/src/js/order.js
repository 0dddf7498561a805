// A list with data-order-url is put into another order by dragging its items at [data-drag];
// the buttons beside it do the same without a pointer, or without this script.
import { showMessage } from "./toasts.js";

const EDGE = 60;
const order = (list) => [...list.children].map((item) => item.dataset.item);
const middle = (item) => {
  const box = item.getBoundingClientRect();
  return box.top + box.height / 2;
};

/** The neighbours step aside, not the item: taken out of the page, it would lose the pointer. */
function makeWay(list, item, y) {
  let next = item.nextElementSibling;
  while (next && y > middle(next)) {
    list.insertBefore(next, item);
    next = item.nextElementSibling;
  }
  let previous = item.previousElementSibling;
  while (previous && y < middle(previous)) {
    list.insertBefore(previous, item.nextElementSibling);
    previous = item.previousElementSibling;
  }
}

function restore(list, ids) {
  for (const id of ids) {
    list.append(list.querySelector(`[data-item="${id}"]`));
  }
}

async function save(list, before) {
  const body = new URLSearchParams(order(list).map((id) => ["item", id]));
  const headers = { "X-CSRFToken": document.querySelector('meta[name="csrf-token"]').content };
  try {
    const answer = await fetch(list.dataset.orderUrl, { method: "POST", headers, body });
    if (answer.status !== 204) {
      restore(list, before);
      showMessage("failed");
    }
  } catch {
    restore(list, before);
    showMessage("offline");
  }
}

document.addEventListener("pointerdown", (event) => {
  const handle = event.target.closest("[data-drag]");
  if (!handle || event.button !== 0) {
    return;
  }
  event.preventDefault();
  const item = handle.closest("[data-item]");
  const list = item.parentElement;
  const before = order(list);
  const ending = new AbortController();
  const options = { signal: ending.signal };
  handle.setPointerCapture(event.pointerId);
  item.classList.add("is-dragged");
  const onMove = ({ clientY }) => {
    makeWay(list, item, clientY);
    if (clientY < EDGE || clientY > window.innerHeight - EDGE) {
      window.scrollBy(0, clientY < EDGE ? -12 : 12);
    }
  };
  const finish = (kept) => {
    ending.abort();
    item.classList.remove("is-dragged");
    if (!kept) {
      restore(list, before);
    } else if (order(list).join() !== before.join()) {
      save(list, before);
    }
  };
  handle.addEventListener("pointermove", onMove, options);
  handle.addEventListener("pointerup", () => finish(true), options);
  handle.addEventListener("pointercancel", () => finish(false), options);
});
