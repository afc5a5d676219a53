/** What the composer offers to complete: commands at the start of a line, people after an `@`. */

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
 * @returns {Suggestion[]}
 */
export function suggestionsFor(line, commands, people) {
  if (COMMAND.test(line)) return commandsFor(line, commands);
  const typed = MENTION.exec(line)?.[1];
  return typed ? peopleFor(typed, people) : [];
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

function names(person) {
  return [person.name, person.display_name];
}
