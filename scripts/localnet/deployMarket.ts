import { readFile } from "node:fs/promises";

import localFeeds from "../../deploy/modules/LocalFeeds.ts";
import localStreamFees from "../../deploy/modules/LocalStreamFees.ts";
import localStreams from "../../deploy/modules/LocalStreams.ts";
import localToken from "../../deploy/modules/LocalToken.ts";
import market from "../../deploy/modules/Market.ts";
import streamMarket from "../../deploy/modules/StreamMarket.ts";
import { openMarket } from "../chain/contracts.ts";
import { type Node, unlockedAccounts } from "../chain/provider.ts";
import { ignite } from "./ignite.ts";
import type { OracleNetwork } from "./streamNetwork.ts";
import { castOf, type World } from "./world.ts";

/** Decimals of the settlement token, as of the real one. */
const TOKEN_DECIMALS = 6;
const TOKEN_SCALE = 10n ** BigInt(18 - TOKEN_DECIMALS);
const PARAMETERS = new URL("../../deploy/parameters/local.json", import.meta.url);
const BIGINT = /^-?\d+n$/;

interface LocalParameters {
  readonly ChainlinkFeedOracle: {
    readonly index: Record<string, bigint>;
    readonly quote: Record<string, bigint>;
  };
  readonly ChainlinkStreamOracle: Record<string, bigint>;
  readonly Market: {
    readonly sequencerGrace: bigint;
    readonly pool: { readonly settleGrace: bigint };
  };
}

interface Ground {
  readonly provider: Node;
  readonly accounts: readonly string[];
  readonly local: LocalParameters;
  readonly feeds: Readonly<Record<"indexProxy" | "quoteProxy" | "sequencerProxy", string>>;
  readonly token: string;
}

type ModuleParameters = Parameters<typeof ignite>[0]["parameters"];

/** What a local market is deployed on. */
export interface MarketPlan {
  /** Providers of the pool. */
  readonly providers: number;
  /** Prices the market by signed reports; push feeds do where it is absent. */
  readonly network?: OracleNetwork | undefined;
}

/**
 * Deploy feeds, token and one market to a local chain, through the modules and parameters of `deploy`.
 *
 * @throws DeploymentError when a step fails.
 */
export async function deployMarket(
  provider: Node,
  { providers, network }: MarketPlan,
): Promise<World> {
  const accounts = await unlockedAccounts(provider);
  const feeds = await ignite({ provider, accounts, module: localFeeds, parameters: {} });
  const { token } = await ignite({
    provider,
    accounts,
    module: localToken,
    parameters: { LocalToken: { symbol: "USDC", decimals: TOKEN_DECIMALS } },
  });
  const local = await readParameters();
  const ground = { provider, accounts, local, feeds, token };
  const deployed = network === undefined ? await onFeeds(ground) : await onReports(ground, network);
  return {
    provider,
    contracts: await openMarket(provider, deployed.marginVault),
    token,
    tokenScale: TOKEN_SCALE,
    graceSeconds: Number(local.Market.sequencerGrace + local.Market.pool.settleGrace),
    index:
      network === undefined
        ? { kind: "push", aggregator: feeds.indexAggregator }
        : { kind: "stream", network },
    quoteAggregator: feeds.quoteAggregator,
    factory: deployed.factory,
    mandateBook: deployed.mandateBook,
    cast: castOf(accounts, providers),
  };
}

async function onFeeds({ provider, accounts, local, feeds, token }: Ground) {
  const parameters = {
    ChainlinkFeedOracle: {
      ...local.ChainlinkFeedOracle,
      index: { ...local.ChainlinkFeedOracle.index, proxy: feeds.indexProxy },
      quote: { ...local.ChainlinkFeedOracle.quote, proxy: feeds.quoteProxy },
      sequencerFeed: feeds.sequencerProxy,
    },
    Market: { ...local.Market, collateralToken: token },
  } as ModuleParameters;
  return ignite({ provider, accounts, module: market, parameters });
}

async function onReports(ground: Ground, network: OracleNetwork) {
  const { provider, accounts, local, feeds, token } = ground;
  const { verifierProxy } = await ignite({
    provider,
    accounts,
    module: localStreams,
    parameters: {
      LocalStreams: {
        configDigest: network.configDigest,
        signers: network.signers.map(({ address }) => address),
        f: network.faulty,
      },
    },
  });
  if (network.nativeFee > 0n) {
    const fees = { LocalStreamFees: { verifierProxy } };
    await ignite({ provider, accounts, module: localStreamFees, parameters: fees });
  }
  const parameters = {
    ChainlinkStreamOracle: {
      ...local.ChainlinkStreamOracle,
      verifierProxy,
      feedId: network.feedId,
      quote: { ...local.ChainlinkFeedOracle.quote, proxy: feeds.quoteProxy },
      sequencerFeed: feeds.sequencerProxy,
    },
    StreamMarket: { ...local.Market, collateralToken: token },
  } as ModuleParameters;
  return ignite({ provider, accounts, module: streamMarket, parameters });
}

/** Numbers with an `n` behind are bigints, as Ignition writes them. */
async function readParameters(): Promise<LocalParameters> {
  return JSON.parse(await readFile(PARAMETERS, "utf8"), (_key, value: unknown) =>
    typeof value === "string" && BIGINT.test(value) ? BigInt(value.slice(0, -1)) : value,
  ) as LocalParameters;
}
