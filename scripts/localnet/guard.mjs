// Runs a program that must not outlive its parent: `node guard.mjs LIFETIME_MS PROGRAM [ARGUMENT...]`.
// The parent holds this process's standard input. When it closes, for whatever reason, the program is killed.
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";

const [lifetimeMs, program, ...args] = process.argv.slice(2);
const child = spawn(program, args, { stdio: ["ignore", "inherit", "inherit"] });
const kill = () => child.kill("SIGKILL");

child.once("error", (cause) => {
  process.stderr.write(`${cause.message}\n`);
  process.exit(127);
});
child.once("exit", (code, signal) => process.exit(signal === null ? (code ?? 1) : 128));
setTimeout(kill, Number(lifetimeMs)).unref();

createInterface({ input: process.stdin })
  .on("line", (line) => child.kill(line === "stop" ? "SIGTERM" : "SIGKILL"))
  .once("close", kill);

// A terminal's interrupt reaches the whole group; the parent decides what follows from it.
process.on("SIGINT", () => {});
process.on("SIGTERM", kill);
