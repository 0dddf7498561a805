// The upload form: drop zone, checks before sending, files on their way, what a name tells.
import { Arriving } from "./arriving.js";
import { formatSize } from "./sizes.js";

const TITLE_FROM_NAME = /\.[^.]+$/;
const CAPTIONS = /\.(vtt|srt)$/i;
const htmx = window.htmx;
const rows = new Map(); // each list of files on their way, and its rows

const uploadForm = (event) => event.target.closest?.("form[data-files]");
const listOf = (form) => form.querySelector("[data-arriving]");
const rowsOf = (form) => (rows.get(listOf(form)) ?? []).filter((row) => !row.isOver);
const titleFrom = (name) => name.replace(TITLE_FROM_NAME, "").replaceAll("_", " ").slice(0, 200);

/** A sentence about what is wrong with the file, or "" (the server judges again, by content). */
function complaint(zone, file) {
  if (file.size === 0) {
    return zone.dataset.empty;
  }
  if (file.size > Number(zone.dataset.maxBytes)) {
    return zone.dataset.tooLarge;
  }
  const room = zone.closest("form").dataset.room;
  if (room && file.size > Number(room)) {
    return zone.closest("form").dataset.textRoom;
  }
  return /\.(pdf|docx|mp4)$/i.test(file.name) ? "" : zone.dataset.wrongType;
}

function takeFiles(zone) {
  const form = zone.closest("form");
  const input = zone.querySelector('input[type="file"]');
  const [files, captions] = parted([...input.files], form);
  const wrong = files.map((file) => [file, complaint(zone, file)]).filter(([, text]) => text);
  const good = files.filter((file) => !wrong.some(([bad]) => bad === file));
  const told = ([file, text]) => (files.length > 1 ? `${file.name}: ${text}` : text);
  zone.parentElement.querySelector("[data-file-error]").textContent = wrong.map(told).join(" ");
  nameFile(zone, files);
  if (good.length) {
    if (!input.multiple) {
      rowsOf(form).forEach((row) => row.cancel());
    }
    good.forEach((file) => addRow(form, file));
  }
  captions.forEach((file) => attach(form, file));
  const some = rowsOf(form).length > 0;
  input.setCustomValidity(wrong.length && !some ? wrong[0][1] : "");
  if (some) {
    input.value = ""; // the bytes go by themselves, not with the form
  }
  fit(form);
}

/** Subtitles that lie beside a video of their name go with it; any other is judged as a file. */
function parted(files, form) {
  const stems = [...files, ...rowsOf(form).map((row) => row.file)]
    .filter((file) => /\.mp4$/i.test(file.name))
    .map(stem);
  const goesWith = (file) =>
    "takesMany" in form.dataset && CAPTIONS.test(file.name) && stems.includes(stem(file));
  return [files.filter((file) => !goesWith(file)), files.filter(goesWith)];
}

const stem = (file) => file.name.replace(TITLE_FROM_NAME, "").toLowerCase();

function attach(form, captions) {
  const row = rowsOf(form).find((each) => stem(each.file) === stem(captions));
  if (row) {
    row.captions = captions;
    row.part("name").textContent = `${row.file.name} + ${captions.name}`;
  }
}

/** The one file of the form takes its subtitles along in the field for them. */
function fillCaptions(form, row) {
  const input = form.elements.namedItem("captions");
  if (row.captions && input && !input.files.length) {
    const chosen = new DataTransfer();
    chosen.items.add(row.captions);
    input.files = chosen.files;
  }
}

function nameFile(zone, files) {
  const units = JSON.parse(zone.dataset.units);
  const [file] = files;
  zone.querySelector("[data-file-name]").textContent =
    files.length === 1 ? `${file.name} · ${formatSize(file.size, units)}` : "";
}

function addRow(form, file) {
  const list = listOf(form);
  const row = new Arriving(file, list, form.dataset.files, (changed) => onChange(list, changed));
  row.part("row-title").value = titleFrom(file.name);
  row.part("again").addEventListener("click", () => post(row.node.closest("form"), row, true));
  rows.set(list, [...(rows.get(list) ?? []), row]);
  const title = form.elements.namedItem("title");
  if (title && !title.value) {
    title.value = titleFrom(file.name);
  }
}

/** One file: the form's own title. Several: a title for each, and the rest is said of all. */
function fit(form) {
  const open = rowsOf(form);
  const title = form.elements.namedItem("title");
  const input = form.elements.namedItem("file");
  const all = (rows.get(listOf(form)) ?? []).filter((row) => row.state !== "cancelled");
  const many = all.length > 1;
  input.required = open.length === 0;
  listOf(form).hidden = listOf(form).querySelector("li") === null;
  form.dataset.many = many ? "yes" : "";
  if (title) {
    title.disabled = many;
    title.closest(".field").hidden = many;
  }
  const captions = form.querySelector("#captions-field");
  if (captions) {
    captions.hidden = many;
  }
  for (const row of all) {
    const asked = many && !row.isOver;
    row.part("row-title-field").hidden = !asked;
    row.part("row-title").disabled = !asked;
  }
  if (open.length === 0 && !input.validationMessage.length) {
    nameFile(form.querySelector("[data-drop]"), []);
  }
}

function onChange(list, row) {
  const form = list.closest("form");
  if (!form || !rows.get(list)?.includes(row)) {
    return; // the form has gone, or the row is being made
  }
  fit(form);
  if (row.state === "arrived") {
    goOn(form, row);
  } else if (row.isOver && rowsOf(form).length === 0) {
    wait(form, false);
  }
}

// Sending the form ------------------------------------------------------------------------------

let issue = null; // htmx's own request of the form that waits for its file

function wait(form, on) {
  form.dataset.waiting = on ? "yes" : "";
  form.querySelector("[data-wait]").hidden = !on;
  issue = on ? issue : null;
}

document.addEventListener("htmx:confirm", (event) => {
  const form = uploadForm(event);
  if (!form || event.target !== form || rowsOf(form).length === 0) {
    return;
  }
  event.preventDefault();
  issue = event.detail.issueRequest;
  wait(form, true);
  rowsOf(form)
    .filter((row) => row.state === "arrived")
    .forEach((row) => goOn(form, row));
});

/** The file is there: if the form has been sent, it goes now. */
function goOn(form, row) {
  if (!form.dataset.waiting) {
    return;
  }
  if (form.dataset.many) {
    post(form, row);
    return;
  }
  const request = issue;
  wait(form, false);
  form.elements.namedItem("upload").value = row.id;
  fillCaptions(form, row);
  request(true);
}

async function post(form, row, anyway = false) {
  const data = new FormData(form);
  data.delete("file");
  data.delete("captions"); // those of one, if any, are its own
  if (row.captions) {
    data.set("captions", row.captions);
  }
  data.set("title", row.part("row-title").value);
  data.set(anyway ? "token" : "upload", anyway ? row.token : row.id);
  row.part("again").hidden = true;
  row.show("posting");
  try {
    const headers = { "HX-Request": "true" };
    const body = { method: "POST", body: data, headers };
    read(row, await fetch(form.getAttribute("action"), body).then(withText));
  } catch {
    row.show("arrived", row.list.dataset.textUnsent);
  }
  if (rowsOf(form).every((each) => ["arrived", "failed"].includes(each.state))) {
    wait(form, false);
  }
}

const withText = async (answer) => ({ answer, text: await answer.text() });

function read(row, { answer, text }) {
  const address = answer.headers.get("HX-Redirect");
  if (address) {
    showLink(row, address, row.list.dataset.textOpen);
    row.finish("posted");
    row.say(row.list.dataset.textPosted);
    return;
  }
  const page = new DOMParser().parseFromString(text, "text/html");
  row.token = page.querySelector('input[name="token"]')?.value;
  const errors = [...page.querySelectorAll(".errors, .form-error, .notice strong, .toast")];
  const message = errors.map((each) => each.textContent.trim()).filter(Boolean).join(" ");
  const refused = page.querySelector("[data-file-error]")?.textContent.trim();
  if (row.token || refused) {
    const existing = page.querySelector(".panel ~ .buttons a.button");
    if (existing) {
      showLink(row, existing.getAttribute("href"), existing.textContent.trim());
    }
    row.finish("refused", message);
    row.part("again").hidden = !row.token;
  } else {
    row.show("arrived", message || row.list.dataset.textUnsent);
  }
}

function showLink(row, address, text) {
  const link = row.part("link");
  link.hidden = false;
  link.href = address;
  link.textContent = text;
  link.ariaLabel = `${text}: ${row.file.name}`;
}

// One file that the server has refused with the form: another has to be chosen.
document.addEventListener("htmx:afterSettle", (event) => {
  const form = event.target;
  if (!form.matches?.("form[data-files]")) {
    return;
  }
  const refused = form.querySelector("[data-file-error]").textContent.trim();
  for (const row of refused ? rowsOf(form).filter((each) => each.state === "arrived") : []) {
    row.node.remove();
    row.finish("refused", refused);
  }
  prepare(form);
});

// What a name tells -----------------------------------------------------------------------------

/** Has the server fill in semester and year as the names tell them; what a person chose stands. */
function askHints(form) {
  const row = form?.querySelector("[data-hints]");
  if (!row || "chosen" in row.dataset) {
    return;
  }
  const value = (name) => form.elements.namedItem(name).value;
  const file = rowsOf(form)[0]?.file.name ?? "";
  const text = `${value("title")} ${file.replace(TITLE_FROM_NAME, "")}`.trim();
  if (text && !(value("semester") && value("year"))) {
    const values = { text, semester: value("semester"), year: value("year") };
    htmx.ajax("GET", row.dataset.hints, { target: row, swap: "outerHTML", values });
  }
}

document.addEventListener("change", (event) => {
  const zone = event.target.closest("[data-drop]");
  if (zone && event.target.type === "file") {
    takeFiles(zone);
  }
  const row = event.target.closest("[data-hints]");
  if (row) {
    row.dataset.chosen = "";
  } else if (zone || event.target.name === "title") {
    askHints(event.target.form);
  }
});

for (const name of ["dragenter", "dragover", "dragleave", "drop"]) {
  document.addEventListener(name, (event) => {
    const zone = event.target.closest?.("[data-drop]");
    if (zone) {
      // The file input covers the zone and takes the drop; only the look is ours.
      zone.classList.toggle("is-over", name === "dragenter" || name === "dragover");
    } else if (document.querySelector("[data-drop]") && name !== "dragenter") {
      // Beside the zone a dropped file would replace the page and what was typed.
      event.preventDefault();
    }
  });
}

// The form itself -------------------------------------------------------------------------------

document.addEventListener("htmx:beforeRequest", (event) => {
  const form = uploadForm(event);
  if (form && event.target === form) {
    form.querySelector("[data-sending]").hidden = false;
  }
});

for (const name of ["htmx:beforeOnLoad", "htmx:afterRequest"]) {
  document.addEventListener(name, (event) => {
    const form = uploadForm(event);
    if (form && event.target === form) {
      form.querySelector("[data-sending]").hidden = true;
      if (event.detail.xhr?.getResponseHeader("HX-Redirect")) {
        rowsOf(form).forEach((row) => row.forget());
      }
    }
  });
}

// Without this script the form takes one file.
function prepare(form) {
  const input = form.elements.namedItem("file");
  input.multiple = "takesMany" in form.dataset;
  if (input.multiple && !input.accept.includes(".vtt")) {
    input.accept += ",.vtt,.srt";
  }
  fit(form);
}

document.querySelectorAll("form[data-files]").forEach(prepare);
