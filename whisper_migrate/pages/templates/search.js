/* Written by whisper-migrate docs */
"use strict";
(() => {
  const input = document.getElementById("search");
  const results = document.getElementById("search-results");
  const root = document.body.dataset.root;
  const most = 30;

  function find(words) {
    const wanted = words.toLowerCase().split(/\s+/).filter(Boolean);
    if (!wanted.length) return [];
    const found = [];
    for (const [name, kind, url, more] of SEARCH_INDEX) {
      const low = name.toLowerCase(), all = `${low} ${kind} ${more.toLowerCase()}`;
      if (!wanted.every(word => all.includes(word))) continue;
      const own = low.split(".").pop();
      const rank = own === wanted[0] ? 0 : own.startsWith(wanted[0]) ? 1 : low.includes(wanted[0]) ? 2 : 3;
      found.push([rank + (kind === "column" ? 0.5 : 0), name, kind, url]);
    }
    return found.sort((a, b) => a[0] - b[0] || (a[1] < b[1] ? -1 : 1));
  }

  function show() {
    const found = find(input.value);
    results.replaceChildren();
    results.hidden = !input.value.trim();
    const line = document.createElement("p");
    line.textContent = found.length > most ? `The first ${most} of ${found.length} results` : `${found.length} result${found.length === 1 ? "" : "s"}`;
    const list = document.createElement("ol");
    for (const [, name, kind, url] of found.slice(0, most)) {
      const item = document.createElement("li"), link = document.createElement("a");
      link.href = root + url;
      link.textContent = name;
      item.append(link, ` ${kind}`);
      list.append(item);
    }
    results.append(line, list);
  }

  input.addEventListener("input", show);
  document.getElementById("search-form").addEventListener("submit", event => {
    event.preventDefault();
    const first = results.querySelector("a");
    if (first) first.click();
  });
  document.addEventListener("keydown", event => {
    if (event.key === "/" && document.activeElement !== input) { event.preventDefault(); input.focus(); }
    if (event.key === "Escape" && !results.hidden) { input.value = ""; show(); input.focus(); }
  });
})();
