// What has an address of its own: #/job/<id>, #/batch/<id>, #/find/<words>. Each page can be sent to a colleague, who logs in and is there.

import {call, page, Refused} from "./bridge.js";
import {$, address, button, element, figures, link, many, moment, place, say, sentence, state, till, time, words} from "./show.js";
import {card, replace} from "./letters.js";
import {batch as batchLines} from "./overview.js";

const MOST_FOUND = 50;
const MOST_LETTERS = 50;
const AUDIT = 500;
/** What tills are called whose letter is gone: while such a job runs, the journal may not know. */
const names = new Map();

/** What is so now of a job that has not ended, or ended well. */
const NOW = {CALLING: "A call is under way.", WAITING: "It waits for its next try.", SEALED: "The till is paired; its credentials are about to be put on their queue.",
  PUBLISHED: "The till is paired: its credentials were put on their queue."};

/** What may stand in a report, and the attributes that it may keep: a stranger's markup in it would be left out. */
const REPORT = {H1: [], H2: [], H3: [], P: [], DIV: [], TABLE: [], THEAD: [], TBODY: [], TR: [], TH: [], TD: [], STRONG: [], EM: [], BR: [], UL: [], OL: [],
  LI: [], CODE: [], SPAN: [], DL: [], DT: [], DD: [], svg: ["viewBox", "width", "role"], title: [], rect: ["x", "y", "width", "height", "fill"],
  text: ["x", "y", "font-size", "text-anchor"], g: []};
const CLASSES = ["n", "wide", "problem", "quiet"];

/** Which page the address names: {page, what}; the overview if none. */
export function named() {
  const [, page, what] = location.hash.match(/^#\/(job|batch|find)\/(.+)$/) || [];
  try {
    return page ? {page, what: decodeURIComponent(what)} : {page: "overview", what: ""};
  } catch (e) {
    return {page: "overview", what: ""};
  }
}

/**
 * Shows a page, and returns what it is called.
 *
 * @param current whether it is still this page that is wanted, once the answers are here
 */
export async function show({page, what}, current) {
  const shown = page === "job" ? await job(what) : page === "batch" ? await batch(what) : await find(what);
  return current() ? shown() : "";
}

// ---- a job ----------------------------------------------------------------------------------------------------------------

async function job(id) {
  const [history, doubt, dead, audit] = await Promise.all([
    call("job", id).catch(unlessRefused), call("inDoubt", "", "", id, 0, MOST_LETTERS),
    call("deadLetters", "", "", "", id, 0, MOST_LETTERS), call("audit", AUDIT)]);
  const known = history instanceof Error ? {jobId: id, reference: {}, sentences: []} : history;
  const letters = [...doubt.letters.map(l => [l, "in-doubt"]), ...dead.letters.map(l => [l, "dead-letters"])];
  const told = letters.map(([l]) => l).find(l => l.name) || {};
  if (known.name || told.name) names.set(id, known.name || told.name);
  const named = {...known, name: names.get(id) || "", reference: {...told.reference, ...known.reference}};
  return () => {
    $("job-title").replaceChildren(till(named), " ", known.state ? state(known.state) : "");
    $("job-now").textContent = history instanceof Error ? sentence(history.message) : NOW[known.state]
      || (known.detail ? sentence(known.detail) : "");
    figures($("job-facts"), [["Job", id], ...Object.entries(named.reference),
      ["Batch", known.batchId ? [link(known.batchId, address.batch(known.batchId)), known.line > 0 ? ", line " + known.line : ""] : ""],
      ["Reason", known.reason], ["Terminal", known.terminalId], ["Pay-Connect id", known.payConnectId]].filter(([, fact]) => fact && fact.length));
    $("job-person").hidden = letters.length === 0;
    replace($("job-letters"), letters.map(([l, queue]) => card(l, queue, true)));
    $("job-times").replaceChildren(...timeline(known.sentences, audit.filter(e => e.subject === id)));
    return till(named);
  };
}

function unlessRefused(e) {
  if (e instanceof Refused) throw e;
  return e;
}

/** What happened to the job, each behind its time and a space, and what operators did about it; the first thing first. */
function timeline(sentences, audit) {
  const events = sentences.map(text => ({at: text.slice(0, text.indexOf(" ")), told: text.slice(text.indexOf(" ") + 1)}))
    .concat(audit.map(e => ({at: e.at, told: e.sentence})));
  events.sort((a, b) => Date.parse(a.at) - Date.parse(b.at));
  return events.map(({at, told}) => element("li", [moment(at), element("div", told)]));
}

// ---- what was looked for --------------------------------------------------------------------------------------------------

async function find(text) {
  const [found, batches] = await Promise.all([call("findJobs", text, MOST_FOUND), call("batch", text).then(b => [b], e => {
    unlessRefused(e);
    return [];
  })]);
  return () => {
    $("find-text").value = text;
    const n = found.jobs.length;
    $("found-title").textContent = "“" + text + "”";
    say("found-words", found.more ? "The latest " + n + ": say more of the till to find others."
      : n === 0 && batches.length === 0 ? "Nothing found. Every word must be in the job's id, or in what its request said of the till."
        : many(n, "job", "jobs") + (batches.length ? " and a batch" : "") + ", the latest first.");
    $("found").replaceChildren(...batches.map(b => element("li", batchLines(b))), ...found.jobs.map(j => element("li", [
      element("div", [element("h3", link(till(j), address.job(j.jobId))), state(j.state)], "title"),
      element("p", [place(j.reference).join(" · "), Object.keys(j.reference || {}).length ? " · " : "", "job " + j.jobId,
        j.batchId ? " · batch " + j.batchId : "", j.touchedAt ? " · " : "", j.touchedAt ? moment(j.touchedAt) : ""], "quiet")])));
    return "Find " + text;
  };
}

// ---- a batch --------------------------------------------------------------------------------------------------------------

async function batch(id) {
  const [b, doubt, dead] = await Promise.all([call("batch", id).catch(unlessRefused), call("inDoubt", "", id, "", 0, MOST_LETTERS),
    call("deadLetters", "", "", id, "", 0, MOST_LETTERS)]);
  const letters = [...doubt.letters.map(l => [l, "in-doubt"]), ...dead.letters.map(l => [l, "dead-letters"])];
  const total = doubt.total + dead.total;
  const over = b.phase === "FINISHED" || b.phase === "FAILED";
  const report = over && b.reportUrl ? await page(b.reportUrl).catch(unlessRefused) : null;
  return () => {
    $("batch-title").textContent = b.name || id;
    $("batch-lines").replaceChildren(...(b instanceof Error ? [element("p", sentence(b.message))] : batchLines(b).slice(1)),
      b.warning ? element("p", sentence(b.warning), "quiet") : "");
    figures($("batch-facts"), b instanceof Error ? [] : [["Batch", b.id], ["Phase", words(b.phase)], ["Document", b.source.split(/[/\\~]/).pop()], ["Begun", time(b.startedAt)],
      ["Finished", time(b.finishedAt)], ["Changed since", time(b.revisedAt)]].filter(([, fact]) => fact));
    $("batch-person").hidden = letters.length === 0;
    say("batch-letters-words", letters.length < total ? "The first " + letters.length + " of " + total + ": the overview has all of them."
      : many(total, "letter", "letters") + ".");
    replace($("batch-letters"), letters.map(([l, queue]) => card(l, queue)));
    $("batch-report").hidden = !report;
    if (report) showReport(report, id);
    return "Batch " + (b.name || id);
  };
}

/** The report as the bridge has written it, in this page's dress: what a report has, and nothing else, is taken from it. */
function showReport(report, id) {
  if (report instanceof Error) {
    $("report").replaceChildren(element("p", sentence(report.message), "problem"));
    return;
  }
  // Its own dress is left out before it is read: this page's policy would complain of it.
  const read = new DOMParser().parseFromString(report.replace(/<style>[^<]*<\/style>/, ""), "text/html");
  const parts = [...(read.querySelector("main") || read.body).childNodes].map(taken).filter(part => part);
  $("report").replaceChildren(button("Save the report", () => save(report, id)), ...parts);
}

function taken(node) {
  if (node.nodeType === Node.TEXT_NODE) return document.createTextNode(node.data);
  const attributes = node.nodeType === Node.ELEMENT_NODE ? REPORT[node.tagName] : null;
  if (!attributes) return null;
  // One level lower: the page has a first heading of its own.
  const name = {H1: "h3", H2: "h3", H3: "h4"}[node.tagName] || node.tagName;
  const made = document.createElementNS(node.namespaceURI, name.toLowerCase());
  attributes.filter(attribute => node.hasAttribute(attribute)).forEach(attribute => made.setAttribute(attribute, node.getAttribute(attribute)));
  const kept = CLASSES.filter(c => node.classList.contains(c));
  if (kept.length) made.setAttribute("class", kept.join(" "));
  [...node.childNodes].map(taken).filter(part => part).forEach(part => made.append(part));
  return made;
}

function save(report, id) {
  const file = document.createElement("a");
  file.href = URL.createObjectURL(new Blob([report], {type: "text/html"}));
  file.download = id + ".report.html";
  file.click();
  URL.revokeObjectURL(file.href);
}
