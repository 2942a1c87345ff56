import { expect } from "chai";

import { readHead } from "../../../scripts/chain/blocks.ts";
import { openPool } from "../../../scripts/chain/contracts.ts";
import { ask, unlockedAccounts } from "../../../scripts/chain/provider.ts";
import { approve, mineAt, transact } from "../../../scripts/localnet/world.ts";
import { type KeeperRig, openKeeper } from "../../fixtures/keeperRig.ts";
import {
  type KeeperWorld,
  longTo,
  openPositions,
  openRequest,
  setPrice,
  startKeeperWorld,
  submitAll,
} from "../../fixtures/keeperWorld.ts";

const LIFETIME_MS = 90_000;
const WAD = 10n ** 18n;

describe("faults beyond the first twenty-five", () => {
  let world: KeeperWorld;
  let clean: string;
  let positions: readonly bigint[];
  let keeper: KeeperRig;
  const clock = Date.now;

  before(async () => {
    world = await startKeeperWorld(LIFETIME_MS);
    positions = await openPositions(world, [longTo(1900n), longTo(1700n)]);
    clean = await ask<string>(world.provider, "evm_snapshot", []);
  }).timeout(30_000);

  after(async () => {
    await world.node.stop();
  });

  beforeEach(async () => {
    await ask(world.provider, "evm_revert", [clean]);
    clean = await ask<string>(world.provider, "evm_snapshot", []);
    await ask(world.provider, "evm_setAutomine", [true]);
    keeper = await openKeeper(world, { BULKHEAD_RPC_URL: world.node.rpcUrl });
    await keeper.turn();
  });

  afterEach(async () => {
    Date.now = clock;
    await keeper.close();
  });

  const decided = () => keeper.lines.filter(({ msg }) => msg === "decided");
  const ended = () => keeper.lines.filter(({ msg }) => msg === "transaction ended");

  for (const skew of [-15_000, 15_000, 3_600_000]) {
    it(`30: a clock that is ${skew / 1000} s off changes nothing: the chain's time decides`, async () => {
      Date.now = () => clock() + skew;
      const before = await world.contracts.orderBook.orderCount();
      await submitAll(world, [openRequest({ size: WAD, margin: 200n * WAD, reserve: 500n * WAD })]);
      // Its time comes 2 s after it was submitted, and its price with the first round after that.
      for (let blocks = 0; blocks < 4; blocks += 1) {
        await keeper.turn();
        await mineAt(world.provider);
      }
      expect(decided()).to.deep.equal([]);
      await setPrice(world, 2000n);
      await mineAt(world.provider);
      await keeper.until(async () => ended().length > 0);
      expect(ended().map(({ outcome }) => outcome)).to.deep.equal(["mined"]);
      const { size } = await world.contracts.marginVault.position(before + 1n);
      expect(size).to.equal(WAD);
    });
  }

  it("tells the lanes apart: what may wait goes by a key of its own, and is counted as that", async () => {
    await keeper.close();
    const [, , , , , other = ""] = await unlockedAccounts(world.provider);
    const settings = { BULKHEAD_HOUSEKEEPING_ACCOUNT: other };
    keeper = await openKeeper(world, { BULKHEAD_RPC_URL: world.node.rpcUrl, ...settings });
    const { liquidityVault } = world.contracts.addresses;
    await approve(world, world.account, liquidityVault);
    const pool = openPool(world.provider, liquidityVault).interface;
    const request = [10n ** 9n, world.account, world.account] as const;
    const data = pool.encodeFunctionData("requestDeposit", [...request]);
    await transact(world.provider, world.account, { to: liquidityVault, data });
    await setPrice(world, 2000n, (await readHead(world.provider)).timestamp + 301);
    await keeper.until(async () => ended().length > 0);
    expect(ended().map(({ lane, outcome }) => [lane, outcome])).to.deep.equal([
      ["housekeeping", "mined"],
    ]);
    await setPrice(world, 1895n);
    await keeper.until(async () => ended().length > 1);
    expect(ended().at(-1)?.lane).to.equal("urgent");
    const { transactions } = keeper.parts.metrics;
    const counted = (await transactions.get()).values.map(({ labels, value }) => [labels, value]);
    expect(counted).to.deep.equal([
      [{ lane: "housekeeping", outcome: "mined" }, 1],
      [{ lane: "urgent", outcome: "mined" }, 1],
    ]);
  });

  it("31: a receipt that reverted is no success: what it was for is watched and tried again", async () => {
    const [first = 0n] = positions;
    await setPrice(world, 1895n);
    await ask(world.provider, "evm_setAutomine", [false]);
    await keeper.turn();
    expect(decided().at(-1)).to.deep.include({ outcome: "sent", subject: String(first) });
    // Its owner is faster, and adds margin in the same block.
    const { marginVault, addresses } = world.contracts;
    const data = marginVault.interface.encodeFunctionData("addMargin", [first, 100_000_000n]);
    await ask(world.provider, "eth_sendTransaction", [
      {
        from: world.account,
        to: addresses.marginVault,
        data,
        gas: "0x100000",
        maxFeePerGas: "0x174876e800",
        maxPriorityFeePerGas: "0x174876e800",
      },
    ]);
    await mineAt(world.provider);
    await ask(world.provider, "evm_setAutomine", [true]);
    await keeper.until(async () => ended().length > 0);
    expect(ended().map(({ outcome }) => outcome)).to.deep.equal(["reverted"]);
    expect([...keeper.open()].sort()).to.deep.equal([...positions]);
    await setPrice(world, 1790n);
    const { number } = await readHead(world.provider);
    await keeper.until(async () => (await marginVault.position(first)).size < WAD);
    expect(ended().at(-1)?.outcome === "mined" || decided().at(-1)?.outcome === "sent").to.equal(
      true,
    );
    expect((await readHead(world.provider)).number - number).to.be.at.most(3);
  });

  it("a full disk stops nothing but what has to be stored, is told, and is over when there is room", async () => {
    const { database } = keeper.parts;
    const [row] = await database.query("PRAGMA page_count");
    await database.query(`PRAGMA max_page_count = ${Number(row?.page_count)}`);
    await openPositions(world, [longTo(1890n), longTo(1880n), longTo(1870n), longTo(1860n)]);
    await setPrice(world, 1895n);
    for (let turns = 0; turns < 3; turns += 1) await keeper.turn();
    const failed = keeper.lines.filter(({ failure }) => failure === "StoreError");
    expect(failed.length).to.be.greaterThan(0);
    expect(String(failed[0]?.reason)).to.include("full");
    expect(keeper.lines.filter(({ alert }) => alert === "store")).to.have.length(1);
    await database.query("PRAGMA max_page_count = 1000000");
    await keeper.until(
      async () => (await world.contracts.marginVault.position(positions[0] ?? 0n)).size < WAD,
    );
    expect(keeper.open()).to.have.length(6);
  });
});
