// Date presets fill the two date fields; the form's own change event does the rest.

function isoDay(daysAgo) {
  const day = new Date();
  day.setDate(day.getDate() - daysAgo);
  const two = (number) => String(number).padStart(2, "0");
  return `${day.getFullYear()}-${two(day.getMonth() + 1)}-${two(day.getDate())}`;
}

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-days]");
  if (!button) {
    return;
  }
  const form = button.closest("form");
  const after = form.elements.namedItem("uploaded_after");
  const value = isoDay(Number(button.dataset.days));
  after.value = after.value === value ? "" : value;
  form.elements.namedItem("uploaded_before").value = "";
  after.dispatchEvent(new Event("change", { bubbles: true }));
});

function showPressed() {
  const after = document.querySelector('.filters [name="uploaded_after"]')?.value;
  const before = document.querySelector('.filters [name="uploaded_before"]')?.value;
  for (const button of document.querySelectorAll("[data-days]")) {
    const on = !before && after === isoDay(Number(button.dataset.days));
    button.setAttribute("aria-pressed", String(on));
  }
}

document.addEventListener("change", showPressed);
document.addEventListener("DOMContentLoaded", showPressed);
