// The way to the bridge: Jolokia on this site and nobody else. The login lives in this module's memory and nowhere else, so that a
// reload asks for it again and no other site can use it.

const BEAN = "io.pairingbridge:type=PairingBridge";
const SITE = new URL("..", location.href);

let login = null;

/** The login is wrong, or not known any more. */
export class Refused extends Error {}

export function logIn(user, password) {
  login = "Basic " + btoa(String.fromCharCode(...new TextEncoder().encode(user + ":" + password)));
}

export function logOut() {
  login = null;
}

/** Asks this site with the login. Throws Refused for a wrong one, else an Error that is meant for the person. */
async function ask(url, options) {
  let answer;
  try {
    answer = await fetch(url, {cache: "no-store", credentials: "omit", redirect: "error", ...options,
      headers: {"Authorization": login, "X-Requested-With": "XMLHttpRequest", ...options.headers}});
  } catch (e) {
    throw new Error("The bridge does not answer. It may be stopped, or the network is away.");
  }
  if (answer.status === 401) {
    throw new Refused("The user or the password is wrong.");
  }
  if (!answer.ok) {
    throw new Error((await answer.text()).trim() || "The bridge answered " + answer.status + ".");
  }
  return answer;
}

function value(answer) {
  if (answer.status !== 200) {
    throw new Error(String(answer.error || "The bridge answered " + answer.status + ".").replace(/^[\w.$]+(Exception|Error) ?: ?/, ""));
  }
  return answer.value;
}

function exec(operation, args) {
  return {type: "exec", mbean: BEAN, operation, arguments: args};
}

async function jolokia(requests) {
  const answer = await ask(new URL("observe/jolokia/", SITE), {method: "POST", headers: {"Content-Type": "application/json"},
    body: JSON.stringify(requests)});
  return await answer.json();
}

/** Calls one operation of the bridge's MBean. */
export async function call(operation, ...args) {
  return value(await jolokia(exec(operation, args)));
}

/** Attributes of the bridge's MBean, and the last entries of the audit log, in one request. */
export async function look(attributes, auditEntries) {
  const [read, audit] = await jolokia([{type: "read", mbean: BEAN, attribute: attributes}, exec("audit", [auditEntries])]);
  return [value(read), value(audit)];
}

/** The text of a page of this site, such as a batch's report. */
export async function page(path) {
  const url = new URL(path.replace(/^\/+/, ""), SITE); // whatever this site lies below
  if (url.origin !== location.origin) {
    throw new Error("The report is not on this site.");
  }
  return await (await ask(url, {})).text();
}
