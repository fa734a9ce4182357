"use strict";
// Digits that a square code carries behind the #: typed into the form, then gone from the address and the history.
// Who must sign in first finds them again after it: this tab alone keeps them, as long as a code may be used.
(() => {
  const KEPT = "counter-code", LIFE = 10 * 60 * 1000;
  const field = document.querySelector("[data-counter] input.code"), hash = location.hash.slice(1);
  const carried = /^\d{6}$/.test(hash) ? hash : "";
  if (carried) history.replaceState(null, "", location.pathname);
  try {
    if (!field) {
      if (carried) sessionStorage.setItem(KEPT, JSON.stringify([carried, Date.now()]));
      return;
    }
    const [digits, since] = JSON.parse(sessionStorage.getItem(KEPT) ?? '["", 0]'), age = Date.now() - since;
    sessionStorage.removeItem(KEPT);
    field.value = carried || (age >= 0 && age < LIFE && /^\d{6}$/.test(digits) ? digits : "") || field.value;
  } catch {
    if (field && carried) field.value = carried; // storage is refused: what the address carries is all there is
  }
  if (field?.value) document.querySelector("[data-counter] [name=birth_date]").focus();
})();
