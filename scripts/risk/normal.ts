/** Density of the standard normal distribution. */
export function normalDensity(x: number): number {
  return Math.exp(-(x * x) / 2) / Math.sqrt(2 * Math.PI);
}

/** Return P(Z ≤ x) of a standard normal Z, to about 1e-15 (Hart 1968, as in West 2005). */
export function normalCdf(x: number): number {
  const z = Math.abs(x);
  if (z > 37) return x > 0 ? 1 : 0;
  const density = Math.exp(-(z * z) / 2);
  const tail = z < 7.071_067_811_865_475 ? density * rational(z) : density / fraction(z);
  return x > 0 ? 1 - tail : tail;
}

/**
 * Return x with P(Z ≤ x) = p; −∞ at 0 and +∞ at 1 (Acklam, with one step of Halley).
 *
 * Not a number outside of [0, 1].
 */
export function normalQuantile(p: number): number {
  if (!(p >= 0 && p <= 1)) return Number.NaN;
  if (p === 0) return Number.NEGATIVE_INFINITY;
  if (p === 1) return Number.POSITIVE_INFINITY;
  const guess = acklam(p);
  // In the upper half 1 − Φ is the accurate side.
  const error = p > 0.5 ? 1 - p - normalCdf(-guess) : normalCdf(guess) - p;
  const step = (error * Math.sqrt(2 * Math.PI)) / Math.exp(-(guess * guess) / 2);
  return guess - step / (1 + (guess * step) / 2);
}

const NUMERATOR = [
  3.526_249_659_989_11e-2, 0.700_383_064_443_688, 6.373_962_203_531_65, 33.912_866_078_383,
  112.079_291_497_871, 221.213_596_169_931, 220.206_867_912_376,
];
const DENOMINATOR = [
  8.838_834_764_831_84e-2, 1.755_667_163_182_64, 16.064_177_579_207, 86.780_732_202_946_1,
  296.564_248_779_674, 637.333_633_378_831, 793.826_512_519_948, 440.413_735_824_752,
];

function rational(z: number): number {
  return polynomial(NUMERATOR, z) / polynomial(DENOMINATOR, z);
}

function fraction(z: number): number {
  const inner = z + 1 / (z + 2 / (z + 3 / (z + 4 / (z + 0.65))));
  return inner * 2.506_628_274_631;
}

function polynomial(coefficients: readonly number[], x: number): number {
  let sum = 0;
  for (const coefficient of coefficients) sum = sum * x + coefficient;
  return sum;
}

const MIDDLE_NUMERATOR = [
  -39.696_830_286_653_76, 220.946_098_424_520_5, -275.928_510_446_968_7, 138.357_751_867_269,
  -30.664_798_066_147_16, 2.506_628_277_459_239,
];
const MIDDLE_DENOMINATOR = [
  -54.476_098_798_224_06, 161.585_836_858_040_9, -155.698_979_859_886_6, 66.801_311_887_719_72,
  -13.280_681_552_885_72, 1,
];
const TAIL_NUMERATOR = [
  -7.784_894_002_430_293e-3, -0.322_396_458_041_136_5, -2.400_758_277_161_838,
  -2.549_732_539_343_734, 4.374_664_141_464_968, 2.938_163_982_698_783,
];
const TAIL_DENOMINATOR = [
  7.784_695_709_041_462e-3, 0.322_467_129_070_039_8, 2.445_134_137_142_996, 3.754_408_661_907_416,
  1,
];
const TAIL = 0.024_25;

function acklam(p: number): number {
  if (p < TAIL) return tailGuess(p);
  if (p > 1 - TAIL) return -tailGuess(1 - p);
  const q = p - 0.5;
  return (q * polynomial(MIDDLE_NUMERATOR, q * q)) / polynomial(MIDDLE_DENOMINATOR, q * q);
}

function tailGuess(p: number): number {
  const q = Math.sqrt(-2 * Math.log(p));
  return polynomial(TAIL_NUMERATOR, q) / polynomial(TAIL_DENOMINATOR, q);
}
