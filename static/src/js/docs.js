// The API reference: starts the bundle that static/dist/swagger holds, on the address in the page.
const root = document.querySelector("[data-openapi]");

window.SwaggerUIBundle({
  url: root.dataset.openapi,
  domNode: root,
  deepLinking: true,
  tryItOutEnabled: true,
  // Nothing of the description leaves this site.
  validatorUrl: null,
});
