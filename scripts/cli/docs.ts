import { readFile, writeFile } from "node:fs/promises";
import type { Argument, Command, Option } from "commander";

import { EXIT_CODES } from "./exitCodes.ts";
import { terminal } from "./io.ts";
import { createProgram } from "./program.ts";

const HEAD = new URL("./docs-head.md", import.meta.url);
const TARGET = new URL("../../docs/CLI.md", import.meta.url);

/** Write the reference of all commands, from the commands themselves. */
export async function cliReference(): Promise<string> {
  const head = await readFile(HEAD, "utf8");
  const codes = Object.values(EXIT_CODES).map(({ code, meaning }) => `| ${code} | ${meaning} |`);
  return [
    head.trimEnd(),
    "",
    "## Exit codes",
    "",
    "| Code | Meaning |",
    "| --- | --- |",
    ...codes,
    "",
    "## Commands",
    "",
    ...createProgram(terminal()).commands.flatMap((command) => sections(command, "bulkhead")),
    "",
  ]
    .join("\n")
    .replace(/\n{3,}/g, "\n\n")
    .trimEnd()
    .concat("\n");
}

function sections(command: Command, parent: string): readonly string[] {
  const name = `${parent} ${command.name()}`;
  const isGroup = command.commands.length > 0;
  const usage = [name, ...command.registeredArguments.map(argumentText)].join(" ");
  const own = [`### ${name}`, "", sentence(command.description()), ""];
  if (isGroup) return [...own, ...command.commands.flatMap((child) => sections(child, name))];
  return [
    ...own,
    "```",
    `${usage}${command.options.length > 0 ? " [options]" : ""}`,
    "```",
    "",
    ...command.registeredArguments.map(
      (found) => `- \`${argumentText(found)}\`: ${found.description}`,
    ),
    ...command.options.map(optionText),
    "",
  ];
}

function argumentText(found: Argument): string {
  const name = `${found.name()}${found.variadic ? "..." : ""}`;
  return found.required ? `<${name}>` : `[${name}]`;
}

function optionText(option: Option): string {
  const usual =
    option.defaultValueDescription ??
    (typeof option.defaultValue === "string" ? undefined : textOf(option.defaultValue));
  const needed = option.mandatory ? " Required." : "";
  return `- \`${option.flags}\`: ${option.description}${usual === undefined ? "" : ` (default ${usual})`}${needed}`;
}

function textOf(value: unknown): string | undefined {
  return value === undefined || typeof value === "boolean" ? undefined : String(value);
}

function sentence(text: string): string {
  return `${text.slice(0, 1).toUpperCase()}${text.slice(1)}.`;
}

if (
  process.argv[1] !== undefined &&
  import.meta.url.endsWith(process.argv[1].split("/").at(-1) ?? "\n")
) {
  await writeFile(TARGET, await cliReference());
}
