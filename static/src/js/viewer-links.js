// Links inside a PDF: contents that jump to a page, and addresses on the web.

async function goToTarget(viewer, target) {
  const place = typeof target === "string" ? await viewer.pdf.getDestination(target) : target;
  if (!Array.isArray(place)) {
    return;
  }
  const index = Number.isInteger(place[0]) ? place[0] : await viewer.pdf.getPageIndex(place[0]);
  viewer.goTo(index + 1);
}

function makeLink(viewer, note) {
  const link = document.createElement("a");
  link.className = "pdf-link";
  if (note.url) {
    link.href = note.url; // pdf.js leaves only web and mail addresses here
    link.target = "_blank";
    link.rel = "noopener noreferrer nofollow";
    link.title = note.url;
  } else {
    link.href = "#";
    link.title = viewer.root.dataset.labelGo;
    link.addEventListener("click", (event) => {
      event.preventDefault();
      goToTarget(viewer, note.dest).catch(() => {});
    });
  }
  link.setAttribute("aria-label", link.title);
  return link;
}

/** Lays links over a page; placed in percent, so that zooming needs no second pass. */
export async function layLinks(view) {
  const viewport = view.page.getViewport({ scale: 1 });
  const notes = await view.page.getAnnotations({ intent: "display" });
  for (const note of notes.filter((each) => each.subtype === "Link" && (each.url || each.dest))) {
    const [x1, y1, x2, y2] = viewport.convertToViewportRectangle(note.rect);
    const link = makeLink(view.viewer, note);
    link.style.left = `${(100 * Math.min(x1, x2)) / viewport.width}%`;
    link.style.top = `${(100 * Math.min(y1, y2)) / viewport.height}%`;
    link.style.width = `${(100 * Math.abs(x2 - x1)) / viewport.width}%`;
    link.style.height = `${(100 * Math.abs(y2 - y1)) / viewport.height}%`;
    view.element.append(link);
  }
}
