import { type ChildProcess, spawn } from "node:child_process";
import { readFile } from "node:fs/promises";
import { createInterface } from "node:readline";
import { text } from "node:stream/consumers";
import { expect } from "chai";

import { onDeployableCode } from "../fixtures/deployable.ts";

const ROOT = new URL("../../", import.meta.url);
const TUTORIAL = new URL("docs/TUTORIAL.md", ROOT);
/** Much more than it takes: this machine may be busy. */
const PATIENCE_MS = 300_000;
const MARK = "@@ block";
const FENCE = /^```(sh terminal|sh|text)\n([\s\S]*?)^```$/gm;

/** Commands of the tutorial, and what it says that they print. */
interface Step {
  readonly commands: string;
  readonly lines: readonly string[];
}

interface Tutorial {
  /** Runs in a terminal of its own, until the end. */
  readonly terminal: string;
  readonly steps: readonly Step[];
}

async function readTutorial(): Promise<Tutorial> {
  let terminal = "";
  const steps: Step[] = [];
  for (const [, kind, body = ""] of (await readFile(TUTORIAL, "utf8")).matchAll(FENCE)) {
    const last = steps.at(-1);
    if (kind === "sh terminal") terminal = body.trim();
    else if (kind === "sh") steps.push({ commands: body, lines: [] });
    else if (last !== undefined) {
      steps[steps.length - 1] = { ...last, lines: body.trim().split("\n") };
    }
  }
  return { terminal, steps };
}

/** "…" stands for anything. */
function patternOf(line: string): RegExp {
  const parts = line.split("…").map((part) => part.trim().replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));
  return new RegExp(parts.join(".*"));
}

/** Starts the first terminal, and waits until it is ready. In a group of its own, so that all of it ends. */
async function startTerminal(command: string): Promise<ChildProcess> {
  const child = spawn("bash", ["-c", command], { cwd: ROOT, detached: true });
  const complaints = text(child.stderr);
  for await (const line of createInterface({ input: child.stdout })) {
    if (line.startsWith("Ready")) return child;
  }
  throw new Error(`The playground ended: ${await complaints}`);
}

async function endTerminal(child: ChildProcess): Promise<void> {
  if (child.pid === undefined || child.exitCode !== null) return;
  const ended = new Promise((resolve) => child.once("exit", resolve));
  process.kill(-child.pid, "SIGTERM");
  await ended;
}

/** Runs all blocks in one shell, as a reader does; the output of each after a mark. */
async function runSteps(steps: readonly Step[]): Promise<{ code: number; outputs: string[] }> {
  const blocks = steps.map(({ commands }) => `echo "${MARK}"\n${commands}`);
  // A test run that npx itself started would hand these down, and every npx inside would look for that package.
  const forget = "unset npm_config_package npm_config_call";
  const script = ["set -euo pipefail", forget, "exec 2>&1", ...blocks].join("\n");
  const child = spawn("bash", ["-c", script], {
    cwd: ROOT,
    stdio: ["ignore", "pipe", "inherit"],
  });
  const code = new Promise<number>((resolve) => {
    child.once("close", (found) => resolve(found ?? 1));
  });
  const output = await text(child.stdout);
  return { code: await code, outputs: output.split(MARK).slice(1) };
}

describe("docs/TUTORIAL.md", () => {
  onDeployableCode("the tutorial, on another node", define);
});

function define() {
  it("runs word for word, and prints what it says", async () => {
    const { terminal, steps } = await readTutorial();
    expect(steps.length).to.be.greaterThan(8);
    const playground = await startTerminal(terminal);
    try {
      const { code, outputs } = await runSteps(steps);
      expect(code, outputs.at(-1)).to.equal(0);
      for (const [index, { lines }] of steps.entries()) {
        for (const line of lines) expect(outputs[index], outputs[index]).to.match(patternOf(line));
      }
    } finally {
      await endTerminal(playground);
    }
  }).timeout(PATIENCE_MS);
}
