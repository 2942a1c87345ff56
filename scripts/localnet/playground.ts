import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { readHead } from "../chain/blocks.ts";
import { openAggregator, openPool } from "../chain/contracts.ts";
import { calling } from "../chain/errors.ts";
import { addressOfKey } from "../chain/personSigner.ts";
import { ask, connectNode, type Node } from "../chain/provider.ts";
import { encodeMint } from "../chain/token.ts";
import { BulkheadError, FatalError } from "../core/errors.ts";
import { formatDecimal, parseDecimal } from "../core/units.ts";
import { deployMarket } from "./deployMarket.ts";
import { KeeperProcess } from "./keeperProcess.ts";
import { startNode } from "./node.ts";
import { approve, tickBySeconds, transact, type World, writeRound } from "./world.ts";

// A market of one's own on this machine, with a price that one sets and a keeper: what docs/TUTORIAL.md runs on.
//   npm run playground                 start it; Ctrl-C stops it
//   npm run playground -- price 1900   move the price
//   npm run playground -- fund carol   give a keystore of the folder ether and tokens

const FOLDER = ".playground";
const PRICE_FILE = join(FOLDER, "price");
const STATE_FILE = join(FOLDER, "state.json");
const SETTINGS_FILE = join(FOLDER, "config.yaml");
const FEED_DECIMALS = 8;
const DOLLAR = 10n ** 8n;
const START_PRICE = "2000";
/** What the provider puts into the pool, and what others are given [token]. */
const POOL_TOKEN = 5_000_000n * 10n ** 6n;
const PURSE_TOKEN = 100_000n * 10n ** 6n;
const PURSE_ETHER = 10n ** 18n;
/** Deployed in the past: longer than the grace period and the pool's delays [s]. */
const LEAD_S = 10_800;
const LIFETIME_MS = 4 * 3_600_000;
const ROUND_EVERY_MS = 1_000;
const TIMEOUT_MS = 10_000;

/** Where a playground runs. */
interface State {
  readonly rpcUrl: string;
  readonly token: string;
  readonly minter: string;
}

const [command, argument = ""] = process.argv.slice(2);
process.exitCode = await main();

async function main(): Promise<number> {
  try {
    if (command === undefined) await start();
    else if (command === "price") await setPrice(argument);
    else if (command === "fund") await fund(argument);
    else throw new FatalError(`"${command}" is unknown. Say nothing, "price" or "fund".`);
    return 0;
  } catch (cause) {
    if (!(cause instanceof BulkheadError)) throw cause;
    process.stderr.write(`${cause.message}\n`);
    return 1;
  }
}

async function start(): Promise<void> {
  const stop = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => stop.abort());
  const now = Math.floor(Date.now() / 1000);
  const node = await startNode({ timestamp: now - LEAD_S, accounts: 6, lifetimeMs: LIFETIME_MS });
  const provider = await connectNode({ rpcUrl: node.rpcUrl, timeoutMs: TIMEOUT_MS });
  try {
    const world = await prepare(provider);
    await writeFiles(node.rpcUrl, world);
    const keeper = new KeeperProcess({
      rpcUrl: node.rpcUrl,
      markets: [world.contracts.addresses.marginVault],
      account: world.cast.keeper,
      lifetimeMs: LIFETIME_MS,
      settings: { BULKHEAD_POLL_MS: "100" },
    });
    process.stdout.write(`Ready. Settings: ${SETTINGS_FILE}. Ctrl-C stops everything.\n`);
    await keepPricing(world, keeper, stop.signal);
    await keeper.stop();
  } finally {
    provider.destroy();
    await node.stop();
  }
}

/** A market with prices, a pool and accounts that have something; its clock then is that of this machine. */
async function prepare(provider: Node): Promise<World> {
  await tickBySeconds(provider);
  const world = await deployMarket(provider, { providers: 1 });
  const [owner = ""] = world.cast.providers;
  const pool = openPool(provider, world.contracts.addresses.liquidityVault);
  const to = world.contracts.addresses.liquidityVault;
  for (const account of [owner, ...world.cast.accounts]) {
    await mint(world, account, PURSE_TOKEN);
  }
  await mint(world, owner, POOL_TOKEN);
  await approve(world, owner, to);
  const request = pool.interface.encodeFunctionData("requestDeposit", [POOL_TOKEN, owner, owner]);
  await transact(provider, owner, { to, data: request });
  const now = Math.floor(Date.now() / 1000);
  await writeRound(world, { aggregator: world.quoteAggregator, answer: DOLLAR, time: now - 60 });
  await writeIndexRound(world, {
    answer: parseDecimal(START_PRICE, FEED_DECIMALS),
    time: now - 59,
  });
  const fulfil = pool.interface.encodeFunctionData("fulfillDeposits", [
    1n,
    "0x",
    world.cast.keeper,
  ]);
  await transact(provider, world.cast.keeper, { to, data: fulfil });
  const claimable = await calling("maxDeposit", () => pool.maxDeposit(owner));
  const claim = pool.interface.encodeFunctionData("deposit(uint256,address)", [claimable, owner]);
  await transact(provider, owner, { to, data: claim });
  await ask(provider, "anvil_removeBlockTimestampInterval", []);
  await ask(provider, "evm_setNextBlockTimestamp", [Math.floor(Date.now() / 1000)]);
  await ask(provider, "evm_mine", []);
  return world;
}

async function writeFiles(rpcUrl: string, world: World): Promise<void> {
  const [alice = "", bob = ""] = world.cast.accounts;
  const state: State = { rpcUrl, token: world.token, minter: world.cast.deployer };
  const settings = `# Written by \`npm run playground\`.
network: playground
key: alice
sigma: 0.6
networks:
  playground:
    rpcUrl: ${rpcUrl}
    chainId: 31337
    market: eth
    markets: { eth: "${world.contracts.addresses.marginVault}" }
keys:
  alice: { unlocked: "${alice}" }
  bob: { unlocked: "${bob}" }
  provider: { unlocked: "${world.cast.providers[0] ?? ""}" }
  carol: { keystore: carol.json, passwordFile: password }
`;
  await rm(FOLDER, { recursive: true, force: true });
  await mkdir(FOLDER);
  await writeFile(SETTINGS_FILE, settings);
  await writeFile(STATE_FILE, JSON.stringify(state));
  await writeFile(PRICE_FILE, START_PRICE);
}

/** A round a second, at whatever price the file says; a refused one is tried again. */
async function keepPricing(world: World, keeper: KeeperProcess, stop: AbortSignal): Promise<void> {
  while (!stop.aborted) {
    keeper.requireAlive();
    try {
      const answer = parseDecimal((await readFile(PRICE_FILE, "utf8")).trim(), FEED_DECIMALS);
      await writeIndexRound(world, { answer });
    } catch (cause) {
      if (!(cause instanceof BulkheadError)) throw cause;
      process.stderr.write(`${cause.message}\n`);
    }
    await sleep(ROUND_EVERY_MS, undefined, { signal: stop }).catch(() => {});
  }
}

/** In the block's own time, unless one is given [s]. */
async function writeIndexRound(
  world: World,
  { answer, time }: { readonly answer: bigint; readonly time?: number },
): Promise<void> {
  if (world.index.kind !== "push") return;
  const { aggregator } = world.index;
  if (time !== undefined) {
    await writeRound(world, { aggregator, answer, time });
    return;
  }
  const contract = openAggregator(world.provider, aggregator);
  const newest = await calling("latestRound", () => contract.latestRound());
  const data = contract.interface.encodeFunctionData("submit", [newest + 1n, answer]);
  await transact(world.provider, world.cast.deployer, { to: aggregator, data });
}

async function mint(world: World, account: string, amountToken: bigint): Promise<void> {
  const data = encodeMint(account, amountToken);
  await transact(world.provider, world.cast.deployer, { to: world.token, data });
}

/** Set the price, and wait until the chain has it. */
async function setPrice(text: string): Promise<void> {
  const answer = parseDecimal(text, FEED_DECIMALS);
  const { rpcUrl } = await readState();
  const provider = await connectNode({ rpcUrl, timeoutMs: TIMEOUT_MS });
  try {
    const before = await readHead(provider);
    await writeFile(PRICE_FILE, text);
    // Two seconds: one in which the round is written, and one for the keeper.
    while ((await readHead(provider)).timestamp < before.timestamp + 3) await sleep(100);
  } finally {
    provider.destroy();
  }
  process.stdout.write(`The price is ${formatDecimal(answer, { decimals: FEED_DECIMALS })}.\n`);
}

async function fund(name: string): Promise<void> {
  const { rpcUrl, token, minter } = await readState();
  const keystoreFile = join(FOLDER, `${name}.json`);
  const account = await addressOfKey({ kind: "prompted", keystoreFile });
  const provider = await connectNode({ rpcUrl, timeoutMs: TIMEOUT_MS });
  try {
    await ask(provider, "anvil_setBalance", [account, `0x${PURSE_ETHER.toString(16)}`]);
    await transact(provider, minter, { to: token, data: encodeMint(account, PURSE_TOKEN) });
  } finally {
    provider.destroy();
  }
  process.stdout.write(`${account} now has 1 ether and 100000 USDC more.\n`);
}

async function readState(): Promise<State> {
  try {
    return JSON.parse(await readFile(STATE_FILE, "utf8")) as State;
  } catch (cause) {
    throw new FatalError("There is no playground. Start one with `npm run playground`.", { cause });
  }
}
