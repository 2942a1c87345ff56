import { type Command, Option } from "commander";

import { addressOfKey } from "../chain/personSigner.ts";
import { connectNode, hostOf, type Node } from "../chain/provider.ts";
import { openTradeMarket, type TradeMarket } from "../chain/tradeMarket.ts";
import { type CliChoice, type CliConfig, CliConfigError, cliConfig } from "../config/cli.ts";
import type { PersonKey } from "../core/keySource.ts";
import type { CliIo } from "./io.ts";
import { Output } from "./output.ts";

/** Options of every command that asks a node. */
export interface SessionOptions extends CliChoice {
  readonly json?: boolean;
}

/** Options of every command that may send. */
export interface SendingOptions extends SessionOptions {
  readonly yes?: boolean;
  readonly dryRun?: boolean;
  readonly buildTx?: string;
}

/** A command under way on one chain. */
export interface Session {
  readonly io: CliIo;
  readonly out: Output;
  readonly options: SendingOptions;
  readonly config: CliConfig;
  readonly provider: Node;
}

/** A command under way in one market. */
export interface MarketSession extends Session {
  readonly market: TradeMarket;
}

/** A command under way in one market, for an account. */
export interface AccountSession extends MarketSession {
  readonly account: string;
  readonly key: PersonKey;
}

const TIMEOUT_MS = 15_000;

/** Add the options of every command that asks a node. */
export function withSession(command: Command): Command {
  return command
    .option("--config <file>", "settings, YAML or JSON; see Settings")
    .option("--network <name>", "network of the settings")
    .option("--rpc-url <url>", "node to ask instead of the network's")
    .option("--market <name>", "market of the settings, or the address of a MarginVault")
    .option("--key <name>", "key of the settings: who asks, and who signs")
    .option("--json", "write the result for machines");
}

/** Add the options of every command that may send. */
export function withSending(command: Command): Command {
  return withSession(command)
    .option("--yes", "send without asking")
    .option("--dry-run", "show what would happen, and send nothing")
    .addOption(
      new Option("--build-tx <file>", "write the unsigned transactions instead of sending them"),
    );
}

/** Run a command on its chain. */
export async function onChain(
  options: SessionOptions,
  io: CliIo,
  act: (session: Session) => Promise<void>,
): Promise<void> {
  const config = await cliConfig(options, io.env);
  const { rpcUrl, chainId } = config.network;
  const provider = await connectNode({ rpcUrl, timeoutMs: TIMEOUT_MS });
  try {
    await requireChain(provider, { chainId, rpcUrl });
    const out = new Output(io, options.json === true);
    await act({ io, out, options, config, provider });
    out.end();
  } finally {
    provider.destroy();
  }
}

/** Run a command in the market that was chosen. */
export async function inMarket(
  options: SessionOptions,
  io: CliIo,
  act: (session: MarketSession) => Promise<void>,
): Promise<void> {
  await onChain(options, io, async (session) => {
    const chosen = session.config.market;
    if (chosen === undefined) {
      throw new CliConfigError(
        "No market is chosen. Give --market with a name of the settings or the address of a MarginVault.",
      );
    }
    await act({ ...session, market: await openTradeMarket(session.provider, chosen.address) });
  });
}

/** Run a command in the market that was chosen, for the account of the chosen key. The key stays closed. */
export async function forAccount(
  options: SessionOptions,
  io: CliIo,
  act: (session: AccountSession) => Promise<void>,
): Promise<void> {
  await inMarket(options, io, async (session) => {
    const { key } = session.config;
    if (key === undefined) {
      throw new CliConfigError(
        "No key is chosen, so there is no account. Give --key, or set BULKHEAD_KEYSTORE; `bulkhead key new` makes one.",
      );
    }
    await act({ ...session, key: key.source, account: await addressOfKey(key.source) });
  });
}

async function requireChain(
  provider: Node,
  { chainId, rpcUrl }: { readonly chainId: bigint | undefined; readonly rpcUrl: string },
): Promise<void> {
  const found = (await provider.getNetwork()).chainId;
  if (chainId === undefined || chainId === found) return;
  throw new CliConfigError(
    `The node at "${hostOf(rpcUrl)}" is on chain "${found}", the settings say "${chainId}". Choose another network or node.`,
  );
}
