// The operator's page: coming, going, and looking again. bridge.js is the way to the bridge, letters.js what needs a person,
// overview.js what runs, pages.js what has an address of its own, show.js how things are written.

import {call, logIn, logOut, look, Refused} from "./bridge.js";
import {$, address, say} from "./show.js";
import * as letters from "./letters.js";
import * as overview from "./overview.js";
import * as pages from "./pages.js";

const REFRESH = 3000; // milliseconds; longer while the page is not looked at
const LETTERS_EVERY = 5; // refreshes
const AUDIT = 20;
const ATTRIBUTES = ["Version", "Instance", "Environment", "StartedAt", "IntakeOpen", "IntakeState", "IntakeReason", "IntakeSince",
  "RateLimit", "Concurrency", "Outcomes", "InFlight", "OldestInFlightSeconds", "Waiting", "SealedNotPublished", "OldestSealedSeconds",
  "JobsPerMinute", "LastHour", "LastErrorKind", "LastErrorDetail", "LastErrorAt", "Keys", "KeyProblem", "QueueDepths",
  "Batches", "Instances"];

let timer = null;
let rounds = 0;
let inside = false;
let first = true;
let place = {page: "overview", what: ""};
let title = "";
let persons = 0;

// ---- looking again --------------------------------------------------------------------------------------------------------

/** @param all also what costs more to ask for: letters, or the page that is open */
async function refresh(all) {
  const [bridge, audit] = await look(ATTRIBUTES, AUDIT);
  overview.show(bridge);
  persons = letters.counts(bridge.QueueDepths, bridge.Environment, first);
  first = false;
  overview.audit($("audit"), audit, "Nobody has done anything yet.");
  if (all) await (place.page === "overview" ? letters.refresh() : showPage());
  named();
  say("trouble", "");
  $("updated").textContent = "As of " + new Date().toLocaleTimeString();
}

async function showPage() {
  const wanted = place;
  const called = await pages.show(wanted, () => wanted === place && inside);
  if (wanted === place) title = called;
}

/** Which bridge, and whether it needs somebody, can be seen from the tab. */
function named() {
  document.title = (persons > 0 ? "(" + persons + ") " : "") + (title ? title + " · " : "") + $("environment").textContent + " · Pairing Bridge";
}

function later() {
  clearTimeout(timer);
  timer = setTimeout(async () => {
    try {
      await refresh(++rounds % LETTERS_EVERY === 0);
    } catch (e) {
      if (e instanceof Refused) {
        leave(e.message);
        return;
      }
      say("trouble", e.message);
    }
    later();
  }, document.hidden ? REFRESH * 10 : REFRESH);
}

/** Does something, and shows at once what came of it, or what kept it from being done. */
async function act(action) {
  try {
    if (action) await action();
    await refresh(true);
  } catch (e) {
    if (e instanceof Refused) leave(e.message); else say("trouble", e.message);
  }
}

/** Goes where the address says. */
async function go(moved) {
  place = pages.named();
  title = "";
  for (const page of ["overview", "job", "batch", "find"]) {
    $("page-" + page).hidden = page !== place.page;
  }
  if (!inside) return;
  await act();
  if (moved) {
    window.scrollTo(0, 0);
    ($("page-" + place.page).querySelector("h2") || $("main")).focus({preventScroll: true});
  }
}

// ---- coming and going -----------------------------------------------------------------------------------------------------

async function enter(event) {
  event.preventDefault();
  logIn($("user").value, $("password").value);
  first = true;
  try {
    await refresh(false);
  } catch (e) {
    leave(e.message);
    return;
  }
  inside = true;
  $("password").value = "";
  say("login-problem", "");
  $("login").hidden = true;
  for (const id of ["desk", "which", "log-out", "find"]) $(id).hidden = false;
  $("main").focus({preventScroll: true}); // before the wait: whoever types meanwhile goes on where he is
  await go(false);
  later();
}

function leave(why) {
  clearTimeout(timer);
  logOut();
  inside = false;
  letters.forget();
  for (const id of ["audit", "job-title", "job-now", "job-facts", "job-letters", "job-times", "found", "found-title", "batch-title", "batch-lines",
    "batch-facts", "batch-letters", "report"]) $(id).replaceChildren();
  for (const id of ["desk", "which", "log-out", "find"]) $(id).hidden = true;
  $("harmless").textContent = "";
  delete document.body.dataset.environment;
  document.title = "Pairing Bridge";
  $("login").hidden = false;
  say("login-problem", why);
  $("password").value = "";
  $("password").focus();
}

$("login-form").addEventListener("submit", enter);
$("log-out").addEventListener("click", () => leave("You are logged out."));
$("skip").addEventListener("click", event => {
  event.preventDefault(); // the address is the page that is shown
  $("main").focus();
});
$("find").addEventListener("submit", event => {
  event.preventDefault();
  const text = $("find-text").value.trim();
  if (text && address.find(text) !== location.hash) location.hash = address.find(text); else if (text) go(true);
});
window.addEventListener("hashchange", () => go(true));
$("open-intake").addEventListener("click", () => act(() => call("openIntake")));
$("close-form").addEventListener("submit", event => {
  event.preventDefault();
  act(() => call("closeIntake", $("note").value)).then(() => { $("note").value = ""; });
});
$("limits").addEventListener("input", event => { event.target.dataset.changed = "yes"; });
$("limits").addEventListener("submit", event => {
  event.preventDefault();
  act(async () => {
    if ($("concurrency").dataset.changed) await call("changeConcurrency", Number($("concurrency").value));
    if ($("rate-limit").dataset.changed) await call("changeRateLimit", $("rate-limit").value);
    delete $("concurrency").dataset.changed;
    delete $("rate-limit").dataset.changed;
  });
});
letters.begin(act);
go(false);
