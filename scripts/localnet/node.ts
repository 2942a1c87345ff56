import { createServer } from "node:net";
import { fileURLToPath } from "node:url";

import { FatalError } from "../core/errors.ts";
import { type GuardedChild, startGuarded } from "./child.ts";

/** A chain on this machine that ends with the process that started it. */
export interface LocalNode {
  readonly rpcUrl: string;
  readonly stop: () => Promise<void>;
}

/** What the chain starts with. */
export interface LocalNodeOptions {
  /** Time of the first block [s]. */
  readonly timestamp: number;
  /** Unlocked accounts. */
  readonly accounts: number;
  /** Longest life [ms]. */
  readonly lifetimeMs: number;
}

/** Thrown when the local chain does not start. */
export class NodeStartError extends FatalError {}

const HOST = "127.0.0.1";
const START_DEADLINE_MS = 15_000;
const START_POLL_MS = 50;
/** Blocks whose state stays readable; the others need not be kept. */
const KEPT_STATES = 200;

/**
 * Start a chain on a free port of the loopback interface.
 *
 * @throws NodeStartError when its program is missing or it does not answer in time.
 */
export async function startNode(options: LocalNodeOptions): Promise<LocalNode> {
  const port = await freePort();
  const child = startGuarded({
    program: anvilBinary(),
    args: nodeArguments(port, options),
    lifetimeMs: options.lifetimeMs,
  });
  const rpcUrl = `http://${HOST}:${port}`;
  if (!(await answersInTime(rpcUrl, child))) {
    await child.kill();
    throw new NodeStartError(`The local chain did not start: "${child.complaints()}".`);
  }
  return {
    rpcUrl,
    stop: async () => {
      await child.kill();
    },
  };
}

/** Find a port that nothing listens on. */
async function freePort(): Promise<number> {
  const server = createServer();
  const port = await new Promise<number>((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, HOST, () => {
      const address = server.address();
      resolve(typeof address === "object" && address !== null ? address.port : 0);
    });
  });
  await new Promise<void>((resolve) => server.close(() => resolve()));
  return port;
}

function nodeArguments(port: number, options: LocalNodeOptions): string[] {
  const settings = {
    "--host": HOST,
    "--port": port,
    "--timestamp": options.timestamp,
    "--accounts": options.accounts,
    "--hardfork": "cancun",
    "--gas-limit": 30_000_000,
    "--prune-history": KEPT_STATES,
  };
  return [...Object.entries(settings).flatMap(([name, value]) => [name, String(value)]), "--quiet"];
}

/** The platform's own package holds the program: its install script need not have run. */
function anvilBinary(): string {
  const machine = process.arch === "x64" ? "amd64" : process.arch;
  const suffix = process.platform === "win32" ? ".exe" : "";
  const name = `@foundry-rs/anvil-${process.platform}-${machine}`;
  try {
    return fileURLToPath(import.meta.resolve(`${name}/bin/anvil${suffix}`));
  } catch (cause) {
    throw new NodeStartError(
      `The package "${name}" is not installed. Run "npm ci" without omitting optional packages.`,
      { cause },
    );
  }
}

async function answersInTime(rpcUrl: string, child: GuardedChild): Promise<boolean> {
  const deadline = Date.now() + START_DEADLINE_MS;
  while (Date.now() < deadline && !child.hasExited()) {
    if (await answers(rpcUrl)) return true;
    await new Promise((resolve) => setTimeout(resolve, START_POLL_MS));
  }
  return false;
}

async function answers(rpcUrl: string): Promise<boolean> {
  try {
    const response = await fetch(rpcUrl, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ jsonrpc: "2.0", id: 1, method: "eth_chainId", params: [] }),
      signal: AbortSignal.timeout(1000),
    });
    return response.ok;
  } catch {
    return false;
  }
}
