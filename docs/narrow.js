// Gives each cell of a table the head of its column, which narrow.css writes before it on a telephone.
for (const table of document.querySelectorAll(".md-typeset table")) {
  const heads = [...table.querySelectorAll("thead th")].map((head) => head.textContent);
  for (const row of table.querySelectorAll("tbody tr"))
    [...row.cells].forEach((cell, at) => cell.setAttribute("data-head", heads[at]));
}
