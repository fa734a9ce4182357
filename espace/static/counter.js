"use strict";
// Digits that a square code carries behind the #: typed into the form, then gone from the address and the history.
(() => {
  const field = document.querySelector("[data-counter] input.code"), digits = location.hash.slice(1);
  if (!field || !/^\d{6}$/.test(digits)) return;
  field.value = digits;
  history.replaceState(null, "", location.pathname);
  document.querySelector("[data-counter] [name=birth_date]").focus();
})();
