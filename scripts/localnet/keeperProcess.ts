import { fileURLToPath } from "node:url";

import { environment } from "../config/environment.ts";
import { type GuardedChild, startGuarded } from "./child.ts";

/** How to start a keeper for a local market. */
export interface KeeperProgram {
  readonly rpcUrl: string;
  readonly marginVault: string;
  readonly account: string;
  /** Longest life [ms]. */
  readonly lifetimeMs: number;
  /** Told every line that it logs. */
  readonly onLine?: (line: string) => void;
}

const MAIN = fileURLToPath(new URL("../keeper/main.ts", import.meta.url));

/** Start the keeper as a process of its own, which knows nothing but the chain. */
export function startKeeper(keeper: KeeperProgram): GuardedChild {
  return startGuarded({
    program: process.execPath,
    args: ["--import", import.meta.resolve("tsx"), MAIN],
    lifetimeMs: keeper.lifetimeMs,
    env: {
      ...environment(),
      BULKHEAD_RPC_URL: keeper.rpcUrl,
      BULKHEAD_MARKETS: keeper.marginVault,
      BULKHEAD_UNLOCKED_ACCOUNT: keeper.account,
      BULKHEAD_POLL_MS: "25",
    },
    ...(keeper.onLine === undefined ? {} : { onLine: keeper.onLine }),
  });
}
