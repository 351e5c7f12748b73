// The keyboard of the review page. Everything it does can be done without it: it follows links and fills forms.
"use strict";

(() => {
  const all = (selector) => [...document.querySelectorAll(selector)];
  const one = (selector) => document.querySelector(selector);

  const typing = (element) =>
    element.matches("textarea, select") ||
    (element.matches("input") && !["radio", "checkbox"].includes(element.type));

  const files = (step) => {
    const links = all(".tree ol a");
    const now = links.findIndex((link) => link.hasAttribute("aria-current"));
    const next = links[now + step];
    if (next) window.location.assign(next.href);
  };

  const findings = (step) => {
    const links = all("a.spot");
    const now = links.indexOf(document.activeElement);
    const next = links[now < 0 ? (step > 0 ? 0 : links.length - 1) : now + step];
    if (next) {
      next.focus();
      next.click();
      next.focus();
    }
  };

  const choose = (vote, after) => {
    const radio = one(`.vote input[value="${vote}"]`);
    if (!radio) return;
    radio.checked = true;
    one(after).focus();
  };

  const comment = () => {
    const field = one(".vote textarea") || one(".finish textarea");
    if (field) field.focus();
  };

  const end = () => {
    const field = one("#finish select") || one("#finish textarea") || one("#settle textarea");
    if (field) field.focus();
  };

  const help = () => {
    const box = one("#keys");
    box.open = !box.open;
    box.querySelector("summary").focus();
  };

  const keys = {
    j: () => files(1),
    k: () => files(-1),
    n: () => findings(1),
    p: () => findings(-1),
    a: () => choose("approve", ".vote button"),
    r: () => choose("return", ".vote textarea"),
    x: () => choose("reject", ".vote textarea"),
    c: comment,
    f: end,
    "?": help,
  };

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    if (event.key === "Escape" && typing(event.target)) {
      event.target.blur();
      return;
    }
    if (typing(event.target) || !Object.hasOwn(keys, event.key)) return;
    event.preventDefault();
    keys[event.key]();
  });
})();
