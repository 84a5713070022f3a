"use strict";
{
  const GRADES = ["certain", "high", "medium", "low"];
  const main = document.getElementById("findings");
  const findings = [...main.querySelectorAll(".finding")];
  const texts = new Map(findings.map((finding) => [finding, finding.textContent.toLowerCase()]));
  const bar = document.getElementById("filters");
  const [search, group, sort, count, none] =
    ["search", "group", "sort", "count", "none"].map((id) => document.getElementById(id));
  const filters = [...bar.querySelectorAll("[data-filter]")];
  const grade = (finding) => GRADES.indexOf(finding.dataset.grade);

  const groupsOf = (list, name) => [...Map.groupBy(list, (finding) => finding.dataset[name])];

  for (const filter of filters) {
    for (const [value, list] of groupsOf(findings, filter.dataset.filter).sort()) {
      filter.add(new Option(`${value} (${list.length})`, value));
    }
  }

  const fits = (finding, words) => words.every((word) => texts.get(finding).includes(word)) &&
    filters.every(({ value, dataset }) => value === "" || finding.dataset[dataset.filter] === value);

  const section = ([title, list]) => {
    const element = document.createElement("section");
    const heading = document.createElement("h2");
    const number = document.createElement("span");
    heading.textContent = title + " ";
    number.textContent = list.length;
    heading.append(number);
    element.className = "group";
    element.append(heading, ...list);
    return element;
  };

  const apply = () => {
    const words = search.value.toLowerCase().split(/\s+/);
    const shown = findings.filter((finding) => fits(finding, words));
    if (sort.value === "grade") {
      shown.sort((a, b) => grade(a) - grade(b));
    }
    const groups = groupsOf(shown, group.value);
    if (sort.value === "count") {
      groups.sort(([, a], [, b]) => b.length - a.length);
    }
    main.className = `by-${group.value}`;
    main.replaceChildren(...groups.map(section));
    none.hidden = shown.length > 0;
    count.textContent = `${shown.length} of ${findings.length}`;
  };

  const copy = async (button) => {
    const line = button.previousElementSibling;
    try {
      await navigator.clipboard.writeText(line.textContent);
    } catch {
      getSelection().selectAllChildren(line);
      document.execCommand("copy");
    }
    button.textContent = "Copied";
    setTimeout(() => { button.textContent = "Copy"; }, 1500);
  };

  for (const button of main.querySelectorAll(".copy")) {
    button.hidden = false;
    button.addEventListener("click", () => copy(button));
  }
  if (findings.length > 0) {
    bar.addEventListener("input", apply);
    bar.hidden = false;
    apply();
  }
}
