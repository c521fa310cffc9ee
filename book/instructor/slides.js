// Starts reveal.js; text that would run out of its slide is made smaller until it fits.
(() => {
  const SMALLEST = 0.5;

  function fit(section) {
    const body = section.querySelector(".body");
    if (!body) return;
    const shown = section.style.display;
    section.style.display = "block";
    for (let size = 1; size >= SMALLEST; size -= 0.05) {
      body.style.fontSize = `${size}em`;
      if (body.scrollHeight <= body.clientHeight && body.scrollWidth <= body.clientWidth) break;
    }
    section.style.display = shown;
  }

  Reveal.initialize({
    width: 1280,
    height: 720,
    margin: 0,
    center: false,
    hash: true,
    slideNumber: "c/t",
    transition: "none",
    plugins: [RevealNotes],
  }).then(() => document.fonts.ready).then(() => {
    document.querySelectorAll(".slides > section").forEach(fit);
    document.documentElement.dataset.fitted = "true";
  });
})();
