import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";

import { ask } from "../../scripts/chain/provider.ts";
import { keystoreSettings, openKeeper } from "../fixtures/keeperRig.ts";
import {
  type KeeperWorld,
  longTo,
  openPositions,
  setPrice,
  startKeeperWorld,
} from "../fixtures/keeperWorld.ts";

const LIFETIME_MS = 240_000;
const COUNT = 1_000;
const MOST_BLOCKS = 40;

describe("a thousand positions that fall due in one round", () => {
  let world: KeeperWorld;
  let folder: string;
  let positions: readonly bigint[];

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "bulkhead-thousand-"));
    world = await startKeeperWorld(LIFETIME_MS);
    positions = await openPositions(
      world,
      Array.from({ length: COUNT }, () => longTo(1900n)),
    );
  }).timeout(180_000);

  after(async () => {
    await world.node.stop();
    await rm(folder, { recursive: true });
  });

  it("are all liquidated, none twice, within the gas of a few blocks", async () => {
    const { marginVault } = world.contracts;
    const keeper = await openKeeper(world, {
      ...(await keystoreSettings(world, folder)),
      BULKHEAD_RPC_URL: world.node.rpcUrl,
      BULKHEAD_RPC_TIMEOUT_MS: "20000",
      BULKHEAD_MAX_BATCH: "40",
    });
    await keeper.turn();
    expect(keeper.open()).to.have.length(COUNT);
    await setPrice(world, 1895n);
    const first = await world.provider.getBlockNumber();
    await ask(world.provider, "evm_setAutomine", [false]);
    let blocks = 0;
    while (keeper.open().length > 0 && blocks < MOST_BLOCKS) {
      await keeper.turn();
      await ask(world.provider, "evm_mine", []);
      blocks += 1;
      await keeper.turn();
    }
    const logs = await marginVault.queryFilter(marginVault.filters.PositionLiquidated(), first + 1);
    const ids = logs.map(({ args }) => args.positionId);
    expect(ids).to.have.length(COUNT);
    expect(new Set(ids)).to.deep.equal(new Set(positions));
    const ended = keeper.lines.filter(({ msg }) => msg === "transaction ended");
    expect(ended.every(({ outcome }) => outcome === "mined")).to.equal(true);
    const gas = ended.reduce((sum, { gasUsed }) => sum + Number(gasUsed), 0);
    const used = new Set(logs.map(({ blockNumber }) => blockNumber)).size;
    // Ceilings of today: what is spent and how long it takes is printed, and must not grow.
    expect(gas / COUNT).to.be.lessThan(120_000);
    expect(used).to.be.at.most(10);
    process.stdout.write(
      `      ${COUNT} liquidated in ${used} blocks and ${ended.length} transactions, ${Math.round(gas / COUNT)} gas each\n`,
    );
    await keeper.close();
  }).timeout(120_000);
});
