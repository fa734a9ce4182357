"use strict";
// The key of a shared link stands behind the #: it goes into the form, and nobody has to copy it.
(() => {
  const form = document.querySelector("[data-shared]");
  if (!form) return;
  const { link } = form.elements;
  if (location.hash.includes("shlink:/")) link.value = location.hash;
  if (link.value.includes("shlink:/") && !link.hasAttribute("aria-invalid")) form.querySelector("[data-by-hand]").hidden = true;
})();
