// What every page loads: htmx and small behaviours found by their data attributes.
import htmx from "htmx.org/dist/htmx.esm.js";
import "./requests.js";
import "./theme.js";
import "./overlays.js";
import "./completion.js";
import "./toasts.js";
import "./narrowing.js";
import "./queue.js";
import "./order.js";
import "./tree.js";
import "./print.js";
import { markAll } from "./marks.js";
import { keepPlaces } from "./places.js";
import { openVideo } from "./video.js";

window.htmx = htmx;

function onReady() {
  markAll(document);
  keepPlaces();
  openVideo();
}

if (document.readyState === "loading") {
  document.addEventListener("DOMContentLoaded", onReady);
} else {
  onReady();
}
