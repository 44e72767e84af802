/** Calls to the workspace server. Every failure becomes an Error whose message can be shown to a person. */

async function request(method, path, body) {
  let response;
  try {
    response = await fetch(`/_${path}`, {
      method,
      headers: body ? { "content-type": "application/json" } : {},
      body: body ? JSON.stringify(body) : undefined,
    });
  } catch {
    throw new Error("The workspace server does not answer. Is it still running?");
  }
  const answer = await response.json().catch(() => ({}));
  if (!response.ok) throw new Error(answer.error ?? `The workspace server answered ${response.status}.`);
  return answer;
}

const get = (path) => request("GET", path);
const post = (path, body) => request("POST", path, body);
const part = encodeURIComponent;
/** Where this browser is, such as Europe/Vienna. */
const zone = () => Intl.DateTimeFormat().resolvedOptions().timeZone ?? "";

export const api = {
  state: (user) => get(`/state?tz=${part(zone())}${user ? `&user=${part(user)}` : ""}`),
  messages: (channel) => get(`/channels/${part(channel)}/messages?limit=200`),
  thread: (channel, ts) => get(`/threads/${part(channel)}/${part(ts)}`),
  post: (message) => post("/messages", message),
  action: (action) => post("/actions", action),
  command: (command) => post("/commands", command),
  submitView: (id, body) => post(`/views/${part(id)}/submit`, body),
  closeView: (id, body) => post(`/views/${part(id)}/close`, body),
  /** `tab`: "home", or "messages", upon which an agent offers its prompts. */
  home: (user, tab = "home") => post("/home", { user, tab }),
  fire: (name, user) => post(`/scenarios/${part(name)}/fire`, { user }),
  react: (reaction) => post("/reactions", reaction),
  read: (user, channel) => post("/read", { user, channel }),
  stop: (user, channel, threadTs) => post("/stop", { user, channel, thread_ts: threadTs }),
};
