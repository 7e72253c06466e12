// The button below a cell copies it together with the cells it needs, imports first.
for (const button of document.querySelectorAll("button.copy-needed")) {
  const label = button.textContent;
  button.hidden = false; // without JavaScript there is none
  button.addEventListener("click", async () => {
    const cells = button.dataset.cells
      .split(" ")
      .map((place) => document.querySelector(`#cell-${place} .cell_input pre`).textContent.trim());
    await navigator.clipboard.writeText(cells.join("\n\n\n") + "\n");
    button.textContent = "Copied";
    setTimeout(() => (button.textContent = label), 2000);
  });
}
