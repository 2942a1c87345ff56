import { fileURLToPath } from "node:url";

import { type Environment, environment } from "../config/environment.ts";
import { FatalError } from "../core/errors.ts";
import { type GuardedChild, startGuarded } from "./child.ts";

/** How to start a keeper for local markets. */
export interface KeeperProgram {
  readonly rpcUrl: string;
  /** MarginVault of each market. */
  readonly markets: readonly string[];
  readonly account: string;
  /** Longest life [ms]. */
  readonly lifetimeMs: number;
  /** What those that follow one another share; each finds out for itself when absent. */
  readonly store?: string;
  /** More settings, by their variables. */
  readonly settings?: Environment;
  /** Told every line of its log. */
  readonly onLine?: (line: string) => void;
}

/** Thrown when the keeper ends before the replay does. */
export class KeeperEndedError extends FatalError {}

const MAIN = fileURLToPath(new URL("../keeper/main.ts", import.meta.url));

/** A keeper as a process of its own, which knows nothing but the chain. */
export class KeeperProcess {
  readonly #program: KeeperProgram;
  #child: GuardedChild;
  #transactions = 0;

  constructor(program: KeeperProgram) {
    this.#program = program;
    this.#child = this.#start();
  }

  /** Transactions that it says were mined. */
  get transactions(): number {
    return this.#transactions;
  }

  /**
   * See that it still runs.
   *
   * @throws KeeperEndedError when it does not.
   */
  requireAlive(): void {
    if (!this.#child.hasExited()) return;
    throw new KeeperEndedError(
      `The keeper ended before the replay: "${this.#child.complaints()}".`,
    );
  }

  /** Kill it wherever it stands, and start another that has to find out for itself. */
  async replace(): Promise<void> {
    await this.#child.kill();
    this.#child = this.#start();
  }

  /** Ask it to end. */
  async stop(): Promise<void> {
    await this.#child.stop();
  }

  #start(): GuardedChild {
    const { rpcUrl, markets, account, lifetimeMs, store, settings } = this.#program;
    return startGuarded({
      program: process.execPath,
      args: ["--import", import.meta.resolve("tsx"), MAIN],
      lifetimeMs,
      env: {
        ...environment(),
        BULKHEAD_RPC_URL: rpcUrl,
        BULKHEAD_MARKETS: markets.join(","),
        BULKHEAD_UNLOCKED_ACCOUNT: account,
        BULKHEAD_POLL_MS: "25",
        BULKHEAD_STORE: store ?? ":memory:",
        ...settings,
      },
      onLine: (line) => {
        this.#program.onLine?.(line);
        if (line.includes('"outcome":"mined"')) this.#transactions += 1;
      },
    });
  }
}
