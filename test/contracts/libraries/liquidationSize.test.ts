import { expect } from "chai";
import { parseEther } from "ethers";
import fc from "fast-check";
import type { MathHarness } from "../../../types/ethers-contracts/index.ts";
import { mathHarnessFixture } from "../../fixtures/mathHarness.ts";
import { positionOf } from "../../fixtures/states.ts";

const WAD = parseEther("1");

/** Maintenance 1.5%, liquidation fee 0.5%, target 1.5 × 2% = 3%. */
const TARGET_RATIO = parseEther("0.03");
const FEE_RATIO = parseEther("0.005");

describe("PositionMath liquidationSize", () => {
  let harness: MathHarness;

  before(async () => {
    harness = await mathHarnessFixture();
  });

  // Ten long at 2000: notional 20,000, target 3% = 600. Fee 0.5% and impact 0.25%: each closed unit of notional
  // relieves 3% − 0.75% = 2.25%, all of them 450.
  const size = parseEther("10");
  const notional = parseEther("20000");
  const cost = parseEther("0.0075");

  it("is the whole when equity is gone", async () => {
    expect(await harness.liquidationSize(size, notional, 0n, TARGET_RATIO, cost)).to.equal(size);
    expect(await harness.liquidationSize(size, notional, -1n, TARGET_RATIO, cost)).to.equal(size);
  });

  it("is the whole when closing costs as much as it relieves, or more", async () => {
    // Below the target of 600, and at it.
    for (const equity of [parseEther("330"), parseEther("600")]) {
      for (const dear of [TARGET_RATIO, TARGET_RATIO + 1n]) {
        const closed = await harness.liquidationSize(-size, notional, equity, TARGET_RATIO, dear);
        expect(closed).to.equal(size);
      }
    }
  });

  it("is the whole when even that does not reach the target", async () => {
    // (600 − 140) ÷ 450 > 1.
    const equity = parseEther("140");
    const closed = await harness.liquidationSize(size, notional, equity, TARGET_RATIO, cost);
    expect(closed).to.equal(size);
  });

  it("is nothing when equity is at the target", async () => {
    const equity = parseEther("600");
    const closed = await harness.liquidationSize(size, notional, equity, TARGET_RATIO, cost);
    expect(closed).to.equal(0n);
  });

  it("is the whole when closing all of it relieves less than a wei", async () => {
    // 100 wei need ⌈100 × 3%⌉ = 3 of equity and have 1; at 0.1% of relief all of them bring 0.1.
    const dear = TARGET_RATIO - parseEther("0.001");
    expect(await harness.liquidationSize(size, 100n, 1n, TARGET_RATIO, dear)).to.equal(size);
  });

  it("is the share that brings the rest back to the target", async () => {
    // (600 − 330) ÷ 450 = 0.6 of ten, and a wei of size for the ten wei by which fill prices may round.
    const equity = parseEther("330");
    for (const signed of [size, -size]) {
      const closed = await harness.liquidationSize(signed, notional, equity, TARGET_RATIO, cost);
      expect(closed).to.equal(parseEther("6") + 1n);
    }
    // Checked by hand: 4 left at 2000 need 240; equity 330 − 12,000 × 0.75% = 240.
  });

  it("leaves the rest at or above the target, at any price and size", async () => {
    // Prices from 1e-7 to 1e9, notionals from 100 to ten million, equity anywhere below maintenance, gain or loss.
    const states = fc.record({
      price: fc.integer({ min: 11, max: 27 }).map((digits) => 10n ** BigInt(digits)),
      jitter: fc.bigInt({ min: 1n, max: 10n ** 9n }),
      notional: fc.bigInt({ min: parseEther("100"), max: parseEther("10000000") }),
      isLong: fc.boolean(),
      share: fc.bigInt({ min: 1n, max: 999n }),
      loss: fc.bigInt({ min: 0n, max: 200n }),
      skewShare: fc.bigInt({ min: -100n, max: 100n }),
      depth: fc.integer({ min: 3, max: 15 }),
    });
    await fc.assert(
      fc.asyncProperty(states, async ({ price: magnitude, jitter, ...state }) => {
        const price = magnitude + jitter;
        const whole = (state.notional * WAD) / price;
        fc.pre(whole < 2n ** 95n);
        const position = openedAt({ price, whole, ...state });
        // Where the market is deep, nothing but rounding stands between the price and the fill.
        const skewScale = 10n ** BigInt(state.depth) * whole;
        // Up to the size itself either way, so that an exit may cost or earn.
        const skew = (state.skewShare * whole) / 100n;
        const equity = position.margin + (await harness.gain(position, price, 0n));
        const worth = await harness.notional(position.size, price);
        const impact = await harness.worstExitImpact(position.size, skew, skewScale);
        const closed = await harness.liquidationSize(
          position.size,
          worth,
          equity - SLACK,
          TARGET_RATIO,
          FEE_RATIO + impact,
        );
        fc.pre(closed < whole && closed > 0n);
        const sizeDelta = state.isLong ? -closed : closed;
        const fill = await harness.fillPrice(price, skew, sizeDelta, skewScale);
        const rest = closedPart({ position, closed, fill, whole });
        const fee = ceilWad(ceilWad(closed * price) * FEE_RATIO);
        const gainLeft = await harness.gain(rest, price, 0n);
        const left = await harness.notional(rest.size, price);
        const missing = ceilWad(left * TARGET_RATIO) - (rest.margin - fee + gainLeft);
        expect(missing <= 0n, `below the target by ${missing}`).to.equal(true);
      }),
      { numRuns: 200 },
    );
  });
});

/** What a caller adds for its own rounding of a few wei. */
const SLACK = 16n;

interface Opened {
  readonly price: bigint;
  readonly whole: bigint;
  readonly isLong: boolean;
  readonly notional: bigint;
  /** Equity per mille of the maintenance margin. */
  readonly share: bigint;
  /** Loss per mille of notional; the margin covers it. */
  readonly loss: bigint;
}

function openedAt({ price, whole, isLong, notional, share, loss }: Opened) {
  const size = isLong ? whole : -whole;
  const equity = (notional * share) / 50_000n;
  const lost = (notional * loss) / 1000n;
  const openNotional = (size * price) / WAD + lost;
  return { ...positionOf({ size, openNotional, margin: equity + lost }) };
}

/** The position less its closed part, by plain proportion, each rounding against it. */
function closedPart({
  position,
  closed,
  fill,
  whole,
}: {
  readonly position: ReturnType<typeof openedAt>;
  readonly closed: bigint;
  readonly fill: bigint;
  readonly whole: bigint;
}) {
  const sign = position.size > 0n ? 1n : -1n;
  const cost = ceilDiv(position.openNotional * closed, whole);
  const worth = -ceilDiv(-sign * closed * fill, WAD);
  return {
    ...position,
    size: position.size - sign * closed,
    openNotional: position.openNotional - cost,
    margin: position.margin + worth - cost,
  };
}

function ceilDiv(dividend: bigint, divisor: bigint): bigint {
  const quotient = dividend / divisor;
  return dividend > 0n && dividend % divisor !== 0n ? quotient + 1n : quotient;
}

function ceilWad(product: bigint): bigint {
  return ceilDiv(product, WAD);
}
