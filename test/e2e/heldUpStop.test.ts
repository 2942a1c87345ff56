import { expect } from "chai";

import { readHead } from "../../scripts/chain/blocks.ts";
import { type KeeperRig, openKeeper } from "../fixtures/keeperRig.ts";
import {
  exitRequest,
  type KeeperWorld,
  longTo,
  openPositions,
  openRequest,
  setPrice,
  startKeeperWorld,
  submitAll,
} from "../fixtures/keeperWorld.ts";

const LIFETIME_MS = 60_000;
const WAD = 10n ** 18n;
const STOP = 2n;
/** Delay, wait for a round and window are 122 s together. */
const WINDOW = 122;

describe("a keeper and a stop behind a market order", () => {
  let world: KeeperWorld;
  let keeper: KeeperRig;
  let positionId: bigint;
  let submittedAt: number;

  beforeEach(async () => {
    world = await startKeeperWorld(LIFETIME_MS);
    [positionId = 0n] = await openPositions(world, [longTo(1700n)]);
    const stop = await exitRequest(world, positionId, { kind: STOP, price: 1950n * WAD });
    const half = openRequest({ size: -WAD / 2n, margin: 0n, reserve: 0n });
    await submitAll(world, [stop, { ...half, positionId, reduceOnly: true }]);
    submittedAt = (await readHead(world.provider)).timestamp;
    keeper = await openKeeper(world, { BULKHEAD_RPC_URL: world.node.rpcUrl });
  });

  afterEach(async () => {
    await keeper.close();
    await world.node.stop();
  });

  const size = async () => (await world.contracts.marginVault.position(positionId)).size;

  it("cancels the order once it has lapsed, and executes the stop in the same transaction", async () => {
    await setPrice(world, 1900n, submittedAt + WINDOW + 1);
    await keeper.turn();
    expect(await size()).to.equal(0n);
    const { orderBook } = world.contracts;
    const [cancelled] = await orderBook.queryFilter(orderBook.filters.OrderCancelled());
    const executed = await orderBook.queryFilter(orderBook.filters.OrderExecuted());
    expect(executed.at(-1)?.transactionHash).to.equal(cancelled?.transactionHash);
  });

  it("executes the order as long as it can fill, and the stop after it", async () => {
    await setPrice(world, 1900n, submittedAt + WINDOW - 10);
    await keeper.turn();
    await keeper.turn();
    expect(await size()).to.equal(0n);
    const { orderBook } = world.contracts;
    expect(await orderBook.queryFilter(orderBook.filters.OrderCancelled())).to.be.empty;
    const executed = await orderBook.queryFilter(orderBook.filters.OrderExecuted());
    expect(executed.map(({ args }) => args.orderId)).to.deep.equal([1n, 3n, 2n]);
  });
});
