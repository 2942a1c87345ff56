import { spawnSync } from "node:child_process";
import { readFile } from "node:fs/promises";
import { expect } from "chai";
import { completionFor } from "../../../scripts/cli/commands/completion.ts";
import { cliReference } from "../../../scripts/cli/docs.ts";
import { terminal } from "../../../scripts/cli/io.ts";
import { createProgram, descendants } from "../../../scripts/cli/program.ts";
import { runAs } from "./fakeIo.ts";

describe("the command line's reference", () => {
  it("is up to date: run `npm run docs:cli`", async () => {
    const written = await readFile(new URL("../../../docs/CLI.md", import.meta.url), "utf8");
    expect(written).to.equal(await cliReference());
  });

  it("describes every command and every option", () => {
    for (const command of descendants(createProgram(terminal()))) {
      expect(command.description(), command.name()).not.to.equal("");
      for (const option of command.options) {
        expect(option.description, `${command.name()} ${option.flags}`).not.to.equal("");
      }
    }
  });

  it("has no option that takes a key or a password", () => {
    const flags = descendants(createProgram(terminal())).flatMap(({ options }) =>
      options.map(({ flags: text }) => text),
    );
    expect(flags.filter((text) => /private|mnemonic|--password(?!-file)/.test(text))).to.be.empty;
  });
});

describe("completion", () => {
  it("knows every command in every shell", () => {
    const program = createProgram(terminal());
    const names = descendants(program).map((command) => command.name());
    for (const shell of ["bash", "zsh", "fish"] as const) {
      const script = completionFor(program, shell);
      for (const name of names) expect(script).to.include(name);
    }
  });

  it("completes commands and options in bash", () => {
    const script = completionFor(createProgram(terminal()), "bash");
    const complete = (...words: readonly string[]) => {
      const list = words.map((word) => `"${word}"`).join(" ");
      const run = `COMP_WORDS=(${list}); COMP_CWORD=${words.length - 1}; _bulkhead; echo "\${COMPREPLY[*]}"`;
      return spawnSync("bash", ["-c", `${script}\n${run}`], { encoding: "utf8" }).stdout.trim();
    };
    expect(complete("bulkhead", "mand")).to.equal("mandate");
    expect(complete("bulkhead", "margin", "")).to.equal("add remove");
    expect(complete("bulkhead", "open", "--stop")).to.equal("--stop-loss");
  });
});

describe("runCli", () => {
  it("ends with 0 for help and 2 for what it does not know", async () => {
    expect((await runAs({}, "--help")).code).to.equal(0);
    expect((await runAs({}, "teleport")).code).to.equal(2);
    expect((await runAs({}, "open", "--side", "up")).code).to.equal(2);
  });

  it("ends with 2 where there is no node to ask", async () => {
    const { code, noted } = await runAs({}, "market", "show");
    expect(code).to.equal(2);
    expect(noted).to.include("--rpc-url");
  });

  it("ends with 3 where the node does not answer", async () => {
    const { code, noted } = await runAs({}, "market", "ls", "--rpc-url", "http://127.0.0.1:1");
    expect(code).to.equal(3);
    expect(noted).to.include("Check that it runs");
  });
});
