
"use strict";
{
  const findings = [...document.querySelectorAll(".finding")];
  const texts = findings.map((finding) => finding.textContent.toLowerCase());
  const bar = document.getElementById("filters");
  const search = document.getElementById("search");
  const count = document.getElementById("count");
  const selects = [...bar.querySelectorAll("select")];

  for (const select of selects) {
    const numbers = new Map();
    for (const finding of findings) {
      const value = finding.dataset[select.dataset.filter];
      numbers.set(value, (numbers.get(value) ?? 0) + 1);
    }
    for (const [value, number] of [...numbers].sort()) {
      select.add(new Option(`${value} (${number})`, value));
    }
  }

  const apply = () => {
    const words = search.value.toLowerCase().split(/\s+/);
    let shown = 0;
    findings.forEach((finding, index) => {
      const fits = words.every((word) => texts[index].includes(word)) &&
        selects.every(({ value, dataset }) => value === "" || finding.dataset[dataset.filter] === value);
      finding.hidden = !fits;
      shown += fits;
    });
    count.textContent = `${shown} of ${findings.length} shown`;
  };

  document.getElementById("clear").addEventListener("click", () => {
    for (const field of [search, ...selects]) {
      field.value = "";
    }
    apply();
  });
  bar.addEventListener("input", apply);
  bar.hidden = findings.length === 0;
  apply();
}
