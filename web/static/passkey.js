// Passkeys: a button asks the device, and its answer goes with the form. Without scripts, or in
// a browser that knows none, the button stays hidden, and the code of the app does.
"use strict";

(function () {
  if (!window.PublicKeyCredential || !navigator.credentials) return;

  function decode(text) {
    var raw = atob(text.replace(/-/g, "+").replace(/_/g, "/"));
    return Uint8Array.from(raw, function (c) { return c.charCodeAt(0); });
  }

  function encode(buffer) {
    if (!buffer) return undefined;
    var raw = String.fromCharCode.apply(null, new Uint8Array(buffer));
    return btoa(raw).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
  }

  function withIds(list) {
    return list && list.map(function (c) {
      return { type: c.type, id: decode(c.id), transports: c.transports };
    });
  }

  // What the server asks, as the browser wants it; older browsers cannot read it themselves.
  function question(does, options) {
    if (does === "create" && PublicKeyCredential.parseCreationOptionsFromJSON) {
      return PublicKeyCredential.parseCreationOptionsFromJSON(options);
    }
    if (does === "get" && PublicKeyCredential.parseRequestOptionsFromJSON) {
      return PublicKeyCredential.parseRequestOptionsFromJSON(options);
    }
    options.challenge = decode(options.challenge);
    if (options.user) options.user.id = decode(options.user.id);
    if (options.excludeCredentials) options.excludeCredentials = withIds(options.excludeCredentials);
    if (options.allowCredentials) options.allowCredentials = withIds(options.allowCredentials);
    return options;
  }

  // The answer as JSON. Some password managers put a credential of their own in the browser's
  // place, whose toJSON fails.
  function answer(credential) {
    try {
      return JSON.stringify(credential.toJSON());
    } catch (e) {
      var r = credential.response;
      return JSON.stringify({
        id: credential.id,
        rawId: encode(credential.rawId),
        type: credential.type,
        clientExtensionResults: {},
        response: {
          clientDataJSON: encode(r.clientDataJSON),
          attestationObject: encode(r.attestationObject),
          authenticatorData: encode(r.attestationObject ? null : r.authenticatorData),
          signature: encode(r.signature),
          userHandle: encode(r.userHandle),
          transports: r.attestationObject && r.getTransports ? r.getTransports() : undefined
        }
      });
    }
  }

  // Whether the rest of the form is filled in; the browser says what is missing.
  function complete(form) {
    return Array.prototype.every.call(form.elements, function (e) {
      return e.hasAttribute("data-without-passkey") || e.reportValidity();
    });
  }

  function say(form, text) {
    var problem = form.querySelector("[data-passkey-problem]");
    problem.textContent = text;
    problem.hidden = text === "";
  }

  function ask(button) {
    var form = button.form;
    var does = button.dataset.passkey;
    if (!complete(form)) return;
    say(form, "");
    button.disabled = true;
    new Promise(function (resolve) {
      resolve(navigator.credentials[does]({ publicKey: question(does, JSON.parse(button.dataset.options)) }));
    }).then(function (credential) {
      form.elements.passkey.value = answer(credential);
      form.submit();
    }).catch(function (e) {
      button.disabled = false;
      var texts = { NotAllowedError: button.dataset.canceled, InvalidStateError: button.dataset.known };
      say(form, texts[e.name] || button.dataset.failed);
    });
  }

  document.querySelectorAll("[data-passkey]").forEach(function (button) {
    button.hidden = false;
    button.addEventListener("click", function () { ask(button); });
  });
  document.querySelectorAll("[data-needs-passkey]").forEach(function (e) { e.hidden = false; });
  document.querySelectorAll("[data-without-passkeys]").forEach(function (e) { e.hidden = true; });
})();
