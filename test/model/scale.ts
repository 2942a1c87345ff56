import { Rational } from "./rational.ts";

/** How many units of an amount of the contracts make one. */
export const WAD_UNITS = Rational.of(10n ** 18n);
