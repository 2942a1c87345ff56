import { expect } from "chai";
import type { ContractTransactionResponse, Interface } from "ethers";
import { network } from "hardhat";
import { expectConservation } from "../fixtures/conservation.ts";
import { type MarketFixture, marketWith, proofOf, pushPrice } from "../fixtures/market.ts";
import { closeRequest, openRequest, wad } from "../fixtures/orderRequests.ts";
import { giveMandate, ledgerOf, mandateRequest } from "../fixtures/scenario.ts";
import { openPosition, submitOrder } from "../fixtures/trading.ts";
import { layTripWires } from "../fixtures/tripWire.ts";
import { mined, now } from "../fixtures/vault.ts";

const connection = await network.create();
const { ethers, networkHelpers } = connection;
const createMarket = marketWith({ token: "hostile" });
const GAS = { gasLimit: 3_000_000n };

/** Alice's long with a mandate, Bob's short, an order of Carol's that waits with its price there, and dues to sweep. */
async function busyMarket() {
  const market = await createMarket(connection);
  const { alice, bob, carol } = market.accounts;
  const long = await openPosition(market, {
    account: alice,
    size: wad("100"),
    margin: wad("10000"),
  });
  const short = await openPosition(market, { account: bob, size: -wad("9"), margin: wad("2000") });
  await giveMandate(market, alice, { positionId: long, cap: wad("5000") });
  const bare = await openPosition(market, { account: alice, size: wad("10"), margin: wad("1000") });
  const { orderId, submittedAt } = await submitOrder(market, carol, {
    sizeDelta: wad("10"),
    margin: wad("3000"),
    reserve: wad("4000"),
  });
  const round = await pushPrice(market, wad("1945"), submittedAt + 3n);
  return { market, long, short, bare, orderId, proof: await proofOf(market, round) };
}

type Busy = Awaited<ReturnType<typeof busyMarket>>;

/** One call each of what moves margin, with all that it needs from token and oracle. */
const ACTIONS: Record<string, (busy: Busy) => Promise<ContractTransactionResponse>> = {
  "adding margin": ({ market, long }) =>
    market.marginVault.connect(market.accounts.alice).addMargin(long, 1_000_000n, GAS),
  "removing margin": ({ market, short }) => {
    const { bob } = market.accounts;
    return market.marginVault.connect(bob).removeMargin(short, 1_000_000n, bob, "0x", GAS);
  },
  "submitting an order": ({ market }) =>
    market.orderBook.connect(market.accounts.alice).submit(openRequest(), GAS),
  "executing an order": ({ market, orderId, proof }) => {
    const { keeper } = market.accounts;
    return market.orderBook.connect(keeper).execute([orderId], proof, keeper, GAS);
  },
  "a liquidation that rescues": ({ market, long }) => {
    const { keeper } = market.accounts;
    return market.marginVault.connect(keeper).liquidate(long, "0x", keeper, GAS);
  },
  "a liquidation in part": ({ market, bare }) => {
    const { keeper } = market.accounts;
    return market.marginVault.connect(keeper).liquidate(bare, "0x", keeper, GAS);
  },
  "sweeping dues": ({ market }) => market.marginVault.sweepDues(GAS),
};

/**
 * How many calls undo all when they fail. Those after them are contained: the payout at the end of an action, which waits
 * to be claimed; the calls of a rescue's pull, after which the position is liquidated; a sweep, made another day.
 */
const UNDOING: Record<string, number> = {
  "adding margin": 3,
  "removing margin": 4,
  "submitting an order": 3,
  "executing an order": 5,
  "a liquidation that rescues": 4,
  "a liquidation in part": 4,
  "sweeping dues": 1,
};

async function feedsAndToken({ token, oracle, index, quote, sequencer }: MarketFixture) {
  const contracts = [token, oracle, index.proxy, quote.proxy, sequencer.proxy];
  return await Promise.all(contracts.map((contract) => contract.getAddress()));
}

describe("scenario 09: margin engine atomicity", () => {
  describe("given a token or an oracle that reverts at one external call", () => {
    for (const [name, act] of Object.entries(ACTIONS)) {
      it(`leaves ${name} undone as a whole, whichever call it is, or contains the failure`, async () => {
        const busy = await networkHelpers.loadFixture(busyMarket);
        const { market } = busy;
        const wires = await layTripWires(connection, await feedsAndToken(market));
        const before = await ledgerOf(market);
        const at = (await now(market)) + 1n;
        const start = await networkHelpers.takeSnapshot();
        const calls = await wires.callsOf(await mined(act(busy)));
        expect(await ledgerOf(market), "it does something").to.not.deep.equal(before);
        expect(calls.length, "and asks token or oracle for it").to.be.above(0);

        let undone = 0;
        for (const [k, gas] of calls.entries()) {
          await start.restore();
          await wires.trip(gas);
          await networkHelpers.time.setNextBlockTimestamp(at);
          const done = await outcomeOf(act(busy));
          const label = `${name}, call ${k + 1} of ${calls.length}`;
          if (done === "reverted") {
            expect(await ledgerOf(market), label).to.deep.equal(before);
            ++undone;
          }
          await expectConservation(market);
        }
        expect(undone, "calls that undo all").to.equal(UNDOING[name]);
      });
    }
  });

  describe("given a token that calls back in the middle of a transfer", () => {
    it("is refused by every contract of the market, whatever it calls", async () => {
      const { market, long, orderId, proof } = await networkHelpers.loadFixture(busyMarket);
      const token = await ethers.getContractAt("HostileToken", String(market.token.target));
      const { marginVault, liquidityVault, orderBook, accounts } = market;
      const { alice, keeper } = accounts;
      const locked = marginVault.interface.encodeErrorResult("MarketLocked");
      const into = [
        [marginVault, "addMargin", [long, 1n]],
        [marginVault, "liquidate", [long, "0x", keeper.address]],
        [marginVault, "rescue", [long, "0x", keeper.address]],
        [marginVault, "sweepDues", []],
        [marginVault, "accrue", []],
        [liquidityVault, "requestDeposit", [1_000_000_000n, alice.address, alice.address]],
        [liquidityVault, "fulfillDeposits", [1n, "0x", keeper.address]],
        [liquidityVault, "fulfillRedeems", [1n, "0x", keeper.address]],
        [liquidityVault, "totalAssets", []],
        [orderBook, "execute", [[orderId], proof, keeper.address]],
        [orderBook, "settleAtCap", [long, "0x", keeper.address]],
        [orderBook, "poke", ["0x"]],
      ] as const;
      const start = await networkHelpers.takeSnapshot();
      for (const [contract, name, args] of into) {
        const entry: Interface = contract.interface;
        const data = entry.encodeFunctionData(name, args);
        await token.setReentry(contract, data);
        await marginVault.connect(alice).addMargin(long, 1_000_000n, GAS);
        expect([await token.succeeded(), await token.response()], name).to.deep.equal([
          false,
          locked,
        ]);
        await start.restore();
      }
    });

    it("is refused where only the owner may act, although it is the owner", async () => {
      const { market, short } = await networkHelpers.loadFixture(busyMarket);
      const token = await ethers.getContractAt("HostileToken", String(market.token.target));
      const { orderBook, marginVault, mandateBook, accounts } = market;
      const locked = marginVault.interface.encodeErrorResult("MarketLocked");
      await orderBook.connect(accounts.bob).transferPosition(short, token);
      const tries = [
        [orderBook, "submit", [closeRequest(short, { sizeDelta: wad("1") })]],
        [orderBook, "transferPosition", [short, accounts.bob.address]],
        [marginVault, "removeMargin", [short, 1n, accounts.bob.address, "0x"]],
        [mandateBook, "setMandate", [mandateRequest({ positionId: short, cap: wad("9") })]],
      ] as const;
      const start = await networkHelpers.takeSnapshot();
      for (const [contract, name, args] of tries) {
        const entry: Interface = contract.interface;
        const data = entry.encodeFunctionData(name, args);
        await token.setReentry(contract, data);
        await marginVault.connect(accounts.alice).addMargin(short, 1_000_000n, GAS);
        expect([await token.succeeded(), await token.response()], name).to.deep.equal([
          false,
          locked,
        ]);
        await start.restore();
      }
    });
  });
});

/** Whether a call went through or was undone. */
async function outcomeOf(sent: Promise<ContractTransactionResponse>) {
  try {
    await mined(sent);
    return "done" as const;
  } catch {
    return "reverted" as const;
  }
}
