"use strict";
// Passkeys: one press prepares, asks the device and sends its answer. Pages work without: other ways stand beside.
//
// A form is ours when it carries data-passkey, "create" or "get" (templates/components/passkey.html writes it):
//   <form action="/answer" method="post" hidden data-passkey="get" data-options="/options" data-…>
//     csrf_token and an empty input named "credential", a button, <div data-said>
// The form is hidden until this file finds that the browser can. data-options is POSTed with the csrf_token and answers
// with the JSON options of WebAuthn; the answer goes into "credential" and the form is sent as any other.
// What may go wrong is said in data-said, in the words of data-stopped, -taken, -unable, -wait and -failed.
// An element [data-without-passkey] is for browsers that cannot: it goes where they can.

const fromText = (text) =>
  Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (each) => each.charCodeAt(0));
const toText = (bytes) =>
  btoa(Array.from(new Uint8Array(bytes), (each) => String.fromCharCode(each)).join(""))
    .replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
const named = (list) => (list ?? []).map((each) => ({ ...each, id: fromText(each.id) }));

class Refused extends Error {}

const prepare = async ({ dataset, elements }) => {
  const body = new URLSearchParams({ csrf_token: elements.csrf_token.value });
  const answer = await fetch(dataset.options, { method: "POST", body, redirect: "manual" });
  if (answer.status === 429) throw new Refused("wait");
  // The session is over, or its proof too old: the page opened anew says so.
  if ([0, 400, 401, 403, 404].includes(answer.status)) { location.reload(); return new Promise(() => {}); }
  if (!answer.ok) throw new Refused("failed");
  const options = await answer.json();
  return {
    ...options,
    challenge: fromText(options.challenge),
    ...(options.user && { user: { ...options.user, id: fromText(options.user.id) } }),
    ...(options.excludeCredentials && { excludeCredentials: named(options.excludeCredentials) }),
    ...(options.allowCredentials && { allowCredentials: named(options.allowCredentials) }),
  };
};

const written = ({ id, rawId, type, response, authenticatorAttachment }) => {
  const said = { clientDataJSON: toText(response.clientDataJSON) };
  for (const name of ["attestationObject", "authenticatorData", "signature", "userHandle"]) {
    if (response[name]) said[name] = toText(response[name]);
  }
  if (response.getTransports) said.transports = response.getTransports();
  return JSON.stringify({ id, rawId: toText(rawId), type, response: said, authenticatorAttachment });
};

const WORDS = {
  NotAllowedError: "stopped", AbortError: "stopped", InvalidStateError: "taken",
  NotSupportedError: "unable", ConstraintError: "unable", SecurityError: "unable",
};
const say = (form, word) => {
  const box = form.querySelector("[data-said]");
  box.textContent = "";
  if (!word) return;
  const line = document.createElement("p");
  line.className = "err";
  line.setAttribute("role", "alert");
  const sign = form.querySelector("svg")?.cloneNode(true);
  const use = sign?.firstElementChild;
  use?.setAttribute("href", use.getAttribute("href").replace(/#.*/, "#alert"));
  const words = document.createElement("span");
  words.textContent = form.dataset[word];
  line.append(...(sign ? [sign] : []), words);
  box.append(line);
};

const ask = async (form, button) => {
  say(form, "");
  button.setAttribute("aria-busy", "true");
  try {
    const publicKey = await prepare(form);
    const made = await navigator.credentials[form.dataset.passkey]({ publicKey });
    form.elements.credential.value = written(made);
    form.submit();
  } catch (error) {
    button.removeAttribute("aria-busy");
    say(form, error instanceof Refused ? error.message : WORDS[error.name] ?? "failed");
    button.focus();
  }
};

if (window.PublicKeyCredential && navigator.credentials) {
  for (const form of document.querySelectorAll("form[data-passkey]")) {
    if (!form.hidden) continue;
    form.hidden = false;
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      event.stopPropagation(); // sent once the device has answered
      const button = form.querySelector("button[type=submit]");
      if (!button.hasAttribute("aria-busy")) ask(form, button);
    });
    // Back from the page that followed: what the device answered then is over.
    addEventListener("pageshow", () => { form.elements.credential.value = ""; });
  }
  for (const each of document.querySelectorAll("[data-without-passkey]")) each.hidden = true;
}
