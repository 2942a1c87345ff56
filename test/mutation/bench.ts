import fc from "fast-check";
import hre from "hardhat";
import type { NetworkConnection } from "hardhat/types/network";
import Mocha from "mocha";

/** What a run of tests said. */
export interface Verdict {
  readonly failures: readonly string[];
  readonly passed: number;
  readonly milliseconds: number;
}

/** A choice of tests, by their full titles, and whether the first failure ends the run. */
export interface Choice {
  readonly test: (title: string) => boolean;
  readonly bail: boolean;
}

/** Prints nothing. */
class Silent extends Mocha.reporters.Base {}

/** Longest time of one test: a mutant may loop [ms]. */
const TIMEOUT = 60_000;

/**
 * Loads test files once and runs them again and again in one process, each time with another beneficiary of blocks.
 * Chains start anew for each, so that what a fixture deploys has run with that mutant as well.
 */
export class TestBench {
  readonly #mocha = new Mocha({ timeout: TIMEOUT, reporter: Silent });
  readonly #connections = new Map<NetworkConnection, { dirty: boolean; readonly kept: boolean }>();
  #coinbase = "";
  #loaded = false;

  /** Loads the tests of files. @throws when it was called before: modules are loaded only once. */
  async load(files: readonly string[]): Promise<void> {
    if (this.#loaded) throw new Error("Test files are loaded once.");
    this.#watch();
    // Shrinking finds a nicer example; that there is one is enough.
    fc.configureGlobal({ endOnFailure: true });
    for (const file of files) this.#mocha.addFile(file);
    await this.#mocha.loadFilesAsync();
    this.#mocha.cleanReferencesAfterRun(false);
    this.#loaded = true;
  }

  /** Full titles of all tests, by file. */
  titles(): ReadonlyMap<string, readonly string[]> {
    const byFile = new Map<string, string[]>();
    this.#mocha.suite.eachTest((test: Mocha.Test) => {
      const file = test.file ?? "";
      byFile.set(file, [...(byFile.get(file) ?? []), test.fullTitle()]);
    });
    return byFile;
  }

  /** Runs a choice of tests on chains whose blocks go to `coinbase`, in an order of files. */
  async run(coinbase: string, choice: Choice, order: readonly string[]): Promise<Verdict> {
    await this.#renew(coinbase);
    const rank = new Map(order.map((file, index) => [file, index]));
    const rankOf = ({ file }: Mocha.Suite) => rank.get(file ?? "") ?? order.length;
    this.#mocha.suite.suites.sort((a, b) => rankOf(a) - rankOf(b));
    this.#mocha.bail(choice.bail);
    this.#mocha.grep({ test: choice.test } as unknown as RegExp);
    const started = Date.now();
    const failures: string[] = [];
    let passed = 0;
    await new Promise<void>((resolve) => {
      const runner = this.#mocha.run(() => resolve());
      runner.on("fail", (test) => failures.push(test.fullTitle()));
      runner.on("pass", () => {
        passed += 1;
      });
    });
    return { failures, passed, milliseconds: Date.now() - started };
  }

  async #renew(coinbase: string): Promise<void> {
    this.#coinbase = coinbase;
    for (const [connection, state] of this.#connections) {
      if (state.kept) {
        state.dirty = true;
        connection.networkHelpers.clearSnapshots();
      } else {
        this.#connections.delete(connection);
        await connection.close();
      }
    }
  }

  /** Reverting to a snapshot restores the beneficiary of its time, so it is set again after each. */
  #watch(): void {
    hre.hooks.registerHandlers("network", {
      newConnection: async (context, next) => {
        const connection = await next(context);
        this.#connections.set(connection as NetworkConnection, {
          dirty: true,
          kept: !this.#loaded,
        });
        return connection;
      },
      onRequest: async (context, connection, request, next) => {
        const ask = (method: string, params: readonly unknown[]) =>
          next(context, connection, { jsonrpc: "2.0", id: 1, method, params: [...params] });
        const state = this.#connections.get(connection as NetworkConnection);
        if (state?.dirty) {
          state.dirty = false;
          if (state.kept) await ask("hardhat_reset", []);
          await ask("hardhat_setCoinbase", [this.#coinbase]);
        }
        const response = await next(context, connection, request);
        if (request.method === "evm_revert") await ask("hardhat_setCoinbase", [this.#coinbase]);
        return response;
      },
    });
  }
}
