// What scripts add to the console. Everything works without them.
"use strict";

(function () {
  var keysOff = "roomcover.console.keys.off";

  function all(selector, within) {
    return Array.prototype.slice.call((within || document).querySelectorAll(selector));
  }

  function isTyping(element) {
    if (!element || !element.matches) return false;
    return element.isContentEditable ||
      element.matches("textarea, select, input:not([type=checkbox]):not([type=radio]):not([type=button])");
  }

  // Lines of a list: the current one is the one whose link has the focus.

  var last = ""; // address of the line that had the focus last, kept over a refresh

  function lines() {
    return all("#live a.row");
  }

  function lineOf(link) {
    return link && link.closest("li, tr");
  }

  function current() {
    var here = lineOf(document.activeElement);
    var link = here && here.querySelector("a.row");
    if (link) return link;
    return lines().find(function (l) { return l.getAttribute("href") === last; }) || null;
  }

  function move(by) {
    var list = lines();
    if (!list.length) return;
    var at = list.indexOf(current());
    var next = list[Math.max(0, Math.min(list.length - 1, at < 0 ? 0 : at + by))];
    next.focus();
    lineOf(next).scrollIntoView({ block: "nearest" });
  }

  document.addEventListener("focusin", function (event) {
    if (event.target.matches && event.target.matches("#live a.row")) {
      last = event.target.getAttribute("href");
    }
  });

  // Lines that are chosen for what is done with many at once.

  function boxes() {
    return all('#live input[type=checkbox][form="bulk"]');
  }

  function chosen() {
    return boxes().filter(function (b) { return b.checked; });
  }

  function tellChosen() {
    var said = document.querySelector("output[data-chosen]");
    if (!said) return;
    var n = chosen().length;
    said.textContent = n ? said.dataset.chosen.replace("#", n) : "";
  }

  function choose() {
    var line = lineOf(current());
    var box = line && line.querySelector('input[form="bulk"]');
    if (!box) return;
    box.checked = !box.checked;
    tellChosen();
  }

  document.addEventListener("change", function (event) {
    if (event.target.matches('input[form="bulk"]')) tellChosen();
  });

  document.addEventListener("click", function (event) {
    var link = event.target.closest && event.target.closest("[data-choose]");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    var every = chosen().length < boxes().length;
    boxes().forEach(function (b) { b.checked = every; });
    tellChosen();
  });

  // "e": the act of the chosen lines, of the current line, or of the page. It opens what asks
  // before it acts; a button that acts at once gets the focus only.
  function act() {
    var many = chosen().length && document.querySelector("#bulk button");
    if (many) return many.click();
    var line = lineOf(current());
    var ofLine = line && line.querySelector("a[data-act]");
    if (ofLine) return ofLine.click();
    if (line) return current().click();
    var main = document.querySelector("#live a.btn.main");
    if (main) return main.click();
    var button = document.querySelector("#live button.btn.main");
    if (button) button.focus();
  }

  // Keys.

  var going = 0; // when "g" was pressed

  function go(key) {
    var link = all("#nav a[data-key]").find(function (a) { return a.dataset.key === key; });
    if (link) link.click();
    return !!link;
  }

  function showKeys() {
    var dialog = document.getElementById("keys");
    if (!dialog || !window.htmx) {
      location.assign("/console/keys");
      return;
    }
    if (dialog.open) return dialog.close();
    htmx.ajax("GET", "/console/keys", { target: "#keys-said", swap: "innerHTML", select: "#keys-list" })
      .then(function () { dialog.showModal(); });
  }

  function closeAll() {
    all("details.facet[open], .who details[open]").forEach(function (d) { d.open = false; });
  }

  var commands = {
    "/": function () {
      var search = document.getElementById("search");
      if (search) search.focus();
    },
    "j": function () { move(1); },
    "k": function () { move(-1); },
    "x": choose,
    "e": act,
    "o": function () { if (current()) current().click(); },
    "?": showKeys,
    "g": function () { going = Date.now(); }
  };

  function keysAreOff() {
    try { return localStorage.getItem(keysOff) === "1"; } catch (e) { return false; }
  }

  document.addEventListener("keydown", function (event) {
    if (event.key === "Escape") {
      if (isTyping(event.target)) event.target.blur();
      return closeAll();
    }
    if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target) || keysAreOff()) return;
    if (Date.now() - going < 1500 && event.key !== "g") {
      going = 0;
      if (go(event.key)) return event.preventDefault();
    }
    if (document.querySelector("dialog[open]") && event.key !== "?") return;
    var command = Object.prototype.hasOwnProperty.call(commands, event.key) && commands[event.key];
    if (!command) return;
    event.preventDefault();
    command();
  });

  // The switch for who presses keys without meaning to, and for who speaks to the computer.
  document.addEventListener("click", function (event) {
    var button = event.target.closest && event.target.closest("[data-keys-switch]");
    if (!button) return;
    try {
      if (keysAreOff()) localStorage.removeItem(keysOff);
      else localStorage.setItem(keysOff, "1");
    } catch (e) { /* a browser that keeps nothing has the keys on */ }
    tellSwitch();
  });

  function tellSwitch() {
    all("[data-keys-switch]").forEach(function (button) {
      button.hidden = false;
      button.setAttribute("aria-pressed", String(keysAreOff()));
    });
  }

  // Of the choices that open, one is open at a time.
  document.addEventListener("toggle", function (event) {
    if (!event.target.open || !event.target.matches("details.facet")) return;
    all("details.facet[open]").forEach(function (d) {
      if (d !== event.target) d.open = false;
    });
  }, true);

  // What can be taken back can be so for a while.
  function expire() {
    all("form[data-undo]").forEach(function (form) {
      setTimeout(function () { form.hidden = true; }, 1000 * Number(form.dataset.undo));
    });
  }

  // The page refreshes itself, and never under somebody's hands.

  function isChanged(control) {
    if (control.type === "checkbox" || control.type === "radio") {
      return control.checked !== control.defaultChecked;
    }
    if (control.tagName === "SELECT") {
      var byItself = all("option", control).some(function (o) { return o.defaultSelected; });
      return all("option", control).some(function (o, i) {
        return o.selected !== (byItself ? o.defaultSelected : i === 0);
      });
    }
    return control.value !== control.defaultValue;
  }

  function isBusy() {
    return document.hidden || isTyping(document.activeElement) || chosen().length > 0 ||
      document.querySelector("#live details[open], .top details[open], dialog[open]") !== null ||
      String(window.getSelection()) !== "" ||
      all("#live input:not([type=hidden]), #live textarea, #live select").some(isChanged);
  }

  function isRefresh(event) {
    return event.target.id === "live";
  }

  document.addEventListener("htmx:config:request", function (event) {
    if (!isRefresh(event)) return;
    event.detail.ctx.request.headers["Console-Version"] = event.target.dataset.version;
  });

  ["htmx:before:request", "htmx:before:swap"].forEach(function (name) {
    document.addEventListener(name, function (event) {
      if (isRefresh(event) && isBusy()) event.preventDefault();
    });
  });

  function look() {
    var live = document.getElementById("live");
    if (!document.hidden && window.htmx && live && live.dataset.version) {
      htmx.trigger(live, "console:look");
    }
  }

  document.addEventListener("visibilitychange", look);

  document.addEventListener("htmx:after:swap", function () {
    tellChosen();
    tellTimes();
    tellSwitch();
  });

  // How far off an instant is goes on while the page is open, by the clock of the service.

  var ahead = 0; // how far the clock of the service is ahead of this one's

  function readClock() {
    var live = document.getElementById("live");
    if (live && live.dataset.now) ahead = Date.parse(live.dataset.now) - Date.now();
    readClocks();
  }

  function distance(way, off, words) {
    var minutes = Math.floor(Math.abs(off) / 60000);
    var late = off <= 0;
    if (way === "since" && !late) return "";
    if (way === "since" && minutes === 0) return words["since.0"][0];
    var kind = way === "since" ? "since" : late ? "late" : "ahead";
    var unit = minutes < 60 ? "m" : minutes < 24 * 60 ? "h" : "d";
    var n = unit === "m" ? minutes : Math.floor(minutes / (unit === "h" ? 60 : 24 * 60));
    var forms = words[kind + "." + unit];
    if (!forms) return "";
    var plural = new Intl.PluralRules(document.documentElement.lang).select(n);
    return forms[plural === "one" ? 0 : 1].replace("#", n);
  }

  // Clocks stand in the midst of texts, such as "14:15 São Paulo".
  var clocks = [];

  function readClocks() {
    clocks = [];
    var live = document.getElementById("live");
    if (!live || !live.dataset.clocks) return;
    var zones = JSON.parse(live.dataset.clocks);
    var walk = document.createTreeWalker(live, NodeFilter.SHOW_TEXT);
    while (walk.nextNode()) {
      var node = walk.currentNode;
      Object.keys(zones).forEach(function (text) {
        if (node.data.indexOf(text) >= 0) clocks.push({ node: node, text: text, zone: zones[text] });
      });
    }
  }

  function tellClocks() {
    clocks.forEach(function (c) {
      var time = new Intl.DateTimeFormat("en-GB", { timeZone: c.zone, hour: "2-digit", minute: "2-digit" })
        .format(Date.now() + ahead);
      var text = c.text.replace(/\d\d:\d\d/, time);
      if (text === c.text) return;
      c.node.data = c.node.data.replace(c.text, text);
      c.text = text;
    });
  }

  function tellTimes() {
    tellClocks();
    if (!document.body.dataset.words) return;
    var words = JSON.parse(document.body.dataset.words);
    var now = Date.now() + ahead;
    all("time[data-near]").forEach(function (time) {
      var off = Date.parse(time.dateTime) - now;
      var text = distance(time.dataset.near, off, words);
      if (!text) return;
      if (time.textContent !== text) time.textContent = text;
      var due = time.closest(".due");
      if (due && time.dataset.near === "ahead") {
        due.classList.toggle("late", off <= 0);
        due.classList.toggle("soon", off > 0 && off < 2 * 3600000);
      }
    });
  }

  document.addEventListener("htmx:after:swap", readClock, true);
  document.addEventListener("DOMContentLoaded", function () {
    readClock();
    tellChosen();
    tellSwitch();
    expire();
    setInterval(tellTimes, 20000);
    // Who has a page of one thing open says so soon, for the others who have.
    if (document.querySelector("#live[data-shared]")) setTimeout(look, 1000);
  });
})();
