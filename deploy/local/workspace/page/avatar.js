/** Pictures of people and apps: drawn initials, an emoji, or Watchkeeper's own mark. */
import { h } from "./dom.js";
import { emojiOf } from "./emoji.js";
import { colourOf, initials } from "./format.js";
import { isAgent, state, userOf } from "./store.js";

export const mark = (size = 36) =>
  h("img", {
    class: "avatar",
    src: "/static/mark.svg",
    alt: "",
    width: size,
    height: size,
    style: { "--size": `${size}px` },
  });

export function userAvatar(user, size = 36) {
  if (user?.id && user.id === state.agent.bot_user) return mark(size);
  const name = user?.real_name || user?.name || "?";
  return h(
    "span",
    {
      class: "avatar letters",
      "aria-hidden": "true",
      style: { "--size": `${size}px`, "--colour": user?.avatar_color || colourOf(name) },
    },
    initials(name),
  );
}

/** {name, app, avatar(size)} of a message's author. */
export function authorOf(message) {
  if (isAgent(message))
    return { name: userOf(state.agent.bot_user)?.real_name || state.agent.name, app: true, avatar: mark };
  const user = userOf(message.user);
  const name = message.username || user?.real_name || user?.name || (message.bot_id ? "An app" : "Someone");
  const app = Boolean(message.bot_id || user?.is_bot);
  const picture = message.icon_emoji && emojiOf(message.icon_emoji);
  if (picture)
    return {
      name,
      app,
      avatar: (size) =>
        h("span", { class: "avatar pictogram", "aria-hidden": "true", style: { "--size": `${size}px` } }, picture),
    };
  return { name, app, avatar: (size) => userAvatar(user ?? { name }, size) };
}
