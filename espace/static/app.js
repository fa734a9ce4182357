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

// A file too heavy is said beside its field before minutes of sending, as the server would say it.
const heavy = ({ files, dataset }) => {
  const over = (file, limit) => limit && file.size > limit * 1024 * 1024;
  const pdf = (file) => file.type === "application/pdf" || /\.pdf$/i.test(file.name);
  for (const file of files) {
    if (over(file, dataset.limit)) return dataset.heavy;
    if (pdf(file) && over(file, dataset.pdfLimit)) return dataset.pdfHeavy;
  }
  return "";
};
const weigh = (input) => {
  const box = input.closest(".field"), id = `${input.id}-e`, sentence = heavy(input);
  document.getElementById(id)?.remove();
  box.classList.toggle("has-error", Boolean(sentence));
  const others = (input.getAttribute("aria-describedby") ?? "").split(" ").filter((other) => other && other !== id);
  input.setAttribute("aria-describedby", [...(sentence ? [id] : []), ...others].join(" "));
  if (!sentence) { input.removeAttribute("aria-invalid"); return true; }
  input.setAttribute("aria-invalid", "true");
  const said = make("p", { class: "err", id }, "");
  const sign = box.querySelector("svg")?.cloneNode(true);
  if (sign) {
    const use = sign.firstElementChild;
    use.setAttribute("href", use.getAttribute("href").replace(/#.*/, "#alert"));
    said.append(sign);
  }
  const words = make("span", {}, "");
  words.append(make("span", { class: "vh" }, input.dataset.error), sentence);
  said.append(words);
  box.prepend(said);
  return false;
};
const FILES = "input[type=file][data-limit]";
document.addEventListener("change", ({ target }) => { if (target.matches(FILES) && !weigh(target)) target.focus(); });

// A form is sent once; its button says so. After ten seconds it may be sent again: the answer may be a file.
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.dataset.sent) { event.preventDefault(); return; }
  const tooHeavy = [...form.querySelectorAll(FILES)].find((input) => heavy(input));
  if (tooHeavy) { event.preventDefault(); weigh(tooHeavy); tooHeavy.focus(); return; }
  form.dataset.sent = "1";
  setTimeout(release, 10000);
  const button = event.submitter;
  if (button) {
    button.setAttribute("aria-busy", "true");
    if (button.dataset.busy) button.textContent = button.dataset.busy;
  }
});
const release = () => {
  for (const form of document.querySelectorAll("form[data-sent]")) delete form.dataset.sent;
  for (const button of document.querySelectorAll("button[aria-busy]")) button.removeAttribute("aria-busy");
};
// Back from the page that followed, too.
addEventListener("pageshow", release);

// What is to be corrected, or what was just done, is read first.
(document.querySelector(".summary") ?? document.querySelector("[data-focus]"))?.focus();

// The quick way out: nothing of the page stays on the screen nor in the place it had in the history.
const leave = document.querySelector("form[data-leave]");
if (leave) {
  const go = () => {
    document.body.hidden = true;
    fetch(leave.action, { method: "POST", body: new FormData(leave), keepalive: true, redirect: "manual" }).catch(() => {});
    location.replace(leave.dataset.leave);
  };
  leave.addEventListener("submit", (event) => { event.preventDefault(); event.stopPropagation(); go(); });
  let pressed = [];
  document.addEventListener("keydown", ({ key, timeStamp }) => {
    pressed = key === "Escape" ? [...pressed, timeStamp].slice(-3) : [];
    if (pressed.length === 3 && timeStamp - pressed[0] < 3000) go();
  });
}

// An open menu closes with Escape and when one leaves it.
document.addEventListener("keydown", (event) => {
  const open = event.key === "Escape" && event.target.closest?.("details.menu[open]");
  if (open) { open.open = false; open.querySelector("summary").focus(); }
});

// Older rows joined the list: the way to them goes, the first of them takes the focus.
document.addEventListener("htmx:beforeSwap", ({ detail }) => {
  const link = detail.requestConfig?.elt;
  if (!link?.matches?.("[data-more]") || !detail.shouldSwap) return;
  link.closest(".actions").remove(); // it stands last in some lists: the row before it is what the new ones follow
  const last = detail.target.lastElementChild;
  addEventListener("htmx:afterSettle", () => {
    const first = (last?.isConnected ? last.nextElementSibling : detail.target)?.querySelector("a, summary");
    first?.focus();
  }, { once: true });
});
// A part that does not come is asked for as a page, which says why.
for (const name of ["htmx:responseError", "htmx:sendError"]) {
  document.addEventListener(name, ({ detail }) => {
    if (detail.elt.href) location.assign(detail.elt.href);
    lost(detail.elt);
  });
}
// What is being typed stays on its page, whatever the answer: that it is no longer kept is said where its keeping was.
const lost = ({ dataset, attributes }) => {
  if (!dataset.lost) return false;
  document.querySelector(attributes["hx-target"].value).replaceChildren(make("p", { class: "err" }, dataset.lost));
  return true;
};
document.addEventListener("htmx:beforeOnLoad", (event) => {
  if (event.detail.xhr.status >= 400 && lost(event.detail.elt)) event.preventDefault();
});
