// Jobs that need a person: one card a letter, and the dialog that acts on one.

import {call, Refused} from "./bridge.js";
import {$, address, button, element, link, many, moment, number, place, say, sentence, state, till} from "./show.js";

const PAGE = 50;
const EVERYTHING = {job: "", batch: "", outcome: "", reason: ""};
/** Requests that are wrong themselves: the bridge would refuse to send them again. The two others were mended elsewhere. */
const MENDED_ELSEWHERE = ["UNKNOWN_INTEGRATOR", "BEGUN_TOO_OFTEN"];

let shown = {queue: "in-doubt", from: 0, total: 0, filter: EVERYTHING}; // the filter that was applied, whatever the fields say by now
let open = null; // the letter of the dialog, and what to do with it
let act = null; // does something and shows what came of it
let production = false;

/** @param acting runs an action, refreshes, and shows what kept it from being done */
export function begin(acting) {
  act = acting;
  $("filter").addEventListener("submit", event => {
    event.preventDefault();
    shown = {...shown, from: 0, filter: {job: $("filter-job").value.trim(), batch: $("filter-batch").value.trim(),
      outcome: $("filter-outcome").value, reason: $("filter-reason").value.trim().toUpperCase()}};
    offerReplayAll();
    act();
  });
  $("replay-all").addEventListener("click", replayAll);
  $("show-in-doubt").addEventListener("click", () => pick("in-doubt"));
  $("show-dead-letters").addEventListener("click", () => pick("dead-letters"));
  $("previous").addEventListener("click", () => turn(-1));
  $("next").addEventListener("click", () => turn(1));
  $("letter-form").addEventListener("submit", go);
  $("dialog-cancel").addEventListener("click", close);
  offerReplayAll();
}

/** How many letters there are: the queue that holds some is shown at the login. */
export function counts(depths, environment, first) {
  production = environment === "production";
  const doubt = depths["pairing.in-doubt"];
  const dead = depths["pairing.dead-letters"];
  $("count-in-doubt").textContent = number(doubt);
  $("count-dead-letters").textContent = number(dead);
  $("person").dataset.calm = doubt === 0 && dead === 0;
  if (first) choose(doubt === 0 && dead > 0 ? "dead-letters" : "in-doubt");
  return Math.max(0, doubt) + Math.max(0, dead);
}

export function forget() {
  if ($("letter-dialog").open) close();
  $("letters").replaceChildren();
  $("filter").reset();
  shown = {...shown, from: 0, filter: EVERYTHING};
  offerReplayAll();
}

// ---- the list -------------------------------------------------------------------------------------------------------------

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

export async function refresh() {
  const asked = {...shown};
  const {job, batch, outcome, reason} = asked.filter;
  const page = asked.queue === "in-doubt" ? await call("inDoubt", reason, batch, job, asked.from, PAGE)
    : await call("deadLetters", outcome, reason, batch, job, asked.from, PAGE);
  if (asked.queue !== shown.queue || asked.from !== shown.from || asked.filter !== shown.filter) return;
  shown.total = page.total;
  say("letters-state", page.total === 0 ? (filterWords(asked) ? "No letter with " + filterWords(asked) + "." : "Nothing here needs a person.")
    : many(page.total, "letter", "letters") + (filterWords(asked) ? " with " + filterWords(asked) : "") + ", the oldest first.");
  $("page").textContent = page.total === 0 ? "" : number(asked.from + 1) + " to " + number(asked.from + page.letters.length);
  $("previous").disabled = asked.from === 0;
  $("next").disabled = asked.from + PAGE >= page.total;
  $("pages").hidden = page.total <= PAGE && asked.from === 0;
  replace($("letters"), page.letters.map(letter => card(letter, asked.queue)));
}

/** Replaces the cards; whoever stands on a button of one that is still there stays on it. */
export function replace(list, cards) {
  const focused = document.activeElement && document.activeElement.dataset ? document.activeElement.dataset.focus : undefined;
  const here = list.contains(document.activeElement);
  list.replaceChildren(...cards);
  if (focused && here) {
    const again = [...list.querySelectorAll("[data-focus]")].find(one => one.dataset.focus === focused);
    if (again) again.focus();
  }
}

/**
 * A letter: which till, what to do about it, the action beside it, and only then what happened in detail.
 *
 * @param brief what to do and the action only: the page around it tells the rest
 */
export function card(l, queue, brief) {
  const item = element("li");
  item.dataset.job = l.jobId;
  if (!brief) item.append(...heading(l));
  if (l.remedy) item.append(element("p", l.remedy, "remedy"));
  const actions = element("div", undefined, "actions");
  if (replayable(l)) actions.append(action(l.otpUnspent || l.outcome === "INVALID" ? "Replay" : "Replay with a new password", "replay", l, queue));
  actions.append(action("Dealt with", "resolve", l, queue));
  item.append(actions);
  if (!brief) item.append(...details(l));
  return item;
}

function heading(l) {
  const title = element("h3", l.jobId ? link(till(l), address.job(l.jobId)) : till(l));
  if (l.jobId) title.firstChild.dataset.focus = "title" + l.messageId;
  const where = place(l.reference);
  const batch = l.batchId ? link("batch " + l.batchId, address.batch(l.batchId)) : "";
  return [element("div", [title, state(paired(l) ? l.state : l.outcome || "unknown")], "title"),
    ...(where.length || batch ? [element("p", [where.join(" · "), where.length && batch ? " · " : "", batch], "where")] : [])];
}

function details(l) {
  const facts = [l.jobId && l.jobId !== till(l) ? "job " + l.jobId : "", l.reason, l.httpStatus ? "HTTP " + l.httpStatus : "",
    many(l.attempts, "attempt", "attempts")].filter(fact => fact).join(" · ");
  return [...(l.detail ? [element("p", sentence(l.detail), "quiet")] : []),
    element("p", [facts, l.failedAt ? " · " : "", l.failedAt ? moment(l.failedAt) : ""], "quiet")];
}

/** Its job was paired after the letter was written: nothing is left to do but to take it away. */
function paired(l) {
  return ["SEALED", "PUBLISHED"].includes(l.state);
}

function replayable(l) {
  return !paired(l) && l.outcome && l.outcome !== "DUPLICATE" && (l.outcome !== "INVALID" || MENDED_ELSEWHERE.includes(l.reason));
}

function action(text, what, l, queue) {
  const made = button(text, () => ask(l, what, queue), what === "replay" ? "primary" : "", till(l) === l.jobId ? "job " + l.jobId
    : till(l) + ", job " + l.jobId);
  made.dataset.focus = what + l.messageId;
  return made;
}

function turn(pages) {
  shown.from = Math.max(0, shown.from + pages * PAGE);
  act();
}

function choose(queue) {
  shown = {...shown, queue, from: 0, total: 0};
  $("show-in-doubt").setAttribute("aria-pressed", queue === "in-doubt");
  $("show-dead-letters").setAttribute("aria-pressed", queue === "dead-letters");
  offerReplayAll();
}

function pick(queue) {
  choose(queue);
  act();
}

// ---- acting ---------------------------------------------------------------------------------------------------------------

function ask(l, what, queue) {
  open = {letter: l, what, queue};
  const replay = what === "replay";
  $("dialog-title").textContent = (replay ? "Replay " : "Dealt with: ") + till(l);
  $("dialog-which").textContent = ["job " + l.jobId, ...place(l.reference)].join(" · ");
  $("dialog-remedy").textContent = replay && l.otpUnspent ? "Its one-time password was not used. Leave the field empty to use it again, or give a new one."
    : l.remedy;
  $("dialog-production").hidden = !replay || !production;
  $("dialog-name-part").hidden = !replay || Boolean(l.name);
  $("dialog-otp-part").hidden = !replay;
  $("dialog-note-part").hidden = replay;
  $("new-otp").required = replay && !l.otpUnspent && l.outcome !== "INVALID";
  $("new-name").required = replay && !l.name;
  $("dialog-note").required = !replay;
  $("new-otp").value = $("new-name").value = $("dialog-note").value = "";
  say("dialog-problem", "");
  $("dialog-go").textContent = replay ? "Replay" : "Take it away";
  $("letter-dialog").showModal();
  (replay ? $("dialog-name-part").hidden ? $("new-otp") : $("new-name") : $("dialog-note")).focus();
}

async function go(event) {
  event.preventDefault();
  $("dialog-go").disabled = true;
  try {
    if (open.what === "replay") {
      const done = await call("replay", open.queue, open.letter.messageId, $("new-otp").value, $("new-name").value, false);
      if (done.replayed === 0) throw new Error(Object.keys(done.refused)[0]);
    } else {
      await call("resolve", open.queue, open.letter.messageId, $("dialog-note").value);
    }
    close();
    await act();
  } catch (e) {
    if (e instanceof Refused) await act(() => { throw e; }); else say("dialog-problem", e.message);
  } finally {
    $("dialog-go").disabled = false;
  }
}

function close() {
  $("new-otp").value = "";
  open = null;
  $("letter-dialog").close();
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
    } else if (confirm((production ? "Production: this calls the vendor for real terminals.\n" : "") + "Send " + many(dry.replayed, "job", "jobs")
        + " again? Of " + which + "." + left)) {
      await call("replayAll", outcome, reason, batch, false);
    }
  });
}
