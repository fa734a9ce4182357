"use strict";
// A link that is shown once is copied with one press; without script it is selected by hand.
for (const text of document.querySelectorAll("[data-copy]")) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "btn";
  button.textContent = text.dataset.copy;
  button.addEventListener("click", async () => {
    text.select();
    try { await navigator.clipboard.writeText(text.value); } catch { document.execCommand("copy"); }
    button.textContent = text.dataset.copied;
  });
  const box = document.createElement("div");
  box.className = "actions";
  box.append(button);
  text.closest(".field").after(box);
}
