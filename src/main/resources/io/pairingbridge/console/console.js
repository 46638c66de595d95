// The operator's page. Talks to Jolokia and nobody else; the login lives in this page's memory and nowhere else, so that a
// reload asks for it again and no other site can use it. Everything that comes from outside is put in as text, never as markup.
"use strict";

const BEAN = "io.pairingbridge:type=PairingBridge";
const PAGE = 50;
const REFRESH = 3000; // milliseconds; longer while the page is not looked at
const LETTERS_EVERY = 5; // refreshes
const COLOURS = {PAIRED: "#2e8b57", REJECTED: "#c0392b", INVALID: "#8e5ea2", EXPIRED: "#b8860b", MISCONFIGURED: "#7f4f24",
  DUPLICATE: "#6c757d", IN_DOUBT: "#d35400"};
const ATTRIBUTES = ["Version", "Instance", "Environment", "StartedAt", "IntakeOpen", "IntakeState", "IntakeReason", "IntakeSince",
  "RateLimit", "Concurrency", "Outcomes", "JournalEntries", "InFlight", "OldestInFlightSeconds", "Waiting", "SealedNotPublished",
  "JobsPerMinute", "LastHour", "LastErrorKind", "LastErrorDetail", "LastErrorAt", "Keys", "KeyProblem", "QueueDepths",
  "Batches", "Instances"];

let login = null;
let timer = null;
let rounds = 0;
const EVERYTHING = {job: "", batch: "", outcome: "", reason: ""};
let shown = {queue: "in-doubt", from: 0, total: 0, filter: EVERYTHING}; // the filter that was applied, whatever the fields say by now
let open = null; // the letter of the dialog, and what to do with it
let chart = null;

const $ = id => document.getElementById(id);

class Refused extends Error {}

/** Asks Jolokia. Throws Refused for a wrong login, else an Error that is meant for the person. */
async function jolokia(request) {
  let answer;
  try {
    answer = await fetch("../observe/jolokia/", {method: "POST", cache: "no-store", credentials: "omit", redirect: "error",
      headers: {"Content-Type": "application/json", "Authorization": login, "X-Requested-With": "XMLHttpRequest"},
      body: JSON.stringify(request)});
  } catch (e) {
    throw new Error("The bridge does not answer. It may be stopped, or the network is away.");
  }
  if (answer.status === 401) {
    throw new Refused("The user or the password is wrong.");
  }
  if (!answer.ok) {
    throw new Error((await answer.text()).trim() || "The bridge answered " + answer.status + ".");
  }
  return await answer.json();
}

function value(answer) {
  if (answer.status !== 200) {
    throw new Error(String(answer.error || "The bridge answered " + answer.status + ".").replace(/^[\w.$]+(Exception|Error) ?: ?/, ""));
  }
  return answer.value;
}

async function call(operation, ...args) {
  return value(await jolokia({type: "exec", mbean: BEAN, operation, arguments: args}));
}

// ---- building blocks ------------------------------------------------------------------------------------------------------

function element(name, text, className) {
  const made = document.createElement(name);
  if (text !== undefined) made.textContent = text;
  if (className) made.className = className;
  return made;
}

/** Replaces the figures of a list of terms: [term, value, alarm?]. */
function figures(id, rows) {
  $(id).replaceChildren(...rows.map(([term, text, alarm]) => {
    const row = element("div", undefined, alarm ? "alarm" : "");
    row.append(element("dt", term), element("dd", String(text)));
    return row;
  }));
}

function number(n) {
  return n === undefined || n === null || n < 0 ? "unknown" : n.toLocaleString("en");
}

function time(text) {
  if (!text) return "";
  const date = new Date(text);
  return isNaN(date) ? text : date.toLocaleString();
}

function words(outcome) {
  return outcome.toLowerCase().replace("_", " ");
}

/** A live region whose text is written again is read out again, changed or not. */
function say(id, text) {
  if ($(id).textContent !== text) $(id).textContent = text;
}

// ---- what is shown --------------------------------------------------------------------------------------------------------

function show(b) {
  $("which").textContent = b.Environment + " · " + b.Instance;
  const gate = $("gate");
  say("gate", b.IntakeOpen ? "open" : b.IntakeState.toLowerCase());
  gate.className = "badge " + (b.IntakeOpen ? "open" : "closed");
  $("gate-reason").textContent = b.IntakeOpen ? "Requests are taken since " + time(b.IntakeSince) + "."
    : "Jobs stay in their queue since " + time(b.IntakeSince) + ": " + b.IntakeReason;
  $("intake-switch").textContent = b.IntakeOpen ? "Close the intake" : "Open the intake";
  $("intake-form").dataset.open = b.IntakeOpen;
  $("note").hidden = document.querySelector(".note-label").hidden = !b.IntakeOpen;
  $("note").required = b.IntakeOpen;
  figures("now", [["Calls under way", number(b.InFlight)], ["Oldest call", b.OldestInFlightSeconds.toFixed(1) + " s"],
    ["Waiting to be tried again", number(b.Waiting)], ["Sealed, not published", number(b.SealedNotPublished), b.SealedNotPublished > 0],
    ["Ended in the last minute", number(b.JobsPerMinute)],
    ["Last call that did not pair", b.LastErrorKind ? words(b.LastErrorKind) + ", " + time(b.LastErrorAt) + ": " + b.LastErrorDetail : "none"]]);
  figures("outcomes", Object.entries(b.Outcomes).map(([outcome, count]) => [words(outcome), number(count)]));
  figures("queues", Object.entries(b.QueueDepths).map(([queue, depth]) => [queue, number(depth)]));
  $("count-in-doubt").textContent = number(b.QueueDepths["pairing.in-doubt"]);
  $("count-dead-letters").textContent = number(b.QueueDepths["pairing.dead-letters"]);
  figures("instance", [["Name", b.Instance], ["Version", b.Version], ["Environment", b.Environment], ["Running since", time(b.StartedAt)],
    ["Calls at once", b.Concurrency], ["Calls a second", b.RateLimit || "no limit"]]
    .concat(b.Keys.map(key => [key.sealing ? "Sealing key" : "Other key",
      key.id + " (" + key.kind + (key.ageDays >= 0 ? ", " + key.ageDays + " days old" : "") + ")"])));
  say("key-problem", b.KeyProblem ? "The key files are not used as they are now: " + b.KeyProblem : "");
  bridges(b.Instances);
  for (const [id, now] of [["concurrency", b.Concurrency], ["rate-limit", b.RateLimit]]) {
    if (document.activeElement !== $(id) && !$(id).dataset.changed) $(id).value = now;
  }
  hour(b.LastHour);
  batches(b.Batches);
  $("updated").textContent = "As of " + new Date().toLocaleTimeString();
}

function hour(minutes) {
  const outcomes = Object.keys(COLOURS);
  const sums = {};
  minutes.forEach(m => Object.entries(m.outcomes).forEach(([o, n]) => { sums[o] = (sums[o] || 0) + n; }));
  const total = Object.values(sums).reduce((a, b) => a + b, 0);
  $("hour-words").textContent = total === 0 ? "No job ended in the last hour."
    : number(total) + " jobs ended: " + Object.entries(sums).map(([o, n]) => number(n) + " " + words(o)).join(", ") + ".";
  const labels = minutes.map(m => new Date(m.begin).toLocaleTimeString([], {hour: "2-digit", minute: "2-digit"}));
  const data = outcomes.map(o => minutes.map(m => m.outcomes[o] || 0));
  if (!chart) {
    chart = new Chart($("hour"), {type: "bar", data: {labels, datasets: outcomes.map((o, i) => ({label: words(o), data: data[i],
      backgroundColor: COLOURS[o], stack: "jobs"}))}, options: {animation: false, maintainAspectRatio: false, responsive: true,
      scales: {x: {stacked: true, ticks: {maxTicksLimit: 7}}, y: {stacked: true, beginAtZero: true, ticks: {precision: 0}}}}});
    return;
  }
  chart.data.labels = labels;
  chart.data.datasets.forEach((set, i) => { set.data = data[i]; });
  chart.update();
}

function bridges(all) {
  $("bridges").replaceChildren(...all.map(bridge => {
    const row = element("tr");
    const name = element("th", bridge.name + (bridge.thisOne ? " (this one)" : ""));
    name.scope = "row";
    row.append(name, element("td", number(bridge.calls)));
    return row;
  }));
}

function batches(all) {
  if (all.length === 0) {
    $("batches").replaceChildren(element("li", "The journal knows no batch.", "quiet"));
    return;
  }
  $("batches").replaceChildren(...all.slice(0, 20).map(b => {
    const ended = b.rows - b.waiting;
    const item = element("li");
    item.append(element("strong", b.id), document.createTextNode(" " + b.phase.toLowerCase() + ", " + number(ended) + " of "
      + number(b.rows) + " rows ended"));
    const bar = document.createElement("progress");
    bar.max = Math.max(1, b.rows);
    bar.value = (b.phase === "FINISHED" || b.phase === "FAILED") && b.rows === 0 ? 1 : ended;
    bar.setAttribute("aria-label", "Rows of batch " + b.id + " that have ended");
    item.append(bar, element("div", Object.entries(b.outcomes).map(([o, n]) => number(n) + " " + words(o)).join(", ")
      + (b.problem ? ". " + b.problem : ""), "quiet"));
    return item;
  }));
}

function audit(entries) {
  $("audit").replaceChildren(...(entries.length === 0 ? [element("li", "Nobody has done anything yet.", "quiet")]
    : entries.map(e => element("li", time(e.at) + "  " + e.who + "  " + e.action + (e.subject ? "  " + e.subject : "")
      + (e.detail ? ": " + e.detail : "")))));
}

/** What the letters have in common that are shown, or nothing if all are; jobs in doubt have no other outcome. */
function filterWords({queue, filter}) {
  return [["job", filter.job], ["batch", filter.batch], ["outcome", queue === "in-doubt" ? "" : filter.outcome], ["reason", filter.reason]]
    .filter(([, text]) => text).map(([name, text]) => name + " " + text).join(", ");
}

/** Says why all of the letters cannot be sent again at once, where that is so. */
function offerReplayAll() {
  const why = shown.queue === "in-doubt" ? "Jobs in doubt are replayed one by one: each terminal has to be looked at first."
    : shown.filter.job ? "Letters of one job are replayed one by one: take the job out of the filter to replay all that can be." : "";
  $("replay-all").disabled = why !== "";
  $("replay-all-words").textContent = why;
  $("filter-outcome").disabled = shown.queue === "in-doubt";
}

async function letters() {
  const asked = {...shown};
  const {job, batch, outcome, reason} = asked.filter;
  const page = asked.queue === "in-doubt" ? await call("inDoubt", reason, batch, job, asked.from, PAGE)
    : await call("deadLetters", outcome, reason, batch, job, asked.from, PAGE);
  if (asked.queue !== shown.queue || asked.from !== shown.from || asked.filter !== shown.filter) return;
  shown.total = page.total;
  say("letters-state", page.total === 0 ? (filterWords(asked) ? "No letter with " + filterWords(asked) + "." : "Nothing here needs a person.")
    : number(page.total) + (page.total === 1 ? " letter" : " letters")
    + (filterWords(asked) ? " with " + filterWords(asked) : "") + ", the oldest first.");
  $("page").textContent = page.total === 0 ? "" : number(asked.from + 1) + " to " + number(asked.from + page.letters.length);
  $("previous").disabled = asked.from === 0;
  $("next").disabled = asked.from + PAGE >= page.total;
  const focused = document.activeElement && document.activeElement.dataset ? document.activeElement.dataset.focus : undefined;
  $("letters").replaceChildren(...page.letters.map(letter));
  if (focused) {
    const again = [...$("letters").querySelectorAll("[data-focus]")].find(button => button.dataset.focus === focused);
    if (again) again.focus();
  }
}

function letter(l) {
  const item = element("li");
  item.dataset.job = l.jobId;
  item.append(element("strong", l.jobId || "without a job id"));
  item.append(element("div", [words(l.outcome || "unknown"), l.reason, l.httpStatus ? "HTTP " + l.httpStatus : "",
    l.attempts + (l.attempts === 1 ? " attempt" : " attempts"), time(l.failedAt)].filter(t => t).join(" · ")));
  if (l.detail) item.append(element("div", l.detail, "quiet"));
  const reference = Object.entries(l.reference || {});
  if (l.name || reference.length || l.batchId) {
    item.append(element("div", [l.name, ...reference.map(([k, v]) => k + " " + v), l.batchId ? "batch " + l.batchId : ""]
      .filter(t => t).join(" · "), "quiet"));
  }
  if (l.remedy) item.append(element("div", l.remedy, "remedy"));
  const actions = element("div", undefined, "actions");
  if (l.outcome && l.outcome !== "DUPLICATE") actions.append(button("Replay", () => ask(l, "replay"), l));
  actions.append(button("Dealt with", () => ask(l, "resolve"), l));
  item.append(actions);
  return item;
}

function button(text, action, l) {
  const made = element("button", text);
  made.type = "button";
  made.setAttribute("aria-label", text + ": job " + l.jobId);
  made.dataset.focus = text + l.messageId;
  made.addEventListener("click", action);
  return made;
}

// ---- acting ---------------------------------------------------------------------------------------------------------------

function ask(l, action) {
  open = {letter: l, action, queue: shown.queue};
  const replay = action === "replay";
  $("dialog-title").textContent = (replay ? "Replay job " : "Dealt with: job ") + l.jobId;
  $("dialog-remedy").textContent = replay && l.otpUnspent ? "Its one-time password was not used. Leave the field empty to use it again, or give a new one."
    : l.remedy;
  $("dialog-name-part").hidden = !replay || Boolean(l.name);
  $("dialog-otp-part").hidden = !replay;
  $("dialog-note-part").hidden = replay;
  $("new-otp").required = replay && !l.otpUnspent && l.outcome !== "INVALID";
  $("new-name").required = replay && !l.name;
  $("dialog-note").required = !replay;
  $("new-otp").value = $("new-name").value = $("dialog-note").value = "";
  $("dialog-problem").textContent = "";
  $("dialog-go").textContent = replay ? "Replay" : "Take it away";
  $("letter-dialog").showModal();
  (replay ? $("dialog-name-part").hidden ? $("new-otp") : $("new-name") : $("dialog-note")).focus();
}

async function go(event) {
  event.preventDefault();
  $("dialog-go").disabled = true;
  try {
    if (open.action === "replay") {
      const done = await call("replay", open.queue, open.letter.messageId, $("new-otp").value, $("new-name").value, false);
      if (done.replayed === 0) throw new Error(Object.keys(done.refused)[0]);
    } else {
      await call("resolve", open.queue, open.letter.messageId, $("dialog-note").value);
    }
    close();
    await act(async () => {});
  } catch (e) {
    if (e instanceof Refused) leave(e.message);
    $("dialog-problem").textContent = e.message;
  } finally {
    $("dialog-go").disabled = false;
  }
}

function close() {
  $("new-otp").value = "";
  open = null;
  $("letter-dialog").close();
}

/** Does something, and shows at once what came of it, or what kept it from being done. */
async function act(action) {
  try {
    await action();
    await refresh(true);
  } catch (e) {
    if (e instanceof Refused) leave(e.message); else $("trouble").textContent = e.message;
  }
}

async function replayAll() {
  const asked = {...shown};
  const {batch, outcome, reason} = asked.filter;
  const which = filterWords(asked) ? "dead letters with " + filterWords(asked) : "all dead letters";
  await act(async () => {
    const dry = await call("replayAll", outcome, reason, batch, true);
    const left = Object.entries(dry.refused).map(([why, n]) => "\n" + number(n) + " left: " + why).join("");
    if (dry.replayed === 0) {
      alert("None of these can be replayed as it is: " + which + "." + left);
    } else if (confirm("Send " + number(dry.replayed) + (dry.replayed === 1 ? " job" : " jobs") + " again? Of " + which + "." + left)) {
      await call("replayAll", outcome, reason, batch, false);
    }
  });
}

// ---- coming, going, and looking again -------------------------------------------------------------------------------------

async function refresh(lettersToo) {
  const answers = await jolokia([{type: "read", mbean: BEAN, attribute: ATTRIBUTES}, {type: "exec", mbean: BEAN, operation: "audit", arguments: [20]}]);
  show(value(answers[0]));
  audit(value(answers[1]));
  if (lettersToo) await letters();
  say("trouble", "");
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

async function enter(event) {
  event.preventDefault();
  const bytes = new TextEncoder().encode($("user").value + ":" + $("password").value);
  login = "Basic " + btoa(String.fromCharCode(...bytes));
  try {
    $("desk").hidden = false; // a chart needs to know how large it is
    await refresh(true);
  } catch (e) {
    leave(e.message);
    return;
  }
  $("password").value = "";
  $("login-problem").textContent = "";
  $("login").hidden = true;
  $("which").hidden = $("log-out").hidden = false;
  $("main").focus();
  later();
}

function leave(why) {
  clearTimeout(timer);
  login = null;
  if ($("letter-dialog").open) close();
  $("desk").hidden = $("which").hidden = $("log-out").hidden = true;
  $("letters").replaceChildren();
  $("audit").replaceChildren();
  $("filter").reset();
  shown = {...shown, from: 0, filter: EVERYTHING};
  offerReplayAll();
  $("login").hidden = false;
  $("login-problem").textContent = why;
  $("password").value = "";
  $("password").focus();
}

function turn(pages) {
  shown.from = Math.max(0, shown.from + pages * PAGE);
  act(async () => {});
}

function pick(queue) {
  shown = {...shown, queue, from: 0, total: 0};
  $("show-in-doubt").setAttribute("aria-pressed", queue === "in-doubt");
  $("show-dead-letters").setAttribute("aria-pressed", queue === "dead-letters");
  offerReplayAll();
  act(async () => {});
}

$("login-form").addEventListener("submit", enter);
$("log-out").addEventListener("click", () => leave("You are logged out."));
$("intake-form").addEventListener("submit", event => {
  event.preventDefault();
  const closing = event.target.dataset.open === "true";
  act(() => closing ? call("closeIntake", $("note").value) : call("openIntake")).then(() => { $("note").value = ""; });
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
$("filter").addEventListener("submit", event => {
  event.preventDefault();
  shown = {...shown, from: 0, filter: {job: $("filter-job").value.trim(), batch: $("filter-batch").value.trim(),
    outcome: $("filter-outcome").value, reason: $("filter-reason").value.trim().toUpperCase()}};
  offerReplayAll();
  act(async () => {});
});
$("replay-all").addEventListener("click", replayAll);
$("show-in-doubt").addEventListener("click", () => pick("in-doubt"));
$("show-dead-letters").addEventListener("click", () => pick("dead-letters"));
$("previous").addEventListener("click", () => turn(-1));
$("next").addEventListener("click", () => turn(1));
$("letter-form").addEventListener("submit", go);
$("dialog-cancel").addEventListener("click", close);
offerReplayAll();
