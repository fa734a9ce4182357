"use strict";
// Comfort only: every page works without this file.

const make = (name, attributes, text) => {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.textContent = text;
  return made;
};

// A password may be shown; the button exists only with script.
for (const box of document.querySelectorAll("[data-password]")) {
  const input = box.querySelector("input");
  const button = make("button", { type: "button", class: "btn second", "aria-pressed": "false", "aria-controls": input.id }, box.dataset.show);
  button.addEventListener("click", () => {
    const shown = input.type === "password";
    input.type = shown ? "text" : "password";
    button.setAttribute("aria-pressed", String(shown));
    button.textContent = shown ? box.dataset.hide : box.dataset.show;
  });
  box.append(button);
  input.form?.addEventListener("submit", () => { input.type = "password"; });
}

// A form is sent once; its button says so.
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.dataset.sent) { event.preventDefault(); return; }
  form.dataset.sent = "1";
  const button = event.submitter;
  if (button) {
    button.setAttribute("aria-busy", "true");
    if (button.dataset.busy) button.textContent = button.dataset.busy;
  }
});
// Back from the page that followed: the form may be sent again.
addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("form[data-sent]")) delete form.dataset.sent;
  for (const button of document.querySelectorAll("button[aria-busy]")) button.removeAttribute("aria-busy");
});

// What is to be corrected, or what was just done, is read first.
(document.querySelector(".summary") ?? document.querySelector("[data-focus]"))?.focus();

// An open menu closes with Escape and when one leaves it.
document.addEventListener("keydown", (event) => {
  const open = event.key === "Escape" && event.target.closest?.("details.menu[open]");
  if (open) { open.open = false; open.querySelector("summary").focus(); }
});

// Older rows join the list in place, announced; without script the link is a page of its own.
document.addEventListener("click", async (event) => {
  const link = event.target.closest?.("a[data-more]");
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  link.setAttribute("aria-busy", "true");
  try {
    const answer = await fetch(link.href, { headers: { "HX-Request": "true", "HX-Target": link.dataset.more } });
    if (!answer.ok) throw new Error(String(answer.status));
    const part = document.createRange().createContextualFragment(await answer.text());
    const first = part.querySelector("a, [tabindex]");
    link.closest(".actions").replaceWith(part);
    first?.focus();
  } catch { location.assign(link.href); }
});
