"use strict";
// The page is complete without this: it sorts and filters tables, and saves the embedded results.
(() => {
  const number = (cell) => Number(cell.dataset.key);
  const text = (cell) => cell.textContent.trim();

  function order(column, down) {
    const sign = down ? -1 : 1;
    return (a, b) => {
      const [one, other] = [a.cells[column], b.cells[column]];
      const by = "key" in one.dataset
        ? number(one) - number(other) || 0 // Infinity - Infinity
        : text(one).localeCompare(text(other), "en", { numeric: true });
      return sign * by || a.dataset.place - b.dataset.place;
    };
  }

  function sortable(table) {
    const body = table.tBodies[0];
    [...body.rows].forEach((row, place) => { row.dataset.place = place; });
    const said = table.querySelector("[data-order]");
    const first = said && said.textContent;
    const heads = [...table.tHead.rows[0].cells].filter((head) => head.dataset.sort !== undefined);
    for (const head of heads) {
      const button = document.createElement("button");
      button.type = "button";
      button.append(...head.childNodes);
      head.append(button);
      button.addEventListener("click", () => {
        const down = head.ariaSort === "ascending";
        heads.forEach((other) => other.removeAttribute("aria-sort"));
        head.setAttribute("aria-sort", down ? "descending" : "ascending");
        body.append(...[...body.rows].sort(order(head.cellIndex, down)));
        if (said) {
          const again = head.cellIndex === 0 && !down; // the first column's order is the page's own
          said.textContent = again ? first : `by ${text(head)}, ${down ? "descending" : "ascending"}`;
        }
      });
    }
  }

  function filterable(table) {
    const rows = [...table.tBodies[0].rows];
    const template = document.getElementById("filter").content.cloneNode(true);
    const [input, label, said] = ["input", "label", "output"].map((name) => template.querySelector(name));
    input.id = `${table.id}-filter`;
    label.htmlFor = input.id;
    const apply = () => {
      const words = input.value.toLowerCase().split(/\s+/).filter(Boolean);
      let shown = 0;
      for (const row of rows) {
        const line = [...row.cells].map(text).join(" ").toLowerCase();
        row.hidden = !words.every((word) => line.includes(word));
        shown += row.hidden ? 0 : 1;
      }
      said.textContent = words.length ? `${shown} of ${rows.length} rows` : "";
    };
    input.addEventListener("input", apply);
    table.closest(".scroll").before(template);
  }

  function savable(place) {
    const data = document.getElementById(place.dataset.save);
    const link = document.createElement("a");
    link.textContent = "save JSON";
    link.setAttribute("aria-label", `save ${place.dataset.file}`);
    link.download = place.dataset.file;
    link.href = URL.createObjectURL(new Blob([data.textContent], { type: "application/json" }));
    place.append(link);
  }

  document.querySelectorAll("table.sortable").forEach((table) => { sortable(table); filterable(table); });
  document.querySelectorAll("[data-save]").forEach(savable);

  const folded = () => document.querySelectorAll("details:not([open])");
  let opened = [];
  addEventListener("beforeprint", () => { opened = [...folded()]; opened.forEach((one) => { one.open = true; }); });
  addEventListener("afterprint", () => { opened.forEach((one) => { one.open = false; }); });
})();
