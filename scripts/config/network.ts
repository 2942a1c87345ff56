import { readFile } from "node:fs/promises";
import JSON5 from "json5";
import { z } from "zod";

import { FatalError } from "../core/errors.ts";
import type { NetworkPlan } from "../core/networkCheck.ts";

/** Thrown when the parameters of a network are missing or malformed. */
export class ParametersError extends FatalError {}

/** Chain ids by the names of parameter files. */
const CHAIN_IDS: Readonly<Record<string, bigint>> = {
  "arbitrum-one": 42_161n,
  base: 8_453n,
};

const NO_ADDRESS = `0x${"0".repeat(40)}`;

const address = z.string().regex(/^0x[0-9a-fA-F]{40}$/, "is not an address");
const whole = z
  .string()
  .regex(/^-?\d+n$/, 'is not a whole number such as "3600n"')
  .transform((text) => BigInt(text.slice(0, -1)));

const feed = z.object({ proxy: address, maxAge: whole, minAnswer: whole, maxAnswer: whole });

const schema = z.object({
  ChainlinkFeedOracle: z.object({
    index: feed,
    quote: feed.optional(),
    sequencerFeed: address.optional(),
  }),
  ChainlinkStreamOracle: z
    .object({
      verifierProxy: address,
      feedId: z.string().regex(/^0x0003[0-9a-fA-F]{60}$/, "is not the id of a v3 feed"),
    })
    .optional(),
  Market: z.object({
    label: z.string().regex(/^\w+\/\w+$/, 'is not two symbols such as "ETH/USDC"'),
    collateralToken: address,
  }),
});

/**
 * Read the parameters of a network from its file, as far as a chain can be asked about them.
 *
 * @throws ParametersError when the file is missing or does not say enough; all problems at once.
 */
export async function readNetworkPlan(folder: URL, network: string): Promise<NetworkPlan> {
  if (!/^[\w-]+$/.test(network)) throw new ParametersError(`"${network}" is no name of a network.`);
  const file = new URL(`${network}.json5`, folder);
  let json: unknown;
  try {
    json = JSON5.parse(await readFile(file, "utf8"));
  } catch (cause) {
    throw new ParametersError(
      `The parameters of "${network}" cannot be read. Name a file of deploy/parameters without its ending.`,
      { cause },
    );
  }
  return parseNetworkPlan(json, network);
}

/**
 * Check the parameters of a network, and take from them what a chain can be asked about.
 *
 * @throws ParametersError when they do not say enough; all problems at once.
 */
export function parseNetworkPlan(json: unknown, network: string): NetworkPlan {
  const parsed = schema.safeParse(json);
  if (!parsed.success) {
    const lines = parsed.error.issues.map(({ path, message }) => `- ${path.join(".")} ${message}`);
    throw new ParametersError(`The parameters of "${network}" are off:\n${lines.join("\n")}`);
  }
  const { ChainlinkFeedOracle: feeds, ChainlinkStreamOracle: stream, Market: market } = parsed.data;
  const [base = "", quote = ""] = market.label.split("/");
  return {
    chainId: CHAIN_IDS[network],
    base,
    quote,
    collateralToken: market.collateralToken,
    indexFeed: feeds.index,
    quoteFeed: feeds.quote?.proxy === NO_ADDRESS ? undefined : feeds.quote,
    sequencerFeed: feeds.sequencerFeed === NO_ADDRESS ? undefined : feeds.sequencerFeed,
    verifierProxy: stream?.verifierProxy,
  };
}
