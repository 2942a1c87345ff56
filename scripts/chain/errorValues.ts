import { formatWad } from "../core/units.ts";

/** Arguments that are amounts or prices, wherever they occur [WAD]. */
const AMOUNTS: ReadonlySet<string> = new Set([
  "acceptablePrice",
  "available",
  "boundingPrice",
  "cash",
  "equity",
  "equityAfter",
  "equityBefore",
  "fees",
  "fillPrice",
  "gain",
  "keeperFee",
  "maintenanceMargin",
  "margin",
  "maxDeviation",
  "maxOpenInterest",
  "maxSpread",
  "maxUtilization",
  "minKeeperFee",
  "minNotional",
  "notional",
  "notionalAfter",
  "notionalBefore",
  "openInterest",
  "requested",
  "reserve",
  "reserved",
  "size",
  "sizeDelta",
  "spread",
  "triggerPrice",
]);

/** Arguments that are amounts in one error and something else in another [WAD]. */
const AMOUNTS_OF: Readonly<Record<string, readonly string[]>> = {
  InitialMarginNotMet: ["required"],
  OperatorFeeTooHigh: ["limit"],
  PriceAlreadyGiven: ["price"],
  PriceBeyondReference: ["price"],
  ReserveOutOfBounds: ["lower", "upper"],
  TriggerNotReached: ["price"],
};

/** Arguments that are moments [s]. */
const MOMENTS: ReadonlySet<string> = new Set([
  "deadline",
  "dueAt",
  "enactableAt",
  "endsAt",
  "expiresAt",
  "expiry",
  "lapsedAt",
  "nextUpdatedAt",
  "notBefore",
  "observedAt",
  "settleableAt",
  "since",
  "timestamp",
  "until",
  "updatedAt",
  "validFrom",
]);

/** Beyond the year 9999 a date says nothing. */
const LAST_MOMENT = 253_402_300_799n;

/** Write an argument of an error for a person: amounts with their point, moments as dates, all else as it is. */
export function errorValueText(error: string, argument: string, value: unknown): string {
  if (typeof value !== "bigint") return String(value);
  if (AMOUNTS.has(argument) || AMOUNTS_OF[error]?.includes(argument)) return formatWad(value);
  if (MOMENTS.has(argument) && value <= LAST_MOMENT) {
    return new Date(Number(value) * 1000).toISOString().replace(".000Z", "Z");
  }
  return String(value);
}
