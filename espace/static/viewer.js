"use strict";
// Comfort only: a page looked at closely is drawn finer; a page made to print has its button.

const sharpen = () => {
  if (visualViewport.scale < 1.4) return;
  for (const image of document.querySelectorAll("img[data-wide]")) {
    const { top, bottom } = image.getBoundingClientRect();
    if (bottom < 0 || top > innerHeight) continue;
    const finer = new Image();
    const address = image.dataset.wide;
    delete image.dataset.wide;
    finer.addEventListener("load", () => { image.src = address; });
    finer.src = address;
  }
};
for (const event of ["resize", "scroll"]) globalThis.visualViewport?.addEventListener(event, sharpen);

const place = document.querySelector("[data-print]");
if (place) {
  document.querySelector("[data-no-script]")?.remove();
  place.hidden = false;
  place.firstElementChild.addEventListener("click", () => print());
}
