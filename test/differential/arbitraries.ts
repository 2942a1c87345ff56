import fc from "fast-check";

const WAD = 10n ** 18n;

/** Any integer of `[min, max]`: its ends, whole WADs, and numbers of every length in between. */
function spread(min: bigint, max: bigint): fc.Arbitrary<bigint> {
  const inside = (value: bigint) => value >= min && value <= max;
  const corners = [min, min + 1n, 0n, 1n, 2n, WAD - 1n, WAD, WAD + 1n, max - 1n, max, -1n, -WAD];
  const bits = Math.max(min.toString(2).length, max.toString(2).length);
  const ofAnyLength = fc
    .integer({ min: 0, max: bits })
    .chain((length) => {
      const bound = 1n << BigInt(length);
      return fc.bigInt({ min: min < -bound ? -bound : min, max: max > bound ? bound : max });
    })
    .filter(inside);
  return fc.oneof(
    { weight: 2, arbitrary: fc.constantFrom(...corners.filter(inside)) },
    { weight: 8, arbitrary: ofAnyLength },
    { weight: 1, arbitrary: fc.bigInt({ min, max }) },
  );
}

/** Any unsigned integer of `bits`, its extremes included. */
export function uint(bits: number): fc.Arbitrary<bigint> {
  return spread(0n, 2n ** BigInt(bits) - 1n);
}

/** Any signed integer of `bits`, its extremes included. */
export function int(bits: number): fc.Arbitrary<bigint> {
  const bound = 2n ** BigInt(bits - 1);
  return spread(-bound, bound - 1n);
}

/** Mostly what a storage field of `bits` may hold, now and then any 256-bit word. */
export function mostlyUint(bits: number): fc.Arbitrary<bigint> {
  return fc.oneof({ weight: 9, arbitrary: uint(bits) }, { weight: 1, arbitrary: uint(256) });
}

/** Mostly what a storage field of `bits` may hold, now and then any 256-bit word. */
export function mostlyInt(bits: number): fc.Arbitrary<bigint> {
  return fc.oneof({ weight: 9, arbitrary: int(bits) }, { weight: 1, arbitrary: int(256) });
}

/** A ratio or rate: mostly up to 2, now and then anything that 64 bits hold [WAD]. */
export function ratio(): fc.Arbitrary<bigint> {
  return fc.oneof(
    { weight: 3, arbitrary: fc.bigInt({ min: 0n, max: 2n * WAD }) },
    { weight: 1, arbitrary: uint(64) },
  );
}

/** Any position that storage can hold. */
export const position = fc.record({
  size: int(96),
  openNotional: int(96),
  priceTime: uint(32),
  termsId: uint(8),
  traits: uint(8),
  cooldown: uint(16),
  margin: uint(96),
  reserve: uint(96),
  borrowIndex: uint(64),
  owner: fc.constant("0x00000000000000000000000000000000000000A1"),
  fundingIndex: int(96),
});

/** Any terms that storage can hold. */
export const terms = fc.record({
  initialMarginRatio: ratio(),
  maintenanceMarginRatio: ratio(),
  liquidationFeeRatio: ratio(),
  positionFeeRatio: ratio(),
  liquidationTarget: ratio(),
  minReserveRatio: ratio(),
  liquidationCooldown: uint(32),
  keeperFeeFloor: uint(96),
  keeperFeeCap: uint(96),
  minMaintenance: uint(96),
  minMargin: uint(128),
  minNotional: uint(128),
});

/** Any sums that storage can hold. */
export const market = fc.record({
  longOpenInterest: uint(96),
  shortOpenInterest: uint(96),
  fundingIndex: int(96),
  borrowIndex: uint(64),
  accruedAt: uint(40),
  clock: uint(32),
  fundingVelocity: int(80),
  borrowRate: uint(40),
  referencePrice: uint(96),
  netBasis: int(104),
  totalMargin: uint(96),
  lastPrice: uint(96),
  sequence: uint(32),
  poolDue: uint(128),
  protocolDue: uint(128),
});

/** Curves in and out of order: mostly within the hard bounds, now and then anything. */
export const curves = fc.record({
  skewScale: mostlyUint(96),
  fundingScale: mostlyUint(96),
  maxFundingRate: mostlyUint(64),
  minBorrowRate: mostlyUint(32),
  kinkBorrowRate: mostlyUint(64),
  maxBorrowRate: mostlyUint(80),
  kinkUtilization: ratio(),
});
