import { z } from "zod";

/** One thing that can be set: by a flag, an environment variable or a line of a YAML file. */
export interface Setting<Value> {
  readonly schema: z.ZodType<Value, string | undefined>;
  /** What it is, for `--help`. */
  readonly help: string;
  /** Carries a secret in part: `--print-config` leaves it out. */
  readonly secret: boolean;
}

/** The usual value of a setting, and what it is for. */
export interface SettingInput {
  readonly help: string;
  readonly usual?: string;
  readonly secret?: boolean;
}

const ADDRESS = /^0x[0-9a-fA-F]{40}$/;
const WEI_DECIMALS = 18;

/** Return the environment variable of a setting. */
export function variableOf(name: string): string {
  return `BULKHEAD_${name.replaceAll(/([A-Z])/g, "_$1").toUpperCase()}`;
}

/** Return the flag of a setting. */
export function flagOf(name: string): string {
  return `--${name.replaceAll(/([A-Z])/g, (letter) => `-${letter.toLowerCase()}`)}`;
}

/** A text. */
export function text(input: SettingInput): Setting<string | undefined> {
  return setting(z.string().optional(), input);
}

/** An address. */
export function address(input: SettingInput): Setting<string | undefined> {
  const schema = z
    .string()
    .regex(ADDRESS, "must be an address: 0x and 40 hexadecimal digits.")
    .optional();
  return setting(schema, input);
}

/** A list of addresses with commas between them; there must be one at least. */
export function addresses(input: SettingInput & { readonly what: string }): Setting<string[]> {
  const one = z.string().regex(ADDRESS, "must be an address: 0x and 40 hexadecimal digits.");
  const schema = z
    .string({ error: `is missing. Set it to ${input.what}.` })
    .transform(partsOf)
    .pipe(z.array(one).min(1));
  return setting(schema, input);
}

/** A list of names with commas between them. */
export function names(input: SettingInput): Setting<string[]> {
  return setting(z.string().default("").transform(partsOf), input);
}

/** Addresses of nodes with commas between them; there must be one at least. */
export function nodeUrls(input: SettingInput & { readonly what: string }): Setting<string[]> {
  const schema = z
    .string({ error: `is missing. Set it to ${input.what}.` })
    .transform(partsOf)
    .pipe(z.array(z.string().refine(isHttp, "must be an http:// or https:// address.")).min(1));
  return setting(schema, input);
}

/** Addresses of nodes that may be left out. */
export function optionalUrls(input: SettingInput): Setting<string[]> {
  const one = z.string().refine(isHttp, "must be an http:// or https:// address.");
  return setting(z.string().default("").transform(partsOf).pipe(z.array(one)), input);
}

/** The address of a service that may be left out. */
export function optionalUrl(input: SettingInput): Setting<string | undefined> {
  const schema = z.string().refine(isHttp, "must be an http:// or https:// address.").optional();
  return setting(schema, input);
}

/** Addresses of web sockets that may be left out. */
export function optionalSockets(input: SettingInput): Setting<string[]> {
  const one = z.string().refine(isWs, "must be a ws:// or wss:// address.");
  return setting(z.string().default("").transform(partsOf).pipe(z.array(one)), input);
}

/** A whole number. */
export function count(
  input: SettingInput & { readonly least: number; readonly usual: string },
): Setting<number> {
  const schema = z
    .string()
    .regex(/^\d{1,12}$/, `must be a whole number, such as ${input.usual}.`)
    .default(input.usual)
    .transform(Number)
    .refine((value) => value >= input.least, `must be at least ${input.least}.`);
  return setting(schema, input);
}

/** A plain decimal number, as WAD. */
export function decimal(input: SettingInput & { readonly usual: string }): Setting<bigint> {
  const schema = z
    .string()
    .regex(/^-?\d{1,12}(\.\d{1,18})?$/, `must be a plain decimal number, such as ${input.usual}.`)
    .default(input.usual)
    .transform(toWad);
  return setting(schema, input);
}

/** One of several words. */
export function choice<Word extends string>(
  words: readonly [Word, ...Word[]],
  input: SettingInput & { readonly usual: Word },
): Setting<Word> {
  const error = `must be one of ${words.join(", ")}.`;
  const schema = z
    .string()
    .default(input.usual)
    .pipe(z.enum(words, { error })) as unknown as z.ZodType<Word, string | undefined>;
  return setting(schema, input);
}

/** Read a plain decimal number as WAD. */
export function toWad(digits: string): bigint {
  const [whole = "0", rest = ""] = digits.replace("-", "").split(".");
  const value = BigInt(whole + rest.padEnd(WEI_DECIMALS, "0"));
  return digits.startsWith("-") ? -value : value;
}

/** Whether a text is the address of a node. */
export function isHttp(candidate: string): boolean {
  const url = URL.parse(candidate);
  return url !== null && (url.protocol === "http:" || url.protocol === "https:");
}

function isWs(candidate: string): boolean {
  const url = URL.parse(candidate);
  return url !== null && (url.protocol === "ws:" || url.protocol === "wss:");
}

function setting<Value>(
  schema: z.ZodType<Value, string | undefined>,
  { help, secret = false, usual }: SettingInput,
): Setting<Value> {
  return { schema, help: usual === undefined ? help : `${help} (${usual})`, secret };
}

function partsOf(list: string): string[] {
  return list
    .split(",")
    .map((item) => item.trim())
    .filter((item) => item !== "");
}
