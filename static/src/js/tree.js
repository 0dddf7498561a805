// The subject tree is put into another order by dragging lines at [data-tree-drag]: between two
// lines, or onto one to put it inside. The buttons of each line do the same without a pointer.
import htmx from "htmx.org/dist/htmx.esm.js";

const EDGE = 60;
const MARKS = ["drop-before", "drop-inside", "drop-after"];

/** The line under the pointer and where on it: its middle half means inside. */
function findPlace(item, x, y) {
  const row = document.elementFromPoint(x, y)?.closest(".tree-row");
  const target = row?.parentElement;
  if (!target || item.contains(target)) {
    return null;
  }
  const box = row.getBoundingClientRect();
  const part = (y - box.top) / box.height;
  const where = part < 0.25 ? "before" : part > 0.75 ? "after" : "inside";
  return { target, row, where };
}

/** What the server is asked for: the new parent, and the place among its other children. */
function describe(item, { target, where }) {
  const category = item.dataset.category;
  if (where === "inside") {
    const inside = [...(target.querySelector(":scope > ul")?.children ?? [])];
    const position = inside.filter((child) => child !== item).length;
    return { category, parent: target.dataset.category, position };
  }
  const siblings = [...target.parentElement.children].filter((child) => child !== item);
  const position = siblings.indexOf(target) + (where === "after" ? 1 : 0);
  const parent = target.parentElement.closest("[data-category]")?.dataset.category ?? "";
  return { category, parent, position };
}

function unmark(tree) {
  for (const row of tree.querySelectorAll(".tree-row")) {
    row.classList.remove(...MARKS);
  }
}

document.addEventListener("pointerdown", (event) => {
  const handle = event.target.closest("[data-tree-drag]");
  if (!handle || event.button !== 0) {
    return;
  }
  event.preventDefault();
  const item = handle.closest("[data-category]");
  const tree = handle.closest("[data-place-url]");
  const ending = new AbortController();
  const options = { signal: ending.signal };
  let place = null;
  handle.setPointerCapture(event.pointerId);
  item.classList.add("is-carried");

  const onMove = ({ clientX, clientY }) => {
    unmark(tree);
    place = findPlace(item, clientX, clientY);
    place?.row.classList.add(`drop-${place.where}`);
    if (clientY < EDGE || clientY > window.innerHeight - EDGE) {
      window.scrollBy(0, clientY < EDGE ? -12 : 12);
    }
  };
  const finish = (kept) => {
    ending.abort();
    unmark(tree);
    item.classList.remove("is-carried");
    if (kept && place) {
      const values = describe(item, place);
      htmx.ajax("POST", tree.dataset.placeUrl, { target: tree, swap: "outerHTML", values });
    }
  };
  handle.addEventListener("pointermove", onMove, options);
  handle.addEventListener("pointerup", () => finish(true), options);
  handle.addEventListener("pointercancel", () => finish(false), options);
});
