import { expect } from "chai";
import fc from "fast-check";
import { network } from "hardhat";
import * as orderMath from "../../scripts/core/orderMath.ts";
import { unpackTerms } from "../../scripts/core/termsMath.ts";
import type { OrderMathHarness } from "../../types/ethers-contracts/index.ts";
import { mathHarnessFixture } from "../fixtures/mathHarness.ts";
import { int, uint } from "./arbitraries.ts";
import { expectTwins } from "./twins.ts";

/** Any order that storage can hold; prices close to the trigger among them. */
const order = fc.record({
  subject: uint(160),
  acceptablePrice: uint(96),
  sizeDelta: int(96),
  margin: uint(96),
  submittedAt: uint(32),
  expiry: uint(32),
  reserve: uint(96),
  triggerPrice: uint(96),
  keeperFeeE6: uint(40),
  termsId: uint(16),
  traits: fc
    .tuple(fc.constantFrom(0n, 1n, 2n), fc.bigInt({ min: 0n, max: 7n }))
    .map(([kind, flags]) => kind | (flags << 2n)),
});
const near = fc.tuple(order, fc.bigInt({ min: -1n, max: 1n }), uint(96), fc.boolean());
const RUNS = { numRuns: 300 };

describe("OrderMath and TermsMath against their twins", () => {
  let harness: OrderMathHarness;

  before(async () => {
    const { ethers } = await network.create();
    harness = await ethers.deployContract("OrderMathHarness");
  });

  it("traits mean the same", async () => {
    await fc.assert(
      fc.asyncProperty(order, async (order) => {
        const meaning = await harness.meaningOf(order);
        expect({
          isMarket: meaning.isMarket,
          opens: meaning.opens,
          isReduceOnly: meaning.isReduceOnly,
          takesFeeFromMargin: meaning.takesFeeFromMargin,
        }).to.deep.equal({
          isMarket: orderMath.isMarket(order),
          opens: orderMath.opensPosition(order),
          isReduceOnly: orderMath.isReduceOnly(order),
          takesFeeFromMargin: orderMath.takesFeeFromMargin(order),
        });
      }),
      RUNS,
    );
  });

  it("isTriggered agrees at the trigger, a wei beside it, and anywhere", async () => {
    await fc.assert(
      fc.asyncProperty(near, async ([order, offset, anywhere, isNear]) => {
        const beside = order.triggerPrice + offset;
        const price = isNear && beside >= 0n ? beside : anywhere;
        expect(orderMath.isTriggered(order, price)).to.equal(
          await harness.isTriggered(order, price),
        );
      }),
      RUNS,
    );
  });

  it("deadlineOf agrees to the second", async () => {
    await fc.assert(
      fc.asyncProperty(uint(64), uint(64), uint(64), async (start, upSince, window) => {
        expect(orderMath.deadlineOf({ start, upSince, window })).to.equal(
          await harness.deadlineOf(start, upSince, window),
        );
      }),
      RUNS,
    );
  });

  it("unpackTerms reads any two words alike", async () => {
    await expectTwins(await mathHarnessFixture(), {
      name: "unpackTerms",
      inputs: fc.record({ margins: uint(256), trades: uint(256) }),
      args: ({ margins, trades }) => [margins, trades],
      core: unpackTerms,
    });
  });

  it("names what it has compared", () => {
    const compared = ["meaningOf", "isTriggered", "deadlineOf"] as const;
    expect(compared.every((name) => harness.interface.getFunction(name) !== null)).to.equal(true);
  });
});
