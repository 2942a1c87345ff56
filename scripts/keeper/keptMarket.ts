import type { Logger } from "pino";

import type { GasMarket } from "../chain/fees.ts";
import type { MarketView } from "../chain/marketView.ts";
import type { Strategy } from "./action.ts";
import type { Alerts } from "./alerts.ts";
import type { Executor } from "./executor.ts";
import type { Follower } from "./follower.ts";
import type { Metrics } from "./metrics.ts";
import type { ProfitRule } from "./profit.ts";
import type { Lane } from "./sending/lane.ts";

/** One market under a keeper's care. */
export interface KeptMarket {
  /** Address of its MarginVault. */
  readonly name: string;
  readonly follower: Follower;
  readonly view: MarketView;
  readonly executor: Executor;
  readonly strategies: readonly Strategy[];
  /** Names the newest price of a time [s] that comes without a block. */
  readonly priceMark: (time: bigint) => string;
  /** Absent in a dry run: then everything is decided, and nothing sent. */
  readonly lanes: Readonly<Record<Strategy["lane"], Lane>> | undefined;
  /** Who asks when nothing is sent. */
  readonly caller: string;
  readonly gasMarket: () => Promise<GasMarket>;
  readonly profitRule: () => Promise<ProfitRule>;
  /** Whether it is this keeper's turn to act on something, seen first at a block. */
  readonly isMyTurn: (subject: string, blocksSeen: number) => boolean;
  readonly metrics: Metrics;
  readonly alerts: Alerts;
  readonly now: () => number;
  readonly log: Logger;
}
