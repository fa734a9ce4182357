"use strict";
// A page stays on the screen only while its reader may see it (security.md R16).
(() => {
  const words = document.querySelector("template[data-pulse]");
  if (!words) return;
  const every = words.dataset.every * 1000, most = 3;
  let timer, turn = 0, gone = false, failed = 0, restored = false, lost;

  const put = (into, name, text, attributes = {}) => {
    const made = document.createElement(name);
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    made.textContent = text;
    into.append(made);
    return made;
  };
  const said = (why) => words.content.querySelector(`[data-why="${why}"]`).dataset;
  const blank = (why) => {
    const { title, text, href, action } = said(why), main = document.createElement("main");
    gone = true;
    document.title = "espace";
    put(main, "h1", title);
    put(main, "p", text, { class: "lead" });
    put(put(main, "div", "", { class: "actions" }), "a", action, { class: "btn", href });
    main.tabIndex = -1;
    document.body.className = "plain";
    document.body.replaceChildren(main);
    document.body.hidden = false;
    main.focus();
  };
  const warn = () => {
    if (lost?.isConnected) return;
    const { title, text } = said("lost");
    lost = put(document.querySelector("main"), "div", "", { class: "note warn", role: "status" });
    put(put(lost, "div", ""), "p", `${title}. ${text}`);
    document.querySelector("main").prepend(lost);
  };
  const ask = async () => {
    clearTimeout(timer);
    const mine = ++turn;
    let status = 0;
    try {
      const answer = await fetch(words.dataset.pulse, {
        headers: { "HX-Request": "true" }, redirect: "manual", cache: "no-store", signal: AbortSignal.timeout?.(8000),
      });
      status = answer.type === "opaqueredirect" ? 401 : answer.status;
    } catch { /* no connection: counted below */ }
    if (gone || mine !== turn) return;
    if ([401, 404, 409, 410].includes(status)) return blank(status);
    failed = status === 204 ? 0 : failed + 1;
    // Back from the history nothing is shown unchecked; a page being read stays when the network fails, and says so.
    if (failed && restored) return blank(0);
    if (failed >= most) warn();
    else if (!failed) lost?.remove();
    restored = document.body.hidden = false;
    timer = setTimeout(seen, every);
  };
  const seen = () => { if (document.visibilityState === "visible" && !gone) ask(); };

  document.addEventListener("visibilitychange", () => { clearTimeout(timer); seen(); });
  addEventListener("pagehide", () => { if (!gone) document.body.hidden = true; });
  addEventListener("pageshow", ({ persisted }) => { if (persisted && !gone) { restored = true; ask(); } });
  timer = setTimeout(seen, every);
})();
