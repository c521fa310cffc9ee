// What every page of the book does: follow the system's light or dark, keep the place when the
// language is switched, remember the language for the landing page, print.
(() => {
  "use strict";

  // before anything is drawn: the first visit follows the system's light or dark
  const root = document.documentElement;
  if (!root.dataset.mode) {
    root.dataset.mode = "auto";
    root.dataset.theme = matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
  }

  const remember = (edition) => {
    try {
      localStorage.setItem("csqm:edition", edition);
    } catch {
      // storage is off: the landing page then goes by the browser's language
    }
  };

  const keepPlace = (link) => {
    // ids such as "id3" are numbered by Sphinx and mean another place in the other edition
    const place = /^#id\d+$/.test(location.hash) ? "" : location.hash;
    link.href = link.href.split("#")[0] + place;
  };

  document.addEventListener("click", (event) => {
    const link = event.target.closest("a.csqm-lang-switch");
    if (link) {
      keepPlace(link);
      remember(link.dataset.edition);
    }
    if (event.target.closest("button.csqm-print")) window.print();
  });
})();
