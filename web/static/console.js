// What scripts add to the console. Everything works without them.
"use strict";

// "/" goes to the search box, Escape closes what is open.
document.addEventListener("keydown", function (event) {
  var typing = /^(INPUT|TEXTAREA|SELECT)$/.test(event.target.tagName);
  if (event.key === "/" && !typing && !event.ctrlKey && !event.metaKey && !event.altKey) {
    var search = document.getElementById("search");
    if (search) {
      event.preventDefault();
      search.focus();
    }
  }
  if (event.key === "Escape") {
    document.querySelectorAll("details.facet[open], .who details[open]").forEach(function (d) {
      d.open = false;
    });
  }
});

// Of the choices that open, one is open at a time.
document.addEventListener("toggle", function (event) {
  if (!event.target.open || !event.target.matches("details.facet")) return;
  document.querySelectorAll("details.facet[open]").forEach(function (d) {
    if (d !== event.target) d.open = false;
  });
}, true);
