"use strict";
// A document's files leave one by one, as soon as they are chosen: each is a request of its own, shown as it goes, and
// sent again when the connection was lost. The pages work without: one button then sends all that was chosen.
//
//   <form data-adding="start" or "check" …> holds [data-sending] with the sentences, and <template id="one-file">.
// What stands in [data-by-hand] is for browsers without script.

const form = document.querySelector("form[data-adding]");
const box = form.querySelector("[data-sending]");
const words = box.dataset;
const MB = 1024 * 1024;
const rows = new Set();
let draft = form.dataset.adding === "check" ? form.action : "";
let now = null;

for (const part of form.querySelectorAll("[data-by-hand]")) part.hidden = true;

const size = (bytes) => `${(bytes / 1e6).toLocaleString(document.documentElement.lang, { maximumFractionDigits: 1 })}\u00a0${words.unit}`;
const page = (text) => new DOMParser().parseFromString(text, "text/html");
const isAway = (address) => new URL(address, location.href).pathname.startsWith("/connexion");
const isPdf = (file) => file.type === "application/pdf" || /\.pdf$/i.test(file.name);

// One line for each file. `state` is waits, goes, done, cut (it may be sent again) or refused.
const set = (row, state, sentence) => {
  row.state = state;
  row.said.textContent = sentence;
  row.said.classList.toggle("err", state === "cut" || state === "refused");
  row.bar.hidden = state !== "waits" && state !== "goes";
  row.stop.hidden = row.bar.hidden;
  row.again.hidden = state !== "cut";
  row.leave.hidden = state !== "cut" && state !== "refused";
  if (row.bar.hidden) {
    row.said.setAttribute("role", "status");
    row.part.scrollIntoView({ block: "nearest" });
  }
};
const add = (file, name) => {
  const part = document.getElementById("one-file").content.firstElementChild.cloneNode(true);
  const find = (what) => part.querySelector(what);
  const row = { file, name, part, said: find("[data-said]"), bar: find("progress"), stop: find("[data-stop]"), again: find("[data-again]"), leave: find("[data-leave]") };
  find("[data-name]").textContent = file.name;
  row.bar.setAttribute("aria-label", file.name);
  row.stop.addEventListener("click", () => { if (row.sent) row.sent.abort(); else { set(row, "cut", words.stopped); next(); } });
  row.again.addEventListener("click", () => { row.renew = true; set(row, "waits", size(file.size)); next(); });
  row.leave.addEventListener("click", () => { rows.delete(row); part.remove(); next(); });
  box.append(part);
  box.hidden = false;
  rows.add(row);
  part.scrollIntoView({ block: "nearest" });
  const heavy = isPdf(file) ? file.size > 5 * MB && words.heavyPdf : file.size > 25 * MB && words.heavy;
  set(row, heavy ? "refused" : "waits", heavy || size(file.size));
};

// After a cut the session may be another one: the token of its forms is asked for again.
const renew = async () => {
  const answer = await fetch(draft || location.href);
  if (isAway(answer.url)) throw new Error("away");
  form.elements.csrf_token.value = page(await answer.text()).querySelector("[name=csrf_token]").value;
};

const send = async (row) => {
  if (row.renew) {
    try { await renew(); } catch (error) { return set(row, "cut", error.message === "away" ? words.away : words.cut); }
  }
  const body = draft ? new FormData(form) : new FormData();
  if (draft) body.append("geste", "garder");
  else body.append("csrf_token", form.elements.csrf_token.value);
  body.append(row.name, row.file);
  await new Promise((end) => {
    const sent = new XMLHttpRequest();
    row.sent = sent;
    sent.open("POST", draft || form.action);
    sent.upload.addEventListener("progress", ({ loaded, total }) => {
      row.bar.value = (100 * loaded) / total;
      row.said.textContent = words.of.replace("{done}", size(Math.min(loaded, row.file.size))).replace("{all}", size(row.file.size));
    });
    sent.addEventListener("load", () => {
      if (isAway(sent.responseURL)) set(row, "cut", words.away);
      else if (sent.status === 200 && /\/ajouter\/[^/]+$/.test(new URL(sent.responseURL).pathname)) {
        draft = sent.responseURL.replace(/#.*/, "");
        set(row, "done", words.done);
      } else {
        const why = sent.status === 422 && page(sent.responseText).querySelector("[data-why]");
        set(row, why ? "refused" : "cut", why ? why.textContent : words.refused);
      }
    });
    sent.addEventListener("error", () => set(row, "cut", words.cut));
    sent.addEventListener("abort", () => set(row, "cut", words.stopped));
    sent.addEventListener("loadend", end);
    set(row, "goes", size(row.file.size));
    sent.send(body);
  });
  row.sent = null;
};

const next = async () => {
  if (now) return;
  for (;;) {
    now = [...rows].find((row) => row.state === "waits");
    if (!now) break;
    await send(now);
  }
  now = null;
  box.hidden = !rows.size;
  if (draft && rows.size && [...rows].every((row) => row.state === "done")) location.assign(draft);
};

// What is typed is kept as it is typed.
const keep = async () => {
  const body = new FormData(form);
  body.append("geste", "garder");
  try {
    const answer = await fetch(draft, { method: "POST", body });
    if (answer.ok && !isAway(answer.url)) form.querySelector("[data-kept]").textContent = form.querySelector("[data-kept]").dataset.kept;
  } catch { /* the connection is lost: what is typed is still on the page */ }
};

document.addEventListener("change", ({ target }) => {
  if (target.form !== form) return;
  if (target.type === "file") {
    const chosen = [...target.files];
    target.value = "";
    for (const file of chosen) add(file, target.name);
    next();
  } else if (draft) keep();
});
form.addEventListener("submit", (event) => {
  if (!now) return;
  event.preventDefault();
  event.stopPropagation();
  box.scrollIntoView({ block: "center" });
});
addEventListener("online", () => {
  for (const row of rows) if (row.state === "cut" && row.said.textContent === words.cut) row.again.click();
});
addEventListener("beforeunload", (event) => { if (now) event.preventDefault(); });
