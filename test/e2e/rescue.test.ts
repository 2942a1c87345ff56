import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";

import { readHead } from "../../scripts/chain/blocks.ts";
import { ask } from "../../scripts/chain/provider.ts";
import { encodeAllowance } from "../../scripts/chain/token.ts";
import { keeperConfig } from "../../scripts/config/keeper.ts";
import { explain } from "../../scripts/keeper/commands/explain.ts";
import { mineAt, transact } from "../../scripts/localnet/world.ts";
import { type FaultProxy, startFaultProxy } from "../fixtures/faultProxy.ts";
import { type KeeperRig, openKeeper } from "../fixtures/keeperRig.ts";
import {
  type KeeperWorld,
  longTo,
  openPositions,
  setPrice,
  startKeeperWorld,
} from "../fixtures/keeperWorld.ts";

const LIFETIME_MS = 120_000;
const WAD = 10n ** 18n;
const ALL = 2n ** 256n - 1n;

describe("a keeper and rescue mandates", () => {
  let world: KeeperWorld;
  let proxy: FaultProxy;
  let folder: string;
  let clean: string;
  let keeper: KeeperRig;
  /** Liquidatable below about 1,902, 1,892 and 1,802. */
  let positions: readonly bigint[];

  before(async () => {
    world = await startKeeperWorld(LIFETIME_MS);
    proxy = await startFaultProxy(world.node.rpcUrl);
    positions = await openPositions(world, [longTo(1900n), longTo(1890n), longTo(1800n)]);
    for (const id of positions) await giveMandate(id);
    clean = await ask<string>(world.provider, "evm_snapshot", []);
  }).timeout(30_000);

  after(async () => {
    await proxy.close();
    await world.node.stop();
  });

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "bulkhead-rescue-"));
    await ask(world.provider, "evm_revert", [clean]);
    clean = await ask<string>(world.provider, "evm_snapshot", []);
    keeper = await keep();
    await keeper.turn();
  });

  afterEach(async () => {
    await keeper.close();
    await rm(folder, { recursive: true });
  });

  const keep = (settings: Readonly<Record<string, string>> = {}) =>
    openKeeper(world, {
      BULKHEAD_RPC_URL: proxy.url,
      BULKHEAD_STORE: join(folder, "keeper.sqlite"),
      ...settings,
    });

  /** Acts below 1.5 times maintenance, restores twice of it, at most every 90 s. */
  async function giveMandate(positionId: bigint, changes: object = {}): Promise<void> {
    const { mandateBook, addresses } = world.contracts;
    const { timestamp } = await readHead(world.provider);
    const request = {
      positionId,
      cap: 500n * WAD,
      triggerRatio: (15n * WAD) / 10n,
      targetRatio: 2n * WAD,
      minInterval: 90n,
      expiry: BigInt(timestamp) + 86_400n,
      maxKeeperFee: 5n * WAD,
      ...changes,
    };
    const data = mandateBook.interface.encodeFunctionData("setMandate", [request]);
    await transact(world.provider, world.account, { to: addresses.mandateBook, data });
    await allow(ALL);
  }

  async function allow(amountToken: bigint): Promise<void> {
    const data = encodeAllowance(world.contracts.addresses.mandateBook, amountToken);
    await transact(world.provider, world.account, { to: world.token, data });
  }

  async function callBook(name: "revokeAllMandates" | "revokeMandate", args: readonly bigint[]) {
    const { mandateBook, addresses } = world.contracts;
    const data = mandateBook.interface.encodeFunctionData(
      name as "revokeMandate",
      args as [bigint],
    );
    await transact(world.provider, world.account, { to: addresses.mandateBook, data });
  }

  async function rescued(): Promise<readonly bigint[]> {
    const { marginVault } = world.contracts;
    const logs = await marginVault.queryFilter(marginVault.filters.PositionRescued());
    return logs.map(({ args }) => {
      // Early: nobody could have liquidated.
      expect(args.equity >= args.maintenanceMargin).to.equal(true);
      return args.positionId;
    });
  }

  async function sent(): Promise<number> {
    return world.provider.getTransactionCount(world.cast.keeper, "latest");
  }

  /** What the keeper knows of mandates, against what is stored on chain. */
  async function expectTruth(): Promise<void> {
    const { mandates } = keeper.parts.markets[0]?.last?.state ?? { mandates: new Map() };
    for (const id of positions) {
      const stored = await world.contracts.mandateBook.mandateOf(id);
      const known = mandates.get(id);
      if (known === undefined) continue;
      expect([known.capLeft, known.rescuedAt]).to.deep.equal([stored.capLeft, stored.rescuedAt]);
    }
  }

  it("rescues what falls below its trigger before anybody may liquidate it, once", async () => {
    // Equity of the first is 64 and of the second 73; 1.5 times maintenance is 71.9 for both.
    await setPrice(world, 1918n);
    await keeper.until(async () => (await rescued()).length > 0);
    for (let turns = 0; turns < 4; turns += 1) {
      await keeper.turn();
      await mineAt(world.provider);
    }
    expect(await rescued()).to.deep.equal([positions[0]]);
    expect(await sent()).to.equal(1);
    await keeper.turn();
    await expectTruth();
    // What is left of the cap survives a restart, with the second in which it was used.
    await keeper.close();
    keeper = await keep();
    await keeper.turn();
    await expectTruth();
    const { mandates } = keeper.parts.markets[0]?.last?.state ?? { mandates: new Map() };
    expect(mandates.size).to.equal(3);
    expect(mandates.get(positions[0] ?? 0n)?.capLeft < 500n * WAD).to.equal(true);
  });

  it("sends nothing while the wallet cannot pay, and rescues once it can", async () => {
    await allow(1_000_000n);
    await setPrice(world, 1918n);
    for (let turns = 0; turns < 6; turns += 1) {
      await keeper.turn();
      await mineAt(world.provider);
    }
    expect(await sent()).to.equal(0);
    const waits = keeper.lines.filter(({ msg }) => String(msg).startsWith("rescue waits"));
    // After 1, 2 and 4 blocks, not in each.
    expect(waits.length).to.be.within(1, 4);
    await allow(ALL);
    for (let blocks = 0; blocks < 20; blocks += 1) await mineAt(world.provider);
    await setPrice(world, 1918n);
    await keeper.until(async () => (await rescued()).length > 0);
    expect(await rescued()).to.deep.equal([positions[0]]);
  });

  it("liquidates at once what a hopeless rescue was tried for", async () => {
    await allow(1_000_000n);
    await setPrice(world, 1918n);
    for (let turns = 0; turns < 4; turns += 1) {
      await keeper.turn();
      await mineAt(world.provider);
    }
    await setPrice(world, 1895n);
    await keeper.turn();
    await keeper.turn();
    const { size } = await world.contracts.marginVault.position(positions[0] ?? 0n);
    expect(size < WAD).to.equal(true);
  });

  it("leaves alone what was taken back, one mandate or all of them", async () => {
    await callBook("revokeMandate", [positions[0] ?? 0n]);
    await setPrice(world, 1918n);
    for (let turns = 0; turns < 3; turns += 1) await keeper.turn();
    expect(await sent()).to.equal(0);
    await callBook("revokeAllMandates", []);
    await setPrice(world, 1903n);
    for (let turns = 0; turns < 3; turns += 1) await keeper.turn();
    expect(await sent()).to.equal(0);
    expect(keeper.parts.markets[0]?.last?.state.mandates.size).to.equal(0);
  });

  it("counts what a rescue spends, not what has to be left for it", async () => {
    await keeper.close();
    keeper = await keep({ BULKHEAD_NATIVE_PRICE: "2000" });
    await keeper.turn();
    // A fee of 1 buys 400,000 gas at this price: more than a rescue takes, less than must be left while it pulls.
    await ask(world.provider, "anvil_setNextBlockBaseFeePerGas", ["0x4a817c80"]);
    await setPrice(world, 1918n);
    await keeper.turn();
    await keeper.turn();
    expect(await rescued()).to.deep.equal([positions[0]]);
  });

  it("explains what a mandate would do, and why it would not", async () => {
    const config = keeperConfig(
      {
        BULKHEAD_RPC_URL: world.node.rpcUrl,
        BULKHEAD_MARKETS: world.contracts.addresses.marginVault,
      },
      { keyless: true },
    );
    const printed: string[] = [];
    const tell = async () => {
      await explain(config, String(positions[0]), (text) => printed.push(text));
      return printed.at(-1);
    };
    expect(await tell()).to.include("would pull nothing: equity is above its trigger");
    await setPrice(world, 1918n);
    const rescue = await tell();
    expect(rescue).to.match(/mandate would pull \d+(\.\d+)? from its owner's wallet/);
    expect(rescue).to.include("decision: rescue it by its mandate");
    await allow(0n);
    expect(await tell()).to.include("would pull nothing: the owner's allowance does not suffice");
  });

  it("holds a rescue that would not pay, and says so", async () => {
    await keeper.close();
    keeper = await keep({ BULKHEAD_NATIVE_PRICE: "2000", BULKHEAD_MIN_PROFIT: "1000" });
    await keeper.turn();
    await setPrice(world, 1918n);
    await keeper.turn();
    expect(await sent()).to.equal(0);
    const decided = keeper.lines.filter(({ msg }) => msg === "decided");
    expect(decided.at(-1)).to.deep.include({ strategy: "rescues", outcome: "held" });
  });
});
