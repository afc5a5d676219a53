/** What the composer offers to complete: commands at the start of a line, people and groups after an `@`. */

/**
 * @typedef {{command: string, description: string, usage_hint: string}} Command
 */

/**
 * @typedef {object} Suggestion
 * @property {string} typed  what stands there already
 * @property {string} text  what replaces it
 * @property {string} usage
 * @property {string} description
 */

const COMMAND = /^\/\S*$/u;
const MENTION = /(?:^|\s)(@\S*)$/u;

/**
 * @param {string} line
 * @param {Command[]} commands
 * @param {import("./directory.js").Person[]} people
 * @param {string[]} groups  their handles
 * @returns {Suggestion[]}
 */
export function suggestionsFor(line, commands, people, groups) {
  if (COMMAND.test(line)) return commandsFor(line, commands);
  const typed = MENTION.exec(line)?.[1];
  return typed ? [...peopleFor(typed, people), ...groupsFor(typed, groups)] : [];
}

function commandsFor(typed, commands) {
  const meant = commands.filter(({ command }) => command.startsWith(typed));
  return meant.map(({ command: text, description, usage_hint: usage }) => ({ typed, text, usage, description }));
}

function peopleFor(typed, people) {
  const words = typed.slice(1).toLowerCase();
  const meant = people.filter((person) => names(person).some((name) => name.toLowerCase().startsWith(words)));
  return meant.map((person) => ({ typed, text: `@${person.name}`, usage: person.display_name, description: "" }));
}

function groupsFor(typed, groups) {
  const meant = groups.filter((handle) => handle.startsWith(typed.slice(1).toLowerCase()));
  return meant.map((handle) => ({ typed, text: `@${handle}`, usage: "", description: "User group" }));
}

function names(person) {
  return [person.name, person.display_name];
}
