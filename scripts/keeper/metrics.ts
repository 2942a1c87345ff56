import { Counter, Gauge, Histogram, Registry } from "prom-client";

/** Everything that is measured, under names that dashboards rely on. */
export type Metrics = ReturnType<typeof createMetrics>;

const PREFIX = "bulkhead_keeper_";
const FAST = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1];
const SLOW = [0.5, 1, 2, 4, 8, 16, 32, 64, 128, 256];

/** Create a set of measures of its own, so that two keepers in one process do not share any. */
export function createMetrics() {
  const registry = new Registry();
  const registers = [registry];
  const gauge = <Label extends string>(name: string, help: string, labelNames: readonly Label[]) =>
    new Gauge<Label>({ name: `${PREFIX}${name}`, help, labelNames: [...labelNames], registers });
  const counter = <Label extends string>(
    name: string,
    help: string,
    labelNames: readonly Label[],
  ) =>
    new Counter<Label>({ name: `${PREFIX}${name}`, help, labelNames: [...labelNames], registers });
  const histogram = (name: string, help: string, buckets: number[]) =>
    new Histogram({ name: `${PREFIX}${name}`, help, labelNames: ["market"], buckets, registers });
  const ofMarket = ["market"] as const;
  return {
    registry,
    lagSeconds: histogram("liquidation_lag_seconds", "From due to mined.", SLOW),
    lagBlocks: histogram(
      "liquidation_lag_blocks",
      "Blocks from due to mined.",
      [0, 1, 2, 3, 5, 8, 13, 21],
    ),
    searchSeconds: histogram("search_seconds", "Search over all positions at one price.", FAST),
    reactionSeconds: histogram("reaction_seconds", "From a block seen to all plans handed.", FAST),
    oracleAge: gauge("oracle_age_seconds", "Age of the price of now.", ofMarket),
    headBlock: gauge("head_block", "Newest block that was read.", ofMarket),
    positions: gauge("positions_open", "Open positions.", ofMarket),
    atRisk: gauge("positions_at_risk", "Equity below 1.1 times maintenance.", ofMarket),
    marginAtRisk: gauge("margin_at_risk", "Equity of those positions, in quote units.", ofMarket),
    due: gauge("positions_due", "Positions that may be liquidated now.", ofMarket),
    rescuesDue: gauge("rescues_due", "Positions under the triggers of their mandates.", ofMarket),
    mandates: gauge("mandates", "Rescue mandates that stand.", ofMarket),
    unknown: gauge("unknown_state", "Positions whose health cannot be worked out here.", ofMarket),
    orders: gauge("orders_waiting", "Orders that wait.", ofMarket),
    frozen: gauge("frozen", "1 while a deep reorganisation forbids sending.", ofMarket),
    inFlight: gauge("in_flight", "Things that transactions under way act on.", ofMarket),
    paused: gauge("paused", "Things that wait after refusals.", ofMarket),
    held: gauge("held_unprofitable", "Actions that wait because they would not pay.", ofMarket),
    decisions: counter("decisions_total", "Decisions by outcome.", [
      "market",
      "strategy",
      "outcome",
    ] as const),
    transactions: counter("transactions_total", "Transactions by outcome.", [
      "lane",
      "outcome",
    ] as const),
    gasSpent: counter("gas_spent_wei_total", "Paid for gas.", ["lane"] as const),
    balance: gauge("balance_wei", "What is left to pay for gas.", ["lane"] as const),
    failures: counter("failures_total", "Failures that pass, by kind.", ["kind"] as const),
    reorgs: counter("reorganisations_total", "Times that blocks were taken back.", ofMarket),
    alerts: counter("alerts_total", "Alerts that were raised.", ["name"] as const),
    leading: gauge("leading", "1 while this keeper holds the lease, or needs none.", [] as const),
  };
}
