import { pathToFileURL } from "node:url";
import fc from "fast-check";
import hre from "hardhat";
import type { NetworkConnection } from "hardhat/types/network";
import Mocha from "mocha";

/** A test that failed. */
export interface Failure {
  /** Absolute path. */
  readonly file: string;
  readonly title: string;
}

/** What a run of tests said. */
export interface Verdict {
  readonly failures: readonly Failure[];
  readonly passed: number;
  readonly milliseconds: number;
  /** What each file took [ms]. */
  readonly timeOf: ReadonlyMap<string, number>;
}

/** What to run, and on what. */
export interface Run {
  /** Absolute paths, in the order to run them in. */
  readonly files: readonly string[];
  /** Whose blocks they are: the mutant that is on. */
  readonly coinbase: string;
  /** Whether the first failure ends the run. */
  readonly bail: boolean;
}

/** Prints nothing. */
class Silent extends Mocha.reporters.Base {}

/** Longest time of one test: a mutant may loop [ms]. */
const TIMEOUT = 60_000;

/**
 * Runs test files again and again in one process, each time with another beneficiary of blocks. Files are imported anew
 * for each run, so that a chain that a file keeps for all of its tests is of that run as well.
 */
export class TestBench {
  readonly #connections = new Map<NetworkConnection, number>();
  #coinbase = "";
  #number = 0;
  #fault: Error | undefined;

  constructor() {
    this.#watch();
    // Shrinking finds a nicer example; that there is one is enough.
    fc.configureGlobal({ endOnFailure: true });
  }

  /** @throws when a test asks a chain of an earlier run: what it then says is of another mutant. */
  async run({ files, coinbase, bail }: Run): Promise<Verdict> {
    this.#coinbase = coinbase;
    this.#number += 1;
    const started = Date.now();
    const failures: Failure[] = [];
    const timeOf = new Map<string, number>();
    let passed = 0;
    for (const file of files) {
      const begun = Date.now();
      const verdict = await this.#runFile(file, bail);
      timeOf.set(file, Date.now() - begun);
      if (this.#fault !== undefined) throw this.#fault;
      failures.push(...verdict.failures);
      passed += verdict.passed;
      if (bail && failures.length !== 0) break;
    }
    for (const connection of this.#connections.keys()) await connection.close();
    return { failures, passed, milliseconds: Date.now() - started, timeOf };
  }

  /** A file that cannot be loaded has failed as well: its chain is prepared while it is loaded. */
  async #runFile(file: string, bail: boolean): Promise<Pick<Verdict, "failures" | "passed">> {
    const mocha = new Mocha({ timeout: TIMEOUT, reporter: Silent, bail });
    mocha.suite.emit("pre-require", globalThis, file, mocha);
    try {
      await import(`${pathToFileURL(file).href}?run=${this.#number}`);
    } catch (error) {
      const [message] = String(error).split("\n");
      return { failures: [{ file, title: `while loading: ${message}` }], passed: 0 };
    }
    const failures: Failure[] = [];
    let passed = 0;
    await new Promise<void>((resolve) => {
      const runner = mocha.run(() => resolve());
      runner.on("fail", (test) => failures.push({ file, title: test.fullTitle() }));
      runner.on("pass", () => {
        passed += 1;
      });
    });
    return { failures, passed };
  }

  /** Reverting to a snapshot restores the beneficiary of its time, so it is set again after each. */
  #watch(): void {
    hre.hooks.registerHandlers("network", {
      newConnection: async (context, next) => {
        const connection = await next(context);
        this.#connections.set(connection as NetworkConnection, this.#number);
        await connection.provider.request({
          method: "hardhat_setCoinbase",
          params: [this.#coinbase],
        });
        return connection;
      },
      onRequest: async (context, connection, request, next) => {
        if (this.#connections.get(connection as NetworkConnection) !== this.#number) {
          this.#fault ??= new Error("A test asks a chain of an earlier run.");
        }
        const response = await next(context, connection, request);
        if (/^(evm_revert|hardhat_reset)$/.test(request.method)) {
          const params = [this.#coinbase];
          await next(context, connection, {
            jsonrpc: "2.0",
            id: 1,
            method: "hardhat_setCoinbase",
            params,
          });
        }
        return response;
      },
      closeConnection: async (context, connection, next) => {
        this.#connections.delete(connection as NetworkConnection);
        await next(context, connection);
      },
    });
  }
}
