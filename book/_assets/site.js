// What only the browser knows: where this site is. Commands and saved notebooks get its address.
const site = new URL(document.documentElement.dataset.content_root, location.href).href;

// A command names a wheel beside the reader; here it lies on the site.
for (const code of document.querySelectorAll(".from-site pre")) {
  code.textContent = code.textContent.replace(/\.\/(?=\w+-[\w.-]+\.whl)/g, site);
}

// A saved notebook names the site's wheel, and its links lead to the site.
for (const link of document.querySelectorAll('a[href$=".ipynb"]')) {
  link.setAttribute("download", "");
  link.removeAttribute("target");
  link.addEventListener("click", async (event) => {
    if (location.protocol === "file:") return; // no fetch there: the file itself is saved
    event.preventDefault();
    const text = await (await fetch(link.href)).text();
    const saved = text
      .replace(/path = \\"(?=[\w.-]+\.whl)/, `url = \\"${site}`)
      .replaceAll("](../book/", `](${site}book/`);
    const copy = document.createElement("a");
    copy.href = URL.createObjectURL(new Blob([saved], { type: "application/x-ipynb+json" }));
    copy.download = link.pathname.split("/").pop();
    copy.click();
    setTimeout(() => URL.revokeObjectURL(copy.href), 60000);
  });
}

// A button that was pushed keeps the focus: some of the theme's let go of it.
document.addEventListener("click", (event) => {
  const button = event.target.closest("button");
  const nobody = () => document.activeElement === document.body;
  if (button) setTimeout(() => button.isConnected && nobody() && button.focus(), 50);
});

// What was copied is also said.
const said = document.createElement("p");
said.setAttribute("role", "status");
said.className = "visually-hidden";
document.body.append(said);
document.addEventListener("click", (event) => {
  if (!event.target.closest(".copybtn, .copy-needed")) return;
  said.textContent = "";
  setTimeout(() => (said.textContent = "Copied"), 100);
});

// What is wider than its place says where there is more: book.css lets it fade there.
const tables = ".pst-scrollable-table-container, .text_html, div:has(> table.dataframe)";
const wide = `.bd-content :is(pre, ${tables})`;
const tell = (boxes) => {
  // All is measured before anything changes: one layout, not one a box.
  const sides = boxes.map((box) => [box.scrollLeft, box.scrollWidth - box.clientWidth]);
  boxes.forEach((box, place) => {
    const [before, hidden] = sides[place];
    box.classList.toggle("more-before", before > 1);
    box.classList.toggle("more-after", hidden - before > 1);
  });
};
const changed = new ResizeObserver((seen) => tell(seen.map(({ target }) => target)));
for (const box of document.querySelectorAll(wide)) {
  changed.observe(box);
  box.addEventListener("scroll", () => tell([box]), { passive: true });
}

// Paper has every picture, and a browser may print before it has fetched those further down. So they
// come a while after the page, but on a phone, or where the reader saves data.
addEventListener("load", () => {
  if (matchMedia("(max-width: 600px)").matches || navigator.connection?.saveData) return;
  setTimeout(() => {
    for (const each of document.querySelectorAll("img[loading=lazy]")) each.loading = "eager";
  }, 2000);
});

// Paper is white, and what is folded is printed.
let before = null;
addEventListener("beforeprint", () => {
  const root = document.documentElement;
  const folded = [...document.querySelectorAll("details:not([open])")];
  before ??= { theme: root.dataset.theme, folded };
  root.dataset.theme = "light";
  for (const each of folded) each.open = true;
});
addEventListener("afterprint", () => {
  if (!before) return;
  document.documentElement.dataset.theme = before.theme;
  for (const each of before.folded) each.open = false;
  before = null;
});
