// What every htmx request carries, and what a person sees when one fails.
import { showMessage } from "./toasts.js";

document.addEventListener("htmx:configRequest", (event) => {
  const { verb, headers, parameters, elt } = event.detail;
  if (verb !== "get") {
    headers["X-CSRFToken"] = document.querySelector('meta[name="csrf-token"]')?.content ?? "";
    return;
  }
  // An address without empty parameters is short enough to share.
  if (elt.closest("[data-clean]")) {
    for (const [name, value] of Object.entries(parameters)) {
      if (value === "") {
        delete parameters[name];
      }
    }
  }
});

// A refusal that says where it goes is shown as the server wrote it; others get our own words.
document.addEventListener("htmx:beforeSwap", (event) => {
  const { detail } = event;
  if (detail.isError && detail.xhr.getResponseHeader("HX-Retarget")) {
    detail.shouldSwap = true;
    detail.isError = false;
  }
});

// What asks again by itself says so by itself.
const isQuiet = ({ target }) => target.closest?.("[data-quiet]");

for (const name of ["htmx:sendError", "htmx:timeout"]) {
  document.addEventListener(name, (event) => isQuiet(event) || showMessage("offline"));
}
document.addEventListener("htmx:responseError", (event) => {
  if (isQuiet(event)) {
    return;
  }
  const status = event.detail.xhr.status;
  if (status === 413) {
    showMessage("tooLarge");
  } else if (status === 429) {
    showMessage("tooMany");
  } else if (status === 401 || status === 403) {
    showMessage("denied");
  } else {
    showMessage("failed");
  }
});

// Two steps back in a row ask for two pages; whichever comes first, only the last one is shown.
let restoring = null;

document.addEventListener("htmx:historyCacheMiss", ({ detail }) => {
  restoring?.abort();
  restoring = detail.xhr;
  restoring.onerror = () => showMessage("offline");
});
document.addEventListener("htmx:beforeRequest", () => restoring?.abort()); // nor after something newer
document.addEventListener("htmx:historyCacheMissLoadError", () => showMessage("failed"));
