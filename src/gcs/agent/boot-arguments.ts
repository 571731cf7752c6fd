import { invalidArgument } from "../../errors/shim-error.ts";
import { AGENT_KERNEL_ARGUMENT } from "../../transport/agent/ports.ts";
import { addressBits, isV6 } from "../network/adapter.ts";

/** One interface, as nerdbox's guest takes it: `-network=mac=...,addr=...|dhcp=true`. */
export interface BootNetwork {
  /** Lower case with colons. */
  readonly mac: string;
  /** In CIDR notation, one of each family at the most. */
  readonly addresses: readonly string[];
  readonly dhcp: boolean;
}

export interface BootArguments {
  readonly debug: boolean;
  readonly networks: readonly BootNetwork[];
  /** Taken by other guests than ours, or by none. */
  readonly unknown: readonly string[];
}

/** What the kernel was told of the agent: undefined where it was not told to serve one. Throws invalid-argument. */
export function bootArguments(commandLine: string): BootArguments | undefined {
  const words = splitWords(commandLine);
  const end = words.indexOf("--");
  const kernel = end < 0 ? words : words.slice(0, end);
  if (!kernel.includes(AGENT_KERNEL_ARGUMENT)) return undefined;
  return parseArguments(end < 0 ? [] : words.slice(end + 1));
}

/** Go's flags: one dash or two, `-name=value` or `-name value`. */
function parseArguments(words: readonly string[]): BootArguments {
  const networks: BootNetwork[] = [];
  const unknown: string[] = [];
  let debug = false;
  for (let at = 0; at < words.length; at += 1) {
    const word = words[at] ?? "";
    const [, name, value] = /^--?([a-z][a-z-]*)(?:=(.*))?$/.exec(word) ?? [];
    if (name === "network") networks.push(parseNetwork(value ?? words[++at] ?? ""));
    else if (name === "debug") debug = value === undefined || isTrue(value, word);
    else unknown.push(word);
  }
  return { debug, networks, unknown };
}

function parseNetwork(text: string): BootNetwork {
  let mac = "";
  let dhcp = false;
  const addresses: string[] = [];
  for (const field of text.split(",")) {
    const [key, value = ""] = field.split(/=(.*)/s);
    if (key === "mac") mac = parseMac(value);
    else if (key === "addr") addresses.push(parseCidr(value));
    else if (key === "dhcp") dhcp = isTrue(value, field);
    else throw invalidArgument(`-network=${text} has a field "${field}": use mac=, addr= and dhcp=`);
  }
  if (mac === "") throw invalidArgument(`-network=${text} names no MAC address: add mac=`);
  if (dhcp && addresses.length > 0) throw invalidArgument(`-network=${text} has both addr and dhcp: choose one`);
  if (new Set(addresses.map(isV6)).size < addresses.length) {
    throw invalidArgument(`-network=${text} has two addresses of one family: give one of each`);
  }
  return { mac, addresses, dhcp };
}

function parseMac(text: string): string {
  const mac = text.toLowerCase().replaceAll("-", ":");
  if (/^[0-9a-f]{2}(:[0-9a-f]{2}){5}$/.test(mac)) return mac;
  throw invalidArgument(`"${text}" is no MAC address: use six bytes, as in 02:00:00:00:00:01`);
}

function parseCidr(text: string): string {
  const [address = "", length = "", ...more] = text.split("/");
  const bits = isV6(address) ? 128 : 32;
  if (more.length > 0 || !/^\d{1,3}$/.test(length) || Number(length) > bits) {
    throw invalidArgument(`"${text}" is no address with the length of its subnet: use ADDRESS/LENGTH`);
  }
  addressBits(address);
  return text;
}

/** As Go's ParseBool. */
function isTrue(value: string, at: string): boolean {
  if (/^(1|t|T|TRUE|true|True)$/.test(value)) return true;
  if (/^(0|f|F|FALSE|false|False)$/.test(value)) return false;
  throw invalidArgument(`"${at}" is neither true nor false: use one of them`);
}

/** As the kernel splits it: a quote keeps spaces together. */
function splitWords(text: string): string[] {
  return [...text.matchAll(/(?:"[^"]*"?|[^\s"])+/g)].map(([word]) => word.replaceAll('"', ""));
}
