// Serial numbers by the camera: what a code on a device says goes into the next empty line.
// Without scripts, without a camera, or in a browser that reads no codes, the button stays
// hidden, and numbers are typed or pasted.
"use strict";

(function () {
  var form = document.querySelector("[data-scan-form]");
  if (!form || !window.BarcodeDetector || !navigator.mediaDevices) return;

  var button = form.querySelector("[data-scan]");
  var view = form.querySelector("[data-scan-view]");
  var video = view.querySelector("video");
  var says = view.querySelector("[data-scan-says]");
  var stream = null;
  var last = "";

  // The line that the number goes into: the next empty one, unless another line has it already.
  function lineFor(text) {
    var lines = form.querySelectorAll('input[name="serial"]');
    for (var i = 0; i < lines.length; i++) {
      if (lines[i].value.trim() === text) return null;
    }
    for (var j = 0; j < lines.length; j++) {
      if (lines[j].value.trim() === "") return lines[j];
    }
    return another(lines[lines.length - 1].closest("li"));
  }

  // Adds a line like the last one, empty.
  function another(item) {
    var copy = item.cloneNode(true);
    var n = item.parentNode.children.length;
    copy.querySelectorAll("input").forEach(function (input) {
      var label = copy.querySelector('label[for="' + input.id + '"]');
      input.value = "";
      input.removeAttribute("autofocus");
      input.id = input.id.replace(/\d+$/, n);
      if (label) label.htmlFor = input.id;
    });
    item.parentNode.appendChild(copy);
    return copy.querySelector('input[name="serial"]');
  }

  function take(text) {
    text = text.trim().replace(/^S\/?N:?\s*/i, "");
    if (!text || text === last || text.length > 60 || /^https?:/i.test(text)) return;
    last = text;
    var line = lineFor(text);
    if (!line) return;
    line.value = text;
    says.textContent = says.dataset.found.replace("#", text);
  }

  function end() {
    if (stream) stream.getTracks().forEach(function (track) { track.stop(); });
    stream = null;
    view.hidden = true;
    button.hidden = false;
    button.focus();
  }

  function look(detector) {
    if (!stream) return;
    detector.detect(video).then(function (codes) {
      codes.forEach(function (code) { take(code.rawValue); });
    }).catch(function () { /* this picture has none */ }).then(function () {
      setTimeout(function () { look(detector); }, 250);
    });
  }

  function begin() {
    navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment" } }).then(function (s) {
      stream = s;
      view.hidden = false;
      button.hidden = true;
      video.srcObject = s;
      return video.play();
    }).then(function () {
      look(new BarcodeDetector());
    }).catch(function () {
      end();
      view.hidden = false;
      says.textContent = says.dataset.failed;
    });
  }

  BarcodeDetector.getSupportedFormats().then(function (formats) {
    if (!formats.length) return;
    button.hidden = false;
    button.addEventListener("click", begin);
    view.querySelector("[data-scan-end]").addEventListener("click", end);
    window.addEventListener("pagehide", function () { if (stream) end(); });
  }).catch(function () { /* it reads no codes */ });
})();
