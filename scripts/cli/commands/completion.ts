import { Argument, type Command } from "commander";

import type { CliIo } from "../io.ts";

type Shell = "bash" | "zsh" | "fish";

/** A command or group by its words, with what may follow. */
interface Node {
  readonly path: string;
  readonly words: readonly { readonly word: string; readonly description: string }[];
}

/** Add `completion`: a script for a shell. */
export function registerCompletion(program: Command, io: CliIo): void {
  program
    .command("completion")
    .description("print a completion script; see the first line of it")
    .addArgument(new Argument("<shell>", "which shell").choices(["bash", "zsh", "fish"]))
    .action((shell: Shell) => io.print(completionFor(program, shell)));
}

/** Return the completion script of a program for a shell. */
export function completionFor(program: Command, shell: Shell): string {
  const nodes = nodesOf(program, "");
  switch (shell) {
    case "bash":
      return bash(nodes);
    case "zsh":
      return zsh(nodes);
    case "fish":
      return fish(nodes);
  }
}

function nodesOf(command: Command, path: string): readonly Node[] {
  const commands = command.commands.map((found) => ({
    word: found.name(),
    description: found.description(),
  }));
  const options = command.options.map((option) => ({
    word: option.long ?? option.flags,
    description: option.description,
  }));
  const children = command.commands.flatMap((found) =>
    nodesOf(found, `${path} ${found.name()}`.trim()),
  );
  return [{ path, words: [...commands, ...options] }, ...children];
}

/** Words that name commands, without options and arguments, decide what may follow. */
function caseLines(nodes: readonly Node[]): string {
  return nodes
    .map(
      ({ path, words }) => `    "${path}") words="${words.map(({ word }) => word).join(" ")}" ;;`,
    )
    .join("\n");
}

function commandPaths(nodes: readonly Node[]): string {
  return nodes
    .filter(({ path }) => path !== "")
    .map(({ path }) => `"${path}"`)
    .join("|");
}

function bash(nodes: readonly Node[]): string {
  return `# eval "$(bulkhead completion bash)"
_bulkhead() {
  local path="" word words="" next
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    next="\${path:+$path }$word"
    case "$next" in
      ${commandPaths(nodes)}) path="$next" ;;
    esac
  done
  case "$path" in
${caseLines(nodes)}
  esac
  COMPREPLY=($(compgen -W "$words" -- "\${COMP_WORDS[COMP_CWORD]}"))
}
complete -o default -F _bulkhead bulkhead`;
}

function zsh(nodes: readonly Node[]): string {
  return `# eval "$(bulkhead completion zsh)"
_bulkhead() {
  local path_="" word words="" next
  for word in "\${(@)\${(@s/ /)BUFFER}[2,-1]}"; do
    next="\${path_:+$path_ }$word"
    case "$next" in
      ${commandPaths(nodes)}) path_="$next" ;;
    esac
  done
  case "$path_" in
${caseLines(nodes)}
  esac
  compadd -- \${=words}
}
compdef _bulkhead bulkhead`;
}

function fish(nodes: readonly Node[]): string {
  const lines = nodes.flatMap(({ path, words }) =>
    words.map(({ word, description }) => {
      const condition = path === "" ? "__fish_use_subcommand" : seen(path);
      const what = word.startsWith("--") ? `-l ${word.slice(2)}` : `-f -a ${word}`;
      return `complete -c bulkhead -n "${condition}" ${what} -d '${description.replaceAll("'", "\\'")}'`;
    }),
  );
  return ["# bulkhead completion fish | source", ...lines].join("\n");
}

function seen(path: string): string {
  return path
    .split(" ")
    .map((word) => `__fish_seen_subcommand_from ${word}`)
    .join("; and ");
}
