/** The live connection: one WebSocket that comes back by itself. */

const FIRST_RETRY_MS = 400;
const LONGEST_RETRY_MS = 8000;

/**
 * Calls onEvent(event) for each pushed event, onChange(true|false) when the line is up or down, and
 * onReturn() after a reconnection, when events may have been missed and the page has to fetch again.
 */
export function listen({ onEvent, onChange, onReturn }) {
  let retry = FIRST_RETRY_MS;
  let opened = false;
  const connect = () => {
    const scheme = location.protocol === "https:" ? "wss" : "ws";
    const socket = new WebSocket(`${scheme}://${location.host}/_/events`);
    socket.onopen = () => {
      retry = FIRST_RETRY_MS;
      onChange(true);
      if (opened) onReturn();
      opened = true;
    };
    socket.onmessage = ({ data }) => onEvent(JSON.parse(data));
    socket.onclose = () => {
      onChange(false);
      setTimeout(connect, retry);
      retry = Math.min(retry * 2, LONGEST_RETRY_MS);
    };
  };
  connect();
}
