/** The live connection: one WebSocket that comes back by itself. */

const FIRST_RETRY_MS = 400;
const LONGEST_RETRY_MS = 8000;

/**
 * Calls onEvent(event) for each pushed event, onChange(true|false) when the line is up or down, and
 * onReturn() when it is up again, when events may have been missed and the page has to fetch again.
 * Resolves when the first attempt came to something: what is fetched from then on misses no event.
 */
export function listen({ onEvent, onChange, onReturn }) {
  let retry = FIRST_RETRY_MS;
  let tried = false;
  const connect = (settled) => {
    const scheme = location.protocol === "https:" ? "wss" : "ws";
    const socket = new WebSocket(`${scheme}://${location.host}/_/events`);
    socket.onopen = () => {
      retry = FIRST_RETRY_MS;
      onChange(true);
      if (tried) onReturn();
      tried = true;
      settled?.();
    };
    socket.onmessage = ({ data }) => onEvent(JSON.parse(data));
    socket.onclose = () => {
      onChange(false);
      tried = true;
      settled?.();
      setTimeout(connect, retry);
      retry = Math.min(retry * 2, LONGEST_RETRY_MS);
    };
  };
  return new Promise(connect);
}
