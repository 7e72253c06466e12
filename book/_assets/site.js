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
