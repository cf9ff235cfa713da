"use strict";
// Comfort for readers with a script: tables marked `data-rows` are sorted by their headings, and filtered by what is typed
// and by the boxes ticked above them. Without it all rows stand there, in the order of the page.
document.documentElement.classList.add("scripted");

for (const table of document.querySelectorAll("table[data-rows]")) {
  const body = table.tBodies[0];
  const rows = [...body.rows];

  const headings = [...table.querySelectorAll("th[data-sort]")];
  for (const heading of headings) {
    const column = heading.cellIndex;
    const key = (row) => row.cells[column].dataset.key ?? row.cells[column].textContent.trim();
    const compare = heading.dataset.sort === "number" ? (a, b) => a - b : (a, b) => a.localeCompare(b);
    const button = document.createElement("button");
    button.type = "button";
    button.append(...heading.childNodes);
    heading.append(button);
    button.addEventListener("click", () => {
      const down = heading.getAttribute("aria-sort") === "ascending";
      for (const other of headings) other.removeAttribute("aria-sort");
      heading.setAttribute("aria-sort", down ? "descending" : "ascending");
      rows.sort((a, b) => (down ? -1 : 1) * compare(key(a), key(b)));
      body.append(...rows);
    });
  }

  const filter = document.querySelector(`.filter[data-for="${table.id}"]`);
  if (!filter) continue;
  const search = filter.querySelector("input[type=search]");
  const boxes = [...filter.querySelectorAll("input[type=checkbox]")];
  const count = filter.querySelector("output");
  const apply = () => {
    const wanted = search.value.toLowerCase();
    const kinds = new Set(boxes.filter((box) => box.checked).map((box) => box.value));
    let shown = 0;
    for (const row of rows) {
      row.hidden = !kinds.has(row.dataset.kind) || !row.textContent.toLowerCase().includes(wanted);
      shown += row.hidden ? 0 : 1;
    }
    count.textContent = `${shown} of ${rows.length} rows`;
  };
  filter.addEventListener("input", apply);
  apply();
}
