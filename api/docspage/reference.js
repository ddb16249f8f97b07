// What the reference does beyond being read: search, one language of samples for the
// whole page, and copying. Without it the page has all its content.
(() => {
  const page = document.documentElement;
  page.classList.add("js");

  // The contents are open beside the text, and folded above it.
  const contents = document.querySelector(".contents");
  const wide = matchMedia("(min-width: 60rem)");
  const fold = () => { contents.open = wide.matches; };
  wide.addEventListener("change", fold);
  fold();
  contents.addEventListener("click", (event) => {
    if (event.target.closest("a") && !wide.matches) contents.open = false;
  });

  // A language that is chosen once is shown everywhere, and remembered.
  const languages = [...new Set([...document.querySelectorAll(".sample")].map((s) => s.dataset.lang))];
  const remembered = () => {
    try { return localStorage.getItem("samples"); } catch { return null; }
  };
  const choose = (language) => {
    for (const sample of document.querySelectorAll(".sample")) {
      sample.open = sample.dataset.lang === language;
    }
    for (const button of document.querySelectorAll(".langs [data-lang]")) {
      button.setAttribute("aria-pressed", String(button.dataset.lang === language));
    }
    try { localStorage.setItem("samples", language); } catch { /* private browsing */ }
  };
  const element = (name, text, className) => {
    const made = document.createElement(name);
    made.textContent = text;
    if (className) made.className = className;
    return made;
  };
  for (const samples of document.querySelectorAll(".samples")) {
    const bar = element("div", "", "langs");
    for (const language of languages) {
      const button = element("button", language);
      button.type = "button";
      button.dataset.lang = language;
      bar.append(button);
    }
    const copy = element("button", "Copy", "copy");
    copy.type = "button";
    bar.append(copy);
    samples.prepend(bar);
  }
  document.addEventListener("click", async (event) => {
    const button = event.target.closest(".langs button");
    if (!button) return;
    if (button.dataset.lang) {
      const before = button.getBoundingClientRect().top;
      choose(button.dataset.lang);
      scrollBy(0, button.getBoundingClientRect().top - before);
      return;
    }
    const shown = button.closest(".samples").querySelector(".sample[open] code");
    await navigator.clipboard.writeText(shown.textContent);
    button.textContent = "Copied";
    setTimeout(() => { button.textContent = "Copy"; }, 2000);
  });
  const first = remembered();
  choose(languages.includes(first) ? first : languages[0]);

  // A link to a field opens what it is folded into.
  const reveal = () => {
    const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
    if (!target) return;
    for (let fold = target.closest("details"); fold; fold = fold.parentElement.closest("details")) {
      fold.open = true;
    }
    target.scrollIntoView();
  };
  addEventListener("hashchange", reveal);
  if (location.hash) reveal();

  // Search: every word has to be found in the name, the text or the operation.
  const entries = [];
  const add = (id, name, where, text, weight) => entries.push({
    id, name, where, weight, lower: name.toLowerCase(), all: `${name} ${where} ${text}`.toLowerCase(),
  });
  for (const operation of document.querySelectorAll(".operation")) {
    const name = operation.querySelector("h4").textContent;
    const path = operation.querySelector(".path").textContent.trim();
    add(operation.id, name, path, operation.id, 0);
    for (const field of operation.querySelectorAll(".fields > li")) {
      const code = field.querySelector("code").textContent;
      const side = field.id.split(".")[1] === "answer" ? "answer" : "request";
      add(field.id, code, `${name} · ${side}`, field.textContent, 2);
    }
  }
  for (const row of document.querySelectorAll(".codes tr[id^=error-]")) {
    add(row.id, row.cells[0].textContent, row.cells[1].textContent, row.cells[2].textContent, 1);
  }
  for (const section of document.querySelectorAll(".start h2, .tables h2, .tables h3")) {
    const at = section.id || section.closest("section").id;
    add(at, section.textContent, "Start and tables", section.nextElementSibling?.textContent ?? "", 1);
  }

  const find = document.querySelector(".find");
  const input = document.getElementById("find");
  const results = document.getElementById("results");
  const list = results.querySelector("ul");
  const count = results.querySelector(".count");
  find.hidden = false;

  const bound = 40;
  const show = () => {
    const words = input.value.toLowerCase().split(/\s+/).filter(Boolean);
    results.hidden = words.length === 0;
    if (results.hidden) return;
    const rank = (e) => (e.lower === words[0] ? 0 : 10) + (words.every((w) => e.lower.includes(w)) ? 0 : 5) + e.weight;
    const found = entries.filter((e) => words.every((w) => e.all.includes(w)))
      .sort((a, b) => rank(a) - rank(b));
    count.textContent = found.length === 0 ? "Nothing found. Try another word."
      : found.length === 1 ? "1 place" : `${found.length} places`;
    list.replaceChildren(...found.slice(0, bound).map((e) => {
      const link = element("a", e.name);
      link.href = `#${e.id}`;
      link.append(element("small", e.where));
      const item = document.createElement("li");
      item.append(link);
      return item;
    }));
  };
  input.addEventListener("input", show);
  input.addEventListener("focus", show);
  list.addEventListener("click", (event) => {
    if (event.target.closest("a")) results.hidden = true;
  });
  document.addEventListener("click", (event) => {
    if (!event.target.closest(".find")) results.hidden = true;
  });
  document.addEventListener("keydown", (event) => {
    if (event.key === "/" && !/^(INPUT|TEXTAREA|SELECT)$/.test(document.activeElement.tagName)) {
      event.preventDefault();
      input.focus();
      input.select();
    }
    if (!event.target.closest?.(".find")) return;
    const links = [...list.querySelectorAll("a")];
    const at = links.indexOf(document.activeElement);
    if (event.key === "Escape") {
      results.hidden = true;
      input.focus();
    } else if (event.key === "ArrowDown" && links.length > 0) {
      event.preventDefault();
      links[Math.min(at + 1, links.length - 1)].focus();
    } else if (event.key === "ArrowUp" && at >= 0) {
      event.preventDefault();
      (at === 0 ? input : links[at - 1]).focus();
    } else if (event.key === "Enter" && at < 0 && links.length > 0) {
      links[0].click();
    }
  });
})();
