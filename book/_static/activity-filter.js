// The page of all exercises: show those of one part or of one kind.
(() => {
  "use strict";
  const form = document.querySelector(".csqm-filter");
  const { part, kind } = form.elements;
  const said = form.querySelector("[role=status]");
  const sections = [...document.querySelectorAll("section.csqm-part")];

  function show() {
    let [number, total] = [0, 0];
    for (const section of sections) {
      const entries = [...section.querySelectorAll(".csqm-entries > li")];
      let any = false;
      for (const entry of entries) {
        const fits = !kind.value || entry.classList.contains(`csqm-is-${kind.value}`);
        entry.hidden = !fits || (part.value !== "" && section.id !== part.value);
        any ||= !entry.hidden;
        number += !entry.hidden;
      }
      total += entries.length;
      section.hidden = !any;
    }
    said.textContent = said.dataset.text.replace("{number}", number).replace("{total}", total);
  }

  // a link to a part shows it, whatever was chosen before
  function showLinked() {
    if (!sections.some((section) => section.hidden && `#${section.id}` === location.hash)) return;
    form.reset();
    show();
    document.querySelector(location.hash).scrollIntoView();
  }

  form.hidden = false;
  form.addEventListener("change", show);
  form.addEventListener("submit", (event) => event.preventDefault());
  addEventListener("hashchange", showLinked);
  show();
})();
