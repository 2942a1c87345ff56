import fc from "fast-check";
import * as marketMath from "../../scripts/core/marketMath.ts";
import { accrued } from "../../scripts/core/positionMath.ts";
import type { Terms } from "../../scripts/core/types.ts";
import type { Staging } from "../fixtures/staging.ts";
import { marketOf, positionOf, termsOf } from "../fixtures/states.ts";

const WAD = 10n ** 18n;
const PERMILLE = 1000n;

const share = (min: bigint, max: bigint) => fc.bigInt({ min, max });
const ppm = (value: bigint) => value * 10n ** 12n;

/** Terms from lenient to harsh; floors from next to nothing to more than a position is worth. */
const terms = fc
  .record({
    maintenance: share(1000n, 50_000n),
    fee: share(100n, 20_000n),
    target: share(1_100_000n, 2_000_000n),
    floor: share(1n, 5n),
    cap: share(1n, 500n),
    minMaintenance: share(2n, 40n),
    minNotional: share(1n, 2000n),
  })
  .map((fields) =>
    termsOf({
      maintenanceMarginRatio: ppm(fields.maintenance),
      liquidationFeeRatio: ppm(fields.fee),
      liquidationTarget: ppm(fields.target),
      keeperFeeFloor: fields.floor * WAD,
      keeperFeeCap: (fields.floor + fields.cap) * WAD,
      minMaintenance: (fields.floor + fields.minMaintenance) * WAD,
      minMargin: (fields.floor + fields.minMaintenance) * WAD,
      minNotional: fields.minNotional * WAD,
    }),
  );

/** Prices of any magnitude, sizes from dust to a twentieth of the depth, equity from debt to twice maintenance. */
export function scenes({
  skewScale,
  now,
}: {
  readonly skewScale: bigint;
  readonly now: bigint;
}): fc.Arbitrary<Staging> {
  return fc
    .record({
      terms,
      isLong: fc.boolean(),
      depth: fc.integer({ min: 1, max: 9 }),
      sizeShare: share(50n, PERMILLE),
      notional: fc.integer({ min: 2, max: 8 }).map((digits) => 10n ** BigInt(digits) * WAD),
      jitter: share(1n, 10n ** 15n),
      // Per mille of maintenance margin at this price.
      equity: fc.oneof(
        { weight: 3, arbitrary: share(100n, 1000n) },
        { weight: 1, arbitrary: share(-300n, 2000n) },
      ),
      // Per mille of notional; above zero a gain, which equity must then hold.
      gain: share(-200n, 40n),
      reserve: share(1n, PERMILLE),
      othersLong: share(0n, 50n),
      othersShort: share(0n, 50n),
      fundingDrift: share(-20n, 20n),
      borrowDrift: share(0n, 20n),
      elapsed: share(0n, 100_000n),
      cooldown: fc.oneof(fc.constant(0n), share(1n, 60n)),
    })
    .map((fields) => {
      const whole =
        (skewScale * fields.sizeShare) / PERMILLE / 20n / 10n ** BigInt(fields.depth - 1);
      const price = (fields.notional * WAD) / whole + fields.jitter;
      return { ...fields, whole, price };
    })
    .filter(({ price }) => price < 2n ** 95n)
    .map((fields) => build({ ...fields, skewScale, now }));
}

interface Fields {
  readonly terms: Terms;
  readonly isLong: boolean;
  readonly whole: bigint;
  readonly price: bigint;
  readonly equity: bigint;
  readonly gain: bigint;
  readonly reserve: bigint;
  readonly othersLong: bigint;
  readonly othersShort: bigint;
  readonly fundingDrift: bigint;
  readonly borrowDrift: bigint;
  readonly elapsed: bigint;
  readonly cooldown: bigint;
  readonly skewScale: bigint;
  readonly now: bigint;
}

function build(fields: Fields): Staging {
  const { price, whole, now } = fields;
  const size = fields.isLong ? whole : -whole;
  const worth = (whole * price) / WAD;
  const ratio = fields.terms.maintenanceMarginRatio + fields.terms.liquidationFeeRatio;
  const equity = (((worth * ratio) / WAD) * fields.equity) / PERMILLE;
  // A margin is never negative: whatever is missing from equity is a loss.
  const wanted = (worth * fields.gain) / PERMILLE;
  const gain = wanted > equity ? equity : wanted;
  const unpriced = positionOf({
    size,
    margin: equity - gain,
    reserve: (worth * fields.reserve) / PERMILLE + fields.terms.keeperFeeFloor,
    fundingIndex: (price * fields.fundingDrift) / PERMILLE,
    borrowIndex: 10n ** 15n * (20n - fields.borrowDrift),
    priceTime: now - 30n,
    cooldown: fields.cooldown,
  });
  const rates = {
    longOpenInterest: (fields.skewScale * fields.othersLong) / PERMILLE,
    shortOpenInterest: (fields.skewScale * fields.othersShort) / PERMILLE,
    fundingIndex: price / 100n,
    borrowIndex: 10n ** 16n * 2n,
    fundingVelocity: (fields.fundingDrift * price) / 10n ** 9n,
    borrowRate: 10n ** 10n,
    accruedAt: now - fields.elapsed,
    clock: now - 60n,
    referencePrice: price,
    netBasis: -worth / 2n,
    totalMargin: worth,
    poolDue: fields.elapsed * 12_345_678_901n,
  };
  const { fundingIndex, borrowIndex } = marketMath.accrue(marketOf(rates), now);
  const owed = accrued({ position: unpriced, fundingIndex, borrowIndex });
  const position = { ...unpriced, openNotional: (size * price) / WAD - gain - owed };
  const market = marketMath.attach(marketOf(rates), position);
  return { position, market, terms: fields.terms, price };
}
