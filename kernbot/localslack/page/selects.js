/** Block Kit's select elements, each a combobox over what it offers. */

import { Combobox } from "./combobox.js";
import { channelTitle, directory } from "./directory.js";

const SHORTEST_QUERY = 3;

/** What each kind offers, and under which name its elements hold what is chosen at first. */
const KINDS = {
  static_select: { offered: (element) => plainOptions(element), initial: "option" },
  external_select: { offered: (element) => initialOptions(element), initial: "option", external: true },
  users_select: { offered: people, initial: "user" },
  channels_select: { offered: publicChannels, initial: "channel" },
  conversations_select: { offered: conversations, initial: "conversation" },
};

export const SELECT_TYPES = Object.keys(KINDS).flatMap((type) => [type, `multi_${type}`]);

/** @returns {import("./controls.js").Control} */
export function select(element, { attributes, initial, act, suggest }) {
  const several = element.type.startsWith("multi_");
  const kind = KINDS[element.type.replace(/^multi_/u, "")];
  const wrap = (values) => (several ? values : (values[0] ?? null));
  const combobox = new Combobox({
    options: () => kind.offered(element),
    load: kind.external ? async (words) => plainOptions(await suggest(words)) : undefined,
    shortest: element.min_query_length ?? SHORTEST_QUERY,
    chosen: [initial === undefined ? chosenAtFirst(element, kind, several) : initial].flat().filter(Boolean),
    several,
    most: element.max_selected_items,
    placeholder: element.placeholder?.text ?? (several ? "Select options" : "Select an option"),
    attributes,
    changed: (values) => act(wrap(values)),
  });
  return { node: combobox.node, field: combobox.box, read: () => wrap(combobox.values) };
}

function chosenAtFirst(element, { initial }, several) {
  const held = element[several ? `initial_${initial}s` : `initial_${initial}`];
  return [held].flat().map((choice) => choice?.value ?? choice);
}

function initialOptions(element) {
  return plainOptions({ options: [element.initial_option, element.initial_options].flat().filter(Boolean) });
}

function plainOptions({ options, option_groups: groups }) {
  return (groups ?? [{ options }]).flatMap((group) => group.options.map((option) => plain(option, group.label?.text)));
}

function plain({ value, text, description }, group) {
  return { value, text: text.text, description: description?.text, group };
}

function people() {
  const present = [...directory.people.values()].filter((person) => person.can_act || person.is_bot);
  return present.map((person) => ({ value: person.id, text: person.display_name }));
}

function publicChannels() {
  return asOptions((channel) => !channel.is_private && !channel.is_im);
}

function conversations({ filter = {} }) {
  const wanted = filter.include ?? ["public", "private", "im"];
  return asOptions((channel) => wanted.includes(kindOf(channel)) && !(filter.exclude_bot_users && channel.is_im));
}

function kindOf(channel) {
  if (channel.is_im) return "im";
  return channel.is_private ? "private" : "public";
}

function asOptions(wanted) {
  const channels = [...directory.channels.values()].filter(wanted);
  return channels.map((channel) => ({ value: channel.id, text: channelTitle(channel) }));
}
