// The viewer's toolbar and keys.

/** Connects the controls of `viewer.root`; returns what the viewer calls to update them. */
export function bindToolbar(viewer) {
  const { root } = viewer;
  const find = (name) => root.querySelector(`[data-pdf-${name}]`);
  const input = find("page");
  const zoom = find("zoom");

  const actions = {
    previous: () => viewer.goTo(viewer.current - 1),
    next: () => viewer.goTo(viewer.current + 1),
    first: () => viewer.goTo(1),
    last: () => viewer.goTo(viewer.pdf.numPages),
    "zoom-in": () => viewer.zoomBy(1),
    "zoom-out": () => viewer.zoomBy(-1),
    fit: () => viewer.setZoom(1),
    full: () => toggleFull(root),
  };

  root.addEventListener("click", (event) => {
    actions[event.target.closest("[data-pdf-do]")?.dataset.pdfDo]?.();
  });
  input.max = viewer.pdf.numPages;
  find("count").textContent = viewer.pdf.numPages;
  input.addEventListener("change", () => viewer.goTo(Number(input.value) || viewer.current));
  input.addEventListener("focus", () => input.select());
  viewer.scroller.addEventListener("keydown", (event) => onKey(event, actions));
  for (const link of document.querySelectorAll("[data-pdf-go]")) {
    link.addEventListener("click", (event) => {
      if (event.ctrlKey || event.metaKey || event.shiftKey) {
        return; // wanted in a window of its own
      }
      event.preventDefault();
      viewer.goTo(Number(link.dataset.pdfGo));
      root.scrollIntoView({ block: "nearest" });
    });
  }
  window.addEventListener("hashchange", () => viewer.goTo(viewer.startPage()));

  const update = {
    showPage() {
      input.value = viewer.current;
      disable(root, "previous", viewer.current === 1);
      disable(root, "next", viewer.current === viewer.pdf.numPages);
    },
    showZoom() {
      zoom.textContent = `${Math.round(viewer.zoom * 100)} %`;
    },
  };
  update.showZoom();
  return update;
}

const KEYS = {
  ArrowLeft: "previous",
  ArrowRight: "next",
  p: "previous",
  n: "next",
  Home: "first",
  End: "last",
  "+": "zoom-in",
  "=": "zoom-in",
  "-": "zoom-out",
  0: "fit",
  f: "full",
};

function onKey(event, actions) {
  if (event.ctrlKey || event.metaKey || event.altKey) {
    return;
  }
  const scroller = event.currentTarget;
  const sideways = event.key === "ArrowLeft" || event.key === "ArrowRight";
  if (sideways && scroller.scrollWidth > scroller.clientWidth) {
    return; // a page wider than the view scrolls sideways first
  }
  const name = KEYS[event.key];
  if (name) {
    event.preventDefault();
    actions[name]();
  }
}

function disable(root, name, off) {
  root.querySelector(`[data-pdf-do="${name}"]`).disabled = off;
}

function toggleFull(root) {
  if (document.fullscreenElement) {
    document.exitFullscreen();
  } else {
    root.requestFullscreen?.().catch(() => {});
  }
}
