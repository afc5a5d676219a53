/** Block Kit's select elements, each a combobox over what it offers. */

import { Combobox } from "./combobox.js";
import { channelTitle, directory } from "./directory.js";

const KINDS = {
  static_select: { offered: staticOptions, initial: (element) => [element.initial_option?.value] },
  multi_static_select: {
    offered: staticOptions,
    initial: (element) => element.initial_options?.map(({ value }) => value),
    several: true,
  },
  users_select: { offered: people, initial: (element) => [element.initial_user] },
  channels_select: { offered: publicChannels, initial: (element) => [element.initial_channel] },
  conversations_select: { offered: conversations, initial: (element) => [element.initial_conversation] },
};

export const SELECT_TYPES = Object.keys(KINDS);

/** @returns {import("./controls.js").Control} */
export function select(element, { attributes, initial, act }) {
  const { offered, initial: first, several = false } = KINDS[element.type];
  const wrap = (values) => (several ? values : (values[0] ?? null));
  const combobox = new Combobox({
    options: () => offered(element),
    chosen: [initial === undefined ? first(element) : initial].flat().filter(Boolean),
    several,
    most: element.max_selected_items,
    placeholder: element.placeholder?.text ?? (several ? "Select options" : "Select an option"),
    attributes,
    changed: (values) => act(wrap(values)),
  });
  return { node: combobox.node, field: combobox.box, read: () => wrap(combobox.values) };
}

function staticOptions(element) {
  const groups = element.option_groups ?? [{ options: element.options }];
  return groups.flatMap(({ label, options }) => options.map((option) => plainOption(option, label?.text)));
}

function plainOption({ value, text, description }, group) {
  return { value, text: text.text, description: description?.text, group };
}

function people() {
  const present = [...directory.people.values()].filter((person) => person.can_act || person.is_bot);
  return present.map((person) => ({ value: person.id, text: person.display_name }));
}

function publicChannels() {
  return asOptions((channel) => !channel.is_private && !channel.is_im);
}

function conversations(element) {
  const wanted = element.filter?.include ?? ["public", "private", "im"];
  return asOptions((channel) => wanted.includes(kindOf(channel)));
}

function kindOf(channel) {
  if (channel.is_im) return "im";
  return channel.is_private ? "private" : "public";
}

function asOptions(wanted) {
  const channels = [...directory.channels.values()].filter(wanted);
  return channels.map((channel) => ({ value: channel.id, text: channelTitle(channel) }));
}
