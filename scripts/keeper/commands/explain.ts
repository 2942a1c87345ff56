import { type Head, readHead } from "../../chain/blocks.ts";
import { type MarketContracts, openMarket } from "../../chain/contracts.ts";
import { calling } from "../../chain/errors.ts";
import { connectPool } from "../../chain/nodePool.ts";
import type { Node } from "../../chain/provider.ts";
import { toMarket, toPosition, toTerms } from "../../chain/structs.ts";
import { ConfigError, type KeeperConfig } from "../../config/keeper.ts";
import { previewLiquidation } from "../../core/liquidation.ts";
import { health } from "../../core/quote.ts";
import type { Position } from "../../core/types.ts";
import { formatWad } from "../../core/units.ts";
import { priceNow } from "./priceNow.ts";

/** Of a position's traits: whether it carries a mandate. */
const MANDATED = 1n;
const RESCUED = 1n;
/** As `RescueOutcome` of the contracts numbers them, in words. */
const OUTCOMES = [
  "there is none that counts",
  "rescued",
  "it has expired",
  "equity is above its trigger",
  "nothing is left",
  "it was used too short a time ago",
  "it pays keepers too little",
  "too little is left of its cap",
  "the owner's allowance does not suffice",
  "the owner's balance does not suffice",
  "the token refuses",
];

/**
 * Tell how a position stands in every market that has it, and what a keeper would do with it.
 *
 * @throws ConfigError when the id is no number; RpcError when the node does not answer.
 */
export async function explain(
  config: KeeperConfig,
  position: string,
  print: (text: string) => unknown,
): Promise<number> {
  if (!/^\d{1,15}$/.test(position)) throw new ConfigError([`"${position}" is no position's id.`]);
  const { reader } = await connectPool({ rpcUrls: config.rpcUrl, timeoutMs: config.rpcTimeoutMs });
  const head = await readHead(reader);
  for (const market of config.markets) {
    const asked = { positionId: BigInt(position), head, config };
    const lines = await explainIn(reader, market, asked);
    print(
      [`market ${market}, block ${head.number}`, ...lines.map((line) => `  ${line}`)].join("\n"),
    );
  }
  return 0;
}

interface Asked {
  readonly positionId: bigint;
  readonly head: Head;
  readonly config: KeeperConfig;
}

async function explainIn(
  node: Node,
  address: string,
  { positionId, head, config }: Asked,
): Promise<readonly string[]> {
  const contracts = await openMarket(node, address);
  const { marginVault, charter } = contracts;
  const at = { blockTag: head.hash };
  const [stored, sums, scale] = await calling("the position", () =>
    Promise.all([
      marginVault.position(positionId, at),
      marginVault.market(at),
      charter.tokenScale(at),
    ]),
  );
  if (stored.size === 0n) return [`position ${positionId} is not open: nothing to do`];
  const { spot, spotRefusal } = await priceNow(config, { node, contracts, head });
  if (spot === undefined) return [`there is no price: ${spotRefusal}`, "decision: wait"];
  const { price } = spot;
  const terms = toTerms(await calling("terms", () => charter.terms(stored.termsId, at)));
  const position = toPosition(stored);
  const scene = {
    market: toMarket(sums),
    curves: contracts.constants,
    terms,
    price,
    now: BigInt(head.timestamp),
  };
  const now = health(position, scene);
  const preview = previewLiquidation(position, { ...scene, scale });
  const mandate = await mandateLines(contracts, {
    positionId,
    position,
    now,
    floor: terms.keeperFeeFloor,
    at,
  });
  const side = position.size > 0n ? "long" : "short";
  return [
    `position ${positionId}: ${side} ${formatWad(position.size)}, margin ${formatWad(position.margin)}, reserve ${formatWad(position.reserve)}`,
    `price ${formatWad(price)}, liquidation price ${formatWad(now.liquidationPrice)}`,
    `equity ${formatWad(now.equity)}, maintenance margin ${formatWad(now.maintenanceMargin)}, initial margin ${formatWad(now.initialMargin)}`,
    `gain ${formatWad(now.gain)}, owed ${formatWad(now.owed)}`,
    ...mandate.lines,
    now.capped
      ? "decision: settle at cap"
      : `decision: ${mandate.rescues ? "rescue it by its mandate" : decisionOf(preview)}`,
  ];
}

/** What trying the position's mandate would come to now, wallet included. */
async function mandateLines(
  { mandateBook }: MarketContracts,
  asked: {
    readonly positionId: bigint;
    readonly position: Position;
    readonly now: ReturnType<typeof health>;
    readonly floor: bigint;
    readonly at: { readonly blockTag: string };
  },
): Promise<{ readonly lines: readonly string[]; readonly rescues: boolean }> {
  const { positionId, position, now, floor, at } = asked;
  if ((position.traits & MANDATED) === 0n) return { lines: [], rescues: false };
  const { equity, maintenanceMargin } = now;
  const early = equity >= maintenanceMargin;
  const [pulled, outcome] = await calling("the mandate", () =>
    mandateBook.preview(positionId, equity, maintenanceMargin, floor, early, at),
  );
  const rescues = outcome === RESCUED && !now.capped;
  const says = rescues
    ? `would pull ${formatWad(pulled)} from its owner's wallet`
    : `would pull nothing: ${OUTCOMES[Number(outcome)] ?? "unknown"}`;
  return { lines: [`mandate ${says}`], rescues };
}

function decisionOf(preview: ReturnType<typeof previewLiquidation>): string {
  if (preview.kind !== "refused") {
    const { kind, closed, keeperFee } = preview;
    return `liquidate (${kind}): close ${formatWad(closed)} for a fee of ${formatWad(keeperFee)}`;
  }
  switch (preview.error) {
    case "PositionHealthy":
      return "leave it: equity covers the maintenance margin";
    case "CoolingOff":
      return `wait: it cools off until ${preview.until}`;
    case "PositionCapped":
      return "leave it: the gain has reached the reserve, but not yet at its fill price";
    case "PositionNotFound":
      return "nothing: it is not open";
  }
}
