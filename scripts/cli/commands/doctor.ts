import type { Command } from "commander";
import { readHead } from "../../chain/blocks.ts";
import { calling } from "../../chain/errors.ts";
import { addressOfKey } from "../../chain/personSigner.ts";
import { connectNode, hostOf, type Node } from "../../chain/provider.ts";
import { allowanceOf, balanceOf } from "../../chain/token.ts";
import { openTradeMarket, readScene, type TradeMarket } from "../../chain/tradeMarket.ts";
import { type CliConfig, cliConfig, defaultFiles } from "../../config/cli.ts";
import { BulkheadError } from "../../core/errors.ts";
import { formatToken, formatWad } from "../../core/units.ts";
import { ChecksFailedError } from "../errors.ts";
import type { CliIo } from "../io.ts";
import { amount, drawTable, Output } from "../output.ts";
import { type SessionOptions, withSession } from "../session.ts";

interface Finding {
  readonly check: string;
  readonly found: string;
  readonly verdict: "ok" | "note" | "off";
  /** What to do about it. */
  readonly remedy: string;
}

const TIMEOUT_MS = 10_000;
const CLOCK_SLACK_S = 30;

/** Add `doctor`: whether everything is there to act, and what to do about what is not. */
export function registerDoctor(program: Command, io: CliIo): void {
  const command = program
    .command("doctor")
    .description("check settings, node, chain, contracts, clock, key, balances and allowances");
  withSession(command).action(async (options: SessionOptions) => {
    const out = new Output(io, options.json === true);
    const findings = await examine(options, io);
    const rows = findings.map(({ check, found, verdict, remedy }) => [
      check,
      found,
      verdict,
      remedy,
    ]);
    out.tell("findings", findings, drawTable(["check", "found", "", "what to do"], rows));
    out.end();
    const off = findings.filter(({ verdict }) => verdict === "off");
    if (off.length > 0) throw new ChecksFailedError(`${off.length} of ${findings.length} are off.`);
  });
}

async function examine(options: SessionOptions, io: CliIo): Promise<readonly Finding[]> {
  const config = await cliConfig(options, io.env);
  const { rpcUrl } = config.network;
  const settings = config.file ?? `none (${defaultFiles(io.env)[0]})`;
  const first = [finding("settings", settings)];
  try {
    const provider = await connectNode({ rpcUrl, timeoutMs: TIMEOUT_MS });
    try {
      return [...first, ...(await examineChain(provider, config, io))];
    } finally {
      provider.destroy();
    }
  } catch (cause) {
    if (!(cause instanceof BulkheadError)) throw cause;
    const remedy = "Start the node, or give another with --rpc-url.";
    return [
      ...first,
      { check: "node", found: `${hostOf(rpcUrl)}: ${cause.message}`, verdict: "off", remedy },
    ];
  }
}

async function examineChain(
  provider: Node,
  config: CliConfig,
  io: CliIo,
): Promise<readonly Finding[]> {
  const [network, head] = await Promise.all([provider.getNetwork(), readHead(provider)]);
  const behind = Math.round(io.now() / 1000) - head.timestamp;
  const found: Finding[] = [
    finding("node", `${hostOf(config.network.rpcUrl)}, block ${head.number}`),
    chainFinding(network.chainId, config.network.chainId),
    Math.abs(behind) <= CLOCK_SLACK_S
      ? finding("clock", `${behind} s ahead of the newest block`)
      : {
          check: "clock",
          found: `${behind} s ahead of the newest block`,
          verdict: "note",
          remedy: "Set this machine's clock, or wait until the node has caught up.",
        },
  ];
  const market = await examineMarket(provider, config, found);
  await examineAccount({ provider, config, market }, found);
  return found;
}

function chainFinding(found: bigint, expected: bigint | undefined): Finding {
  if (expected === undefined || expected === found) return finding("chain id", String(found));
  const remedy =
    "Choose another --network or node: nothing is sent to a chain that you did not mean.";
  return { check: "chain id", found: `${found}, expected ${expected}`, verdict: "off", remedy };
}

async function examineMarket(
  provider: Node,
  config: CliConfig,
  found: Finding[],
): Promise<TradeMarket | undefined> {
  if (config.market === undefined) {
    found.push({
      check: "market",
      found: "none chosen",
      verdict: "note",
      remedy: "Give --market.",
    });
    return undefined;
  }
  try {
    const market = await openTradeMarket(provider, config.market.address);
    found.push(finding("contracts", `${config.market.name}: ${market.share.symbol}`));
    await examinePrice(market, found);
    return market;
  } catch (cause) {
    if (!(cause instanceof BulkheadError)) throw cause;
    const remedy = "Check the market's address and the network.";
    found.push({ check: "contracts", found: cause.message, verdict: "off", remedy });
    return undefined;
  }
}

async function examinePrice(market: TradeMarket, found: Finding[]): Promise<void> {
  try {
    const { price, observedAt, head } = await readScene(market);
    found.push(finding("price", `${amount(price)}, ${BigInt(head.timestamp) - observedAt} s old`));
  } catch (cause) {
    if (!(cause instanceof BulkheadError)) throw cause;
    const remedy = "Wait: without a price nothing opens. Adding margin always works.";
    found.push({ check: "price", found: cause.message, verdict: "off", remedy });
  }
}

async function examineAccount(
  {
    provider,
    config,
    market,
  }: {
    readonly provider: Node;
    readonly config: CliConfig;
    readonly market: TradeMarket | undefined;
  },
  found: Finding[],
): Promise<void> {
  if (config.key === undefined) {
    found.push({
      check: "key",
      found: "none chosen",
      verdict: "note",
      remedy: "Looking needs none; to act, `bulkhead key new`.",
    });
    return;
  }
  try {
    const account = await addressOfKey(config.key.source);
    found.push(finding("key", `${config.key.name}: ${account}`));
    const ether = await calling("eth_getBalance", () => provider.getBalance(account));
    found.push(
      ether > 0n
        ? finding("ether for gas", formatWad(ether, 6))
        : {
            check: "ether for gas",
            found: "0",
            verdict: "off",
            remedy: `Send ether to ${account}.`,
          },
    );
    if (market !== undefined) found.push(...(await tokenFindings(provider, market, account)));
  } catch (cause) {
    if (!(cause instanceof BulkheadError)) throw cause;
    found.push({
      check: "key",
      found: cause.message,
      verdict: "off",
      remedy: "Correct the key in the settings.",
    });
  }
}

async function tokenFindings(
  provider: Node,
  market: TradeMarket,
  owner: string,
): Promise<readonly Finding[]> {
  const { token, addresses, mandateBookAddress } = market;
  const text = (value: bigint) =>
    value > 10n ** 40n ? "without limit" : `${formatToken(value, token.decimals)} ${token.symbol}`;
  const held = await balanceOf(provider, token.address, owner);
  const wallet: Finding =
    held > 0n
      ? finding("wallet", text(held))
      : {
          check: "wallet",
          found: text(held),
          verdict: "note",
          remedy: `Bring ${token.symbol} to ${owner} to open or deposit.`,
        };
  const spenders = [
    ["allowance to the MarginVault", addresses.marginVault],
    ["allowance to the MandateBook", mandateBookAddress],
    ["allowance to the LiquidityVault", addresses.liquidityVault],
  ] as const;
  const allowances = await Promise.all(
    spenders.map(async ([check, spender]) => {
      const allowed = await allowanceOf(provider, token.address, { owner, spender });
      return {
        check,
        found: text(allowed),
        verdict: "ok",
        remedy: allowed === 0n ? "Commands ask for what they need." : "",
      } as const;
    }),
  );
  return [wallet, ...allowances];
}

function finding(check: string, found: string): Finding {
  return { check, found, verdict: "ok", remedy: "" };
}
