/** Who and what exists: names for the ids that messages carry. */

const AVATAR_COLOURS = 8;

/**
 * @typedef {object} Person
 * @property {string} id
 * @property {string} name
 * @property {string} display_name
 * @property {string} kind
 * @property {boolean} can_act
 * @property {boolean} is_bot
 */

/**
 * @typedef {object} Channel
 * @property {string} id
 * @property {string} name  of the other side, for direct messages
 * @property {boolean} is_private
 * @property {boolean} is_im
 * @property {boolean} is_member
 * @property {string} topic
 * @property {number} unread
 */

/**
 * @typedef {object} App
 * @property {string} id
 * @property {string} name
 * @property {boolean} home_tab
 * @property {{name: string, callback_id: string, on_messages: boolean}[]} shortcuts
 */

/** The people and channels as last read from the server, by id, and the id of the person who acts. */
export const directory = {
  /** @type {Map<string, Person>} */
  people: new Map(),
  /** @type {Map<string, Channel>} */
  channels: new Map(),
  /** The handles of user groups, by id. @type {Map<string, string>} */
  groups: new Map(),
  /** @type {Map<string, App>} */
  apps: new Map(),
  me: "",
};

export function personName(id) {
  return directory.people.get(id)?.display_name ?? id;
}

/** The name with its sign: `#ops`, or the other side's name for direct messages. */
export function channelTitle(channel) {
  return channel.is_im ? channel.name : `#${channel.name}`;
}

/** Up to two letters that stand for a name. */
export function initials(name) {
  const words = name.trim().split(/[\s._-]+/u).filter(Boolean);
  return words.slice(0, 2).map((word) => [...word][0].toUpperCase()).join("") || "?";
}

/** The number of the avatar colour of a name: the same name has the same colour everywhere. */
export function avatarColour(name) {
  let sum = 0;
  for (const letter of name) sum = (sum * 33 + letter.codePointAt(0)) % 9973;
  return sum % AVATAR_COLOURS;
}
