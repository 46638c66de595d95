// How things are written on the page. Whatever comes from outside is put in as text, never as markup.

export const $ = id => document.getElementById(id);

/** Nodes of one element; texts are texts, and what is empty is left out. */
export function element(name, content, className) {
  const made = document.createElement(name);
  for (const part of [content].flat()) {
    if (part !== undefined && part !== null && part !== "") made.append(part);
  }
  if (className) made.className = className;
  return made;
}

export function link(text, href) {
  const made = element("a", text);
  made.href = href;
  return made;
}

/** A label for the eye: what kind of thing this is, and how bad. */
export function tag(text, kind) {
  return element("span", text, "tag " + kind);
}

export function button(text, action, className, label) {
  const made = element("button", text, className);
  made.type = "button";
  if (label) made.setAttribute("aria-label", text + ": " + label);
  made.addEventListener("click", action);
  return made;
}

/** Replaces the figures of a list of terms: [term, value, alarm?]. */
export function figures(list, rows) {
  list.replaceChildren(...rows.map(([term, shown, alarm]) => element("div", [element("dt", term),
    element("dd", typeof shown === "number" ? number(shown) : shown)], alarm ? "alarm" : "")));
}

export function number(n) {
  return n === undefined || n === null || n < 0 ? "unknown" : n.toLocaleString("en");
}

export function many(n, one, others) {
  return number(n) + " " + (n === 1 ? one : others);
}

/** What the bridge tells in passing, as a sentence of its own. */
export function sentence(text) {
  const begun = text.charAt(0).toUpperCase() + text.slice(1);
  return /[.!?]$/.test(begun) ? begun : begun + ".";
}

/** The time of day, and the day where it is another one. */
export function time(text) {
  if (!text) return "";
  const date = new Date(text);
  if (isNaN(date)) return text;
  return date.toDateString() === new Date().toDateString() ? date.toLocaleTimeString()
    : date.toLocaleString([], {dateStyle: "medium", timeStyle: "medium"});
}

/** The same with the whole of it for machines, and for whoever points at it. */
export function moment(text) {
  const made = element("time", time(text));
  if (text && !isNaN(new Date(text))) {
    made.dateTime = text;
    made.title = new Date(text).toString();
  }
  return made;
}

/** A live region whose text is written again is read out again, changed or not. */
export function say(id, text) {
  if ($(id).textContent !== text) $(id).textContent = text;
}

// ---- words for what the bridge calls by codes -------------------------------------------------------------------------------

export function words(code) {
  return code.toLowerCase().replaceAll("_", " ");
}

/** Outcomes and states, with how bad each is. */
const KINDS = {PAIRED: "good", PUBLISHED: "good", SEALED: "good", IN_DOUBT: "doubt", REJECTED: "bad", MISCONFIGURED: "bad", INVALID: "bad",
  EXPIRED: "bad", DUPLICATE: "plain", CALLING: "busy", WAITING: "busy"};
const STATES = {PUBLISHED: "paired", SEALED: "paired", CALLING: "being called", WAITING: "waits for its next try", "": "not called yet"};

export function state(code) {
  return tag(STATES[code] || words(code), KINDS[code] || "plain");
}

/** What people call a till: its name, or what the sender said of it, or at least the job. */
export function till(job) {
  const said = job.reference || {};
  const key = Object.keys(said).find(name => /^(till|terminal|name|register|kasse|caisse|caja)$/i.test(name) && said[name]);
  return job.name || (key ? (/^name$/i.test(key) ? said[key] : key + " " + said[key]) : "") || job.jobId || "A message without a job id";
}

/** Store, serial number, whatever the sender said of the till. */
export function place(reference) {
  return Object.entries(reference || {}).map(([key, said]) => key + " " + said);
}

export const address = {
  job: id => "#/job/" + encodeURIComponent(id),
  batch: id => "#/batch/" + encodeURIComponent(id),
  find: text => "#/find/" + encodeURIComponent(text),
};
