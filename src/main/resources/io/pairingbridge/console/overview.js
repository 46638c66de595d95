// What runs: the intake, the figures, batches, the last hour, and who did what.

import {$, address, element, figures, link, many, moment, number, say, tag, time, words} from "./show.js";

const COLOURS = {PAIRED: "#2e8b57", REJECTED: "#c0392b", INVALID: "#8e5ea2", EXPIRED: "#b8860b", MISCONFIGURED: "#7f4f24",
  DUPLICATE: "#6c757d", IN_DOUBT: "#d35400"};
const ENVIRONMENTS = {production: "", sandbox: "The vendor's sandbox: no till of a shop is paired here.",
  simulator: "The simulator: no real till is paired here."};
/** Seconds. Under load some credentials are always on their way to their queue. */
const SEALED_TOO_LONG = 60;
const MOST_BATCHES = 20;

let chart = null;

/** Which bridge this is, before anything else: nobody should take one environment for another. */
export function environment(b) {
  document.body.dataset.environment = b.Environment;
  $("environment").textContent = b.Environment;
  $("instance-name").textContent = b.Instance;
  $("harmless").textContent = ENVIRONMENTS[b.Environment] || "";
}

export function show(b) {
  environment(b);
  intake(b);
  const late = b.OldestSealedSeconds > SEALED_TOO_LONG;
  figures($("now"), [["Calls under way", b.InFlight], ["Oldest call", b.InFlight > 0 ? b.OldestInFlightSeconds.toFixed(1) + " s" : "none"],
    ["Waiting to be tried again", b.Waiting],
    ["Sealed, not published", number(b.SealedNotPublished) + (late ? ", the oldest for " + Math.round(b.OldestSealedSeconds) + " s" : ""), late],
    ["Ended in the last minute", b.JobsPerMinute]]);
  $("last-error").replaceChildren(...(b.LastErrorKind ? ["The last call that did not pair: ", words(b.LastErrorKind), " at ",
    moment(b.LastErrorAt), ", ", b.LastErrorDetail, "."] : []));
  figures($("outcomes"), Object.entries(b.Outcomes).map(([outcome, count]) => [words(outcome), count]));
  figures($("queues"), Object.entries(b.QueueDepths).map(([queue, depth]) => [queue, depth]));
  figures($("instance"), [["Name", b.Instance], ["Version", b.Version], ["Environment", b.Environment], ["Running since", moment(b.StartedAt)],
    ["Calls at once", b.Concurrency], ["Calls a second", b.RateLimit || "no limit"]]
    .concat(b.Keys.map(key => [key.sealing ? "Sealing key" : "Other key",
      key.id + " (" + key.kind + (key.ageDays >= 0 ? ", " + many(key.ageDays, "day", "days") + " old" : "") + ")"])));
  say("key-problem", b.KeyProblem ? "The key files are not used as they are now: " + b.KeyProblem : "");
  $("bridges").replaceChildren(...b.Instances.map(bridge => {
    const name = element("th", bridge.name + (bridge.thisOne ? " (this one)" : ""));
    name.scope = "row";
    return element("tr", [name, element("td", number(bridge.calls))]);
  }));
  for (const [id, now] of [["concurrency", b.Concurrency], ["rate-limit", b.RateLimit]]) {
    if (document.activeElement !== $(id) && !$(id).dataset.changed) $(id).value = now;
  }
  hour(b.LastHour);
  $("batches").replaceChildren(...(b.Batches.length === 0 ? [element("li", "The journal knows no batch.", "quiet")]
    : b.Batches.slice(0, MOST_BATCHES).map(one => element("li", batch(one)))));
}

function intake(b) {
  $("intake").className = b.IntakeOpen ? "open" : "closed";
  say("gate", b.IntakeOpen ? "open" : words(b.IntakeState));
  const since = time(b.IntakeSince);
  $("gate-reason").textContent = b.IntakeOpen ? "Requests are taken since " + since + "."
    : "Since " + since + " jobs stay in their queue: " + b.IntakeReason;
  $("open-intake").hidden = b.IntakeOpen;
  $("close-form").hidden = !b.IntakeOpen;
  $("closed-already").hidden = b.IntakeOpen;
}

/** A batch in a few lines: how far it is, what came of it, its report. */
export function batch(b) {
  const ended = b.rows - b.waiting;
  const over = b.phase === "FINISHED" || b.phase === "FAILED";
  const bar = document.createElement("progress");
  bar.max = Math.max(1, b.rows);
  bar.value = over && b.rows === 0 ? 1 : ended;
  bar.setAttribute("aria-label", "Rows of batch " + b.id + " that have ended");
  const outcomes = Object.entries(b.outcomes).map(([o, n]) => number(n) + " " + words(o)).join(", ");
  return [element("div", [element("h3", link(b.name || b.id, address.batch(b.id))),
    tag(b.phase === "READING" ? "being read" : words(b.phase), b.phase === "FAILED" ? "bad" : over ? "plain" : "busy")], "title"), bar,
  element("p", number(ended) + " of " + number(b.rows) + " rows ended" + (outcomes ? ": " + outcomes : "") + ".", "quiet"),
  b.problem ? element("p", b.problem, "problem") : ""];
}

export function audit(list, entries, nobody) {
  list.replaceChildren(...(entries.length === 0 ? [element("li", nobody, "quiet")]
    : entries.map(e => element("li", [moment(e.at), " ", ...told(e)]))));
}

/** The sentence, with the job in it as a link. */
function told(e) {
  const at = e.subject && ["replay", "resolve"].includes(e.action) ? e.sentence.indexOf("job " + e.subject) : -1;
  return at < 0 ? [e.sentence] : [e.sentence.slice(0, at), link("job " + e.subject, address.job(e.subject)),
    e.sentence.slice(at + 4 + e.subject.length)];
}

function hour(minutes) {
  const outcomes = Object.keys(COLOURS);
  const sums = {};
  minutes.forEach(m => Object.entries(m.outcomes).forEach(([o, n]) => { sums[o] = (sums[o] || 0) + n; }));
  const total = Object.values(sums).reduce((a, b) => a + b, 0);
  $("hour-words").textContent = total === 0 ? "No job ended in the last hour."
    : many(total, "job", "jobs") + " ended: " + Object.entries(sums).map(([o, n]) => number(n) + " " + words(o)).join(", ") + ".";
  $("hour-chart").hidden = total === 0;
  const labels = minutes.map(m => new Date(m.begin).toLocaleTimeString([], {hour: "2-digit", minute: "2-digit"}));
  const data = outcomes.map(o => minutes.map(m => m.outcomes[o] || 0));
  const seen = outcomes.map(o => sums[o] > 0);
  if (!chart) {
    if (total === 0) return;
    const quiet = getComputedStyle(document.body).getPropertyValue("--quiet");
    Chart.defaults.color = quiet;
    Chart.defaults.borderColor = getComputedStyle(document.body).getPropertyValue("--line");
    chart = new Chart($("hour"), {type: "bar", data: {labels, datasets: outcomes.map((o, i) => ({label: words(o), data: data[i],
      backgroundColor: COLOURS[o], stack: "jobs", hidden: !seen[i]}))}, options: {animation: false, maintainAspectRatio: false, responsive: true,
      plugins: {legend: {labels: {filter: label => !label.hidden, boxWidth: 12}}},
      scales: {x: {stacked: true, ticks: {maxTicksLimit: 7}}, y: {stacked: true, beginAtZero: true, ticks: {precision: 0}}}}});
    return;
  }
  chart.data.labels = labels;
  chart.data.datasets.forEach((set, i) => {
    set.data = data[i];
    set.hidden = !seen[i];
  });
  chart.update();
}
