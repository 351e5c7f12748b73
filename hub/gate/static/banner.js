/* The strip above Lab: time and bytes left, a warning before anything ends, a link to stop. */
"use strict";
(function () {
  const script = document.currentScript;
  const base = script.dataset.base;
  let over = false;
  const warnMs = 5 * 60 * 1000;
  // A right that ends takes more than saving: what should leave has to be handed in before.
  const accessWarnMs = 60 * 60 * 1000;

  function element(tag, className, text) {
    const made = document.createElement(tag);
    made.className = className;
    made.textContent = text;
    return made;
  }

  const strip = element("div", "parlatory-strip", "");
  strip.setAttribute("role", "region");
  strip.setAttribute("aria-label", "Enclave session");
  const place = element("strong", "parlatory-place", "");
  const facts = element("span", "parlatory-facts", "Asking how long this session lasts…");
  const notice = element("span", "parlatory-notice", "");
  notice.setAttribute("role", "status");
  const stop = element("a", "parlatory-stop", "Stop my session");
  stop.rel = "noopener";
  strip.append(place, facts, notice, stop);

  function bytes(count) {
    // Megabytes, as the portal's pages write the budget.
    return (Math.max(0, count) / 1000000).toFixed(1) + " MB";
  }

  function minutes(ms) {
    const total = Math.max(0, Math.floor(ms / 60000));
    const hours = Math.floor(total / 60);
    return hours > 0 ? hours + " h " + (total % 60) + " min" : total + " min";
  }

  function until(text) { return text ? Date.parse(text) - Date.now() : Infinity; }

  function warning(status) {
    if (!status.live) { return status.reason || "This session has ended."; }
    if (status.frozen) { return "The portal does not answer: nothing passes until it does."; }
    if (status.budget_left_bytes <= 0) { return "Today's byte budget is spent: nothing more is shown."; }
    if (until(status.ends_at) < warnMs) { return "Save now: this session ends in " + minutes(until(status.ends_at)) + "."; }
    if (until(status.access_ends_at) < accessWarnMs) {
      return "In " + minutes(until(status.access_ends_at)) + " this session ends: " + (status.access_ends_why || "a right it needs ends.");
    }
    if (until(status.idle_ends_at) < warnMs) {
      return "Do something, or this idle session ends in " + minutes(until(status.idle_ends_at)) + ".";
    }
    if (status.budget_left_bytes < status.budget_bytes / 10) { return "Less than a tenth of today's bytes are left."; }
    return "";
  }

  function show(status) {
    place.textContent = status.server;
    const end = Math.min(until(status.ends_at), until(status.access_ends_at));
    const left = Number.isFinite(end) ? minutes(end) + " left · " : "";
    facts.title = status.access_ends_at ? status.access_ends_why || "" : "";
    facts.textContent = left + bytes(status.budget_left_bytes) + " of " + bytes(status.budget_bytes) + " left today";
    stop.href = status.workspace_url;
    notify(warning(status));
  }

  function notify(words) {
    if (notice.textContent !== words) { notice.textContent = words; notice.title = words; }
    strip.classList.toggle("parlatory-warns", words !== "");
  }

  function end(words) {
    over = true;
    facts.textContent = "";
    stop.textContent = "Go to the portal";
    notify(words);
  }

  // Says nothing until the session ends, and then why: no need to wait for the next look at the status.
  function listen() {
    const ending = new WebSocket(new URL(base + "ending", location.href).href.replace(/^http/, "ws"));
    ending.onmessage = (event) => end(event.data);
    ending.onclose = () => { if (!over) { setTimeout(listen, 5000); } };
  }

  async function refresh() {
    if (over) { return; }
    try {
      const answer = await fetch(base + "status", { cache: "no-store", credentials: "same-origin" });
      const body = await answer.json();
      if (over) { return; }
      if (answer.ok && !body.live) { show(body); end(warning(body)); }
      else if (answer.ok) { show(body); } else { notify(body.message); }
    } catch (_error) {
      if (!over) { notify("The gate does not answer: nothing passes until it does."); }
    }
  }

  document.body.prepend(strip);
  document.documentElement.classList.add("parlatory-has-strip");
  listen();
  refresh();
  setInterval(refresh, 5000);
})();
