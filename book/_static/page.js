// What every page of the book does: follow the system's light or dark, keep the place when the
// language is switched, remember the language for the landing page, print, and show tables that are
// wider than a phone row by row.
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

  const phone = matchMedia("(max-width: 576px)");

  const stack = (table) => {
    const labels = [...table.tHead.rows[0].cells].map((cell) => cell.textContent.trim());
    // as blocks they would no longer be a table to a screen reader
    const roles = { table: "table", thead: "rowgroup", tbody: "rowgroup", tr: "row" };
    for (const [name, role] of Object.entries(roles)) {
      for (const node of [table, ...table.querySelectorAll(name)])
        if (node.localName === name) node.setAttribute("role", role);
    }
    for (const row of table.rows) {
      [...row.cells].forEach((cell, place) => {
        const heads = row.parentElement === table.tHead;
        const header = cell.localName === "th" ? "rowheader" : "cell";
        cell.setAttribute("role", heads ? "columnheader" : header);
        if (!heads) cell.dataset.label = labels[place] ?? "";
      });
    }
    table.classList.add("csqm-stacked");
  };

  const fitTables = () => {
    const ours = ".bd-article table:not(.dataframe, .csqm-frame table)"; // not those of pandas
    for (const table of document.querySelectorAll(ours)) {
      table.classList.remove("csqm-stacked");
      const wide = table.offsetWidth > table.parentElement.clientWidth + 1;
      if (phone.matches && wide && table.tHead?.rows.length === 1) stack(table);
    }
  };
  window.addEventListener("load", fitTables);
  phone.addEventListener("change", fitTables);

  document.addEventListener("click", (event) => {
    const link = event.target.closest("a.csqm-lang-switch");
    if (link) {
      keepPlace(link);
      remember(link.dataset.edition);
    }
    if (event.target.closest("button.csqm-print")) window.print();
  });
})();
