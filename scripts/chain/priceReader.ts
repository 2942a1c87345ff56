import type { BlockTag, JsonRpcProvider } from "ethers";

import type { PriceProof } from "../core/priceProof.ts";
import type { ServedReport } from "../core/reportBuffer.ts";
import type { Round } from "../core/rounds.ts";
import type { Snapshot, SpotPrice, WaitingOrder } from "../core/snapshot.ts";
import type { MarketContracts } from "./contracts.ts";
import { calling } from "./errors.ts";
import { ContractError } from "./failures.ts";
import { type FeedReading, type RoundCache, readRounds } from "./feeds.ts";
import { encodeProof, verificationFee } from "./priceProofs.ts";
import { type PushSource, provingSource, type StreamSource } from "./priceSource.ts";

/** Where signed reports come from. */
export interface ReportSource {
  /** The newest report of a feed that was observed no later than `time` [s]. */
  readonly newest: (feedId: string, time: bigint) => Promise<ServedReport | undefined>;
  /** The report of a feed that speaks for a second [s]. */
  readonly covering: (feedId: string, time: bigint) => Promise<ServedReport | undefined>;
}

/** What a reader of prices needs. */
export interface PriceReaderOptions {
  readonly provider: JsonRpcProvider;
  readonly contracts: MarketContracts;
  /** Needed where signed reports are the price. */
  readonly reports?: ReportSource | undefined;
  /** Who pays for verifications that are only tried; needs ether where they cost something. */
  readonly payer?: string | undefined;
}

/** The block that prices are read at. */
export interface PriceMoment {
  readonly blockTag: BlockTag;
  /** [s] */
  readonly now: bigint;
  /** Those that wait. */
  readonly marketOrders: readonly WaitingOrder[];
  /** What `now` was asked before; asked anew when absent. */
  readonly asked?: Promise<PriceOfNow> | undefined;
}

/** The part of a snapshot that is about prices. */
export type PricesNow = Pick<
  Snapshot,
  "spot" | "spotRefusal" | "upSince" | "indexRounds" | "quoteRounds" | "hasQuoteFeed" | "stream"
>;

type Spot = Pick<Snapshot, "spot" | "spotRefusal">;

/** What of prices depends on nothing that is read before. */
export interface PriceOfNow extends Spot {
  readonly upSince: bigint | undefined;
  /** What proves it, where signed reports are the price. */
  readonly report: ServedReport | undefined;
}

/** Reads all that decisions may depend on of one market's prices, from whichever source it has. */
export class PriceReader {
  readonly #options: PriceReaderOptions;
  readonly #indexCache: RoundCache = new Map();
  readonly #quoteCache: RoundCache = new Map();

  constructor(options: PriceReaderOptions) {
    this.#options = options;
  }

  /** Forget rounds that a reorganisation may have replaced. */
  forget(): void {
    this.#indexCache.clear();
    this.#quoteCache.clear();
  }

  /**
   * Read the prices of a block.
   *
   * @throws RpcError when the node does not answer. A service of reports that does not answer is a market without a
   * price.
   */
  async read(moment: PriceMoment): Promise<PricesNow> {
    const source = provingSource(this.#options.contracts.source);
    const { asked = this.now(moment) } = moment;
    const hasQuoteFeed = source.quoteFeed !== undefined;
    if (source.kind === "push") {
      const [{ report: _, ...now }, rounds] = await Promise.all([
        asked,
        this.#rounds(source, moment),
      ]);
      return { ...now, ...rounds, hasQuoteFeed };
    }
    const [{ report, ...now }, { reports, quoteRounds }] = await Promise.all([
      asked,
      this.#reports(source, moment),
    ]);
    return {
      ...now,
      indexRounds: [],
      quoteRounds,
      hasQuoteFeed,
      stream: { spot: report, reports },
    };
  }

  /**
   * Ask for the price and the sequencer.
   *
   * @throws RpcError when the node does not answer.
   */
  async now({ blockTag, now }: Pick<PriceMoment, "blockTag" | "now">): Promise<PriceOfNow> {
    const source = provingSource(this.#options.contracts.source);
    const [spot, upSince] = await Promise.all([
      source.kind === "stream" ? this.#streamed(source, blockTag, now) : this.#pushed(blockTag),
      this.#upSince(blockTag),
    ]);
    return { ...spot, upSince };
  }

  async #pushed(blockTag: BlockTag) {
    const { oracle } = this.#options.contracts;
    const latest = await answerOrRefusal("latest price", () => oracle.latest({ blockTag }));
    return { ...spotOf(latest), report: undefined };
  }

  async #streamed({ feedId }: StreamSource, blockTag: BlockTag, now: bigint) {
    const newest = await this.#options.reports?.newest(feedId, now);
    const spot = await this.#tried(newest, blockTag);
    return { ...spot, report: spot.spot === undefined ? undefined : newest };
  }

  /** The reports that speak for the times of orders, with the quotes in force then. */
  async #reports(source: StreamSource, { blockTag, marketOrders }: PriceMoment) {
    const { reports, contracts } = this.#options;
    const times = orderTimes(marketOrders, contracts.constants.executionDelay);
    const covering = await Promise.all(times.map((time) => reports?.covering(source.feedId, time)));
    const found = [...new Set(covering.filter((report) => report !== undefined))];
    return { reports: found, quoteRounds: await this.#quotesFor(source, found, blockTag) };
  }

  /** The oracle itself says what a report is worth. */
  async #tried(report: ServedReport | undefined, blockTag: BlockTag): Promise<Spot> {
    if (report === undefined) return { spot: undefined, spotRefusal: "there is no report" };
    const { contracts, provider, payer } = this.#options;
    const proof: PriceProof = { kind: "report", report, quoteRoundId: 0n };
    const answer = await answerOrRefusal("the price of a report", async () => {
      const value = await verificationFee(provider, contracts.source, proof);
      const from = payer === undefined ? {} : { from: payer };
      return contracts.oracle.spot.staticCall(encodeProof(proof), { blockTag, value, ...from });
    });
    return spotOf(
      answer instanceof ContractError
        ? answer
        : { price: answer.value, observedAt: answer.observedAt },
    );
  }

  async #quotesFor(
    { quoteFeed }: StreamSource,
    reports: readonly ServedReport[],
    blockTag: BlockTag,
  ): Promise<readonly Round[]> {
    const first = reports.map(({ observedAt }) => observedAt).reduce(earlier, undefined);
    if (quoteFeed === undefined || first === undefined) return [];
    return this.#roundsOrNone(this.#reading(quoteFeed, this.#quoteCache, blockTag), first + 1n);
  }

  async #upSince(blockTag: BlockTag): Promise<bigint | undefined> {
    const { oracle } = this.#options.contracts;
    const answer = await answerOrRefusal("sequencer", () => oracle.upSince({ blockTag }));
    return answer instanceof ContractError ? undefined : answer;
  }

  /** Only market orders need rounds of the past, from just before the oldest of them. */
  async #rounds(
    { indexFeed, quoteFeed }: PushSource,
    { blockTag, marketOrders }: PriceMoment,
  ): Promise<{ indexRounds: readonly Round[]; quoteRounds: readonly Round[] }> {
    const first = orderTimes(marketOrders, 0n).reduce(earlier, undefined);
    if (first === undefined) return { indexRounds: [], quoteRounds: [] };
    const index = this.#reading(indexFeed, this.#indexCache, blockTag);
    const indexRounds = await this.#roundsOrNone(index, first);
    const since = (indexRounds[0]?.updatedAt ?? first) + 1n;
    const quoteRounds =
      quoteFeed === undefined
        ? []
        : await this.#roundsOrNone(this.#reading(quoteFeed, this.#quoteCache, blockTag), since);
    return { indexRounds, quoteRounds };
  }

  #reading(feed: string, cache: RoundCache, blockTag: BlockTag): FeedReading {
    return { runner: this.#options.provider, feed, cache, blockTag };
  }

  async #roundsOrNone(reading: FeedReading, since: bigint): Promise<readonly Round[]> {
    const answer = await answerOrRefusal("rounds", () => readRounds(reading, since));
    return answer instanceof ContractError ? [] : answer;
  }
}

/** The times whose prices the waiting market orders want, each once [s]. */
function orderTimes(orders: readonly WaitingOrder[], delay: bigint): readonly bigint[] {
  return [...new Set(orders.map(({ submittedAt }) => submittedAt + delay))];
}

/** A contract that refuses has answered; a node that does not answer has not. */
async function answerOrRefusal<T>(
  what: string,
  call: () => Promise<T>,
): Promise<T | ContractError> {
  try {
    return await calling(what, call);
  } catch (cause) {
    if (cause instanceof ContractError) return cause;
    throw cause;
  }
}

function spotOf(answer: SpotPrice | ContractError): Spot {
  if (answer instanceof ContractError) return { spot: undefined, spotRefusal: answer.message };
  const { price, observedAt } = answer;
  return { spot: { price, observedAt }, spotRefusal: undefined };
}

function earlier(a: bigint | undefined, b: bigint): bigint {
  return a === undefined || b < a ? b : a;
}
