import { at } from "../numbers.ts";
import {
  borrowRateOf,
  closePart,
  type Exit,
  liquidatedSize,
  liquidationFee,
  type Part,
  setBarriers,
} from "./boxModel.ts";
import { begin, type Fate, type ModelMandate, type ModelPosition, newFate } from "./fate.ts";
import { PricePath } from "./path.ts";
import type { ModelRules } from "./rules.ts";

// The rules of `books.ts` in plain numbers, fast enough for millions of positions. A test holds both equal along the
// same paths, up to the rounding of doubles. Amounts are quote, sizes base, times seconds from the path's beginning.

/** The market as it stands at the beginning of every path. */
export interface ModelStart {
  readonly positions: readonly ModelPosition[];
  readonly price: number;
  readonly fundingIndex: number;
  readonly borrowIndex: number;
  readonly fundingVelocity: number;
  readonly borrowRate: number;
  readonly poolDue: number;
  readonly cash: number;
  readonly reserved: number;
}

/** What a run needs besides paths. */
export interface MarketRunInput {
  readonly rules: ModelRules;
  readonly start: ModelStart;
  /** From a look to the transaction [s]. */
  readonly latency: number;
  /** Between two prices [s]. */
  readonly step: number;
}

interface Standing {
  readonly gain: number;
  readonly equity: number;
  readonly maintenance: number;
  readonly capped: boolean;
}

/** Runs one market along many paths, in the same memory. */
export class MarketRun {
  /** What became of every position on the last path. */
  readonly fates: readonly Fate[];
  /** What the pool won on the last path, open positions at the last price [± quote]. */
  poolGain = 0;
  readonly #rules: ModelRules;
  readonly #start: ModelStart;
  readonly #latency: number;
  readonly #step: number;
  readonly #ratio: number;
  readonly #largestImpact: number;
  readonly #fundingShare: number;
  #path: PricePath = new PricePath(1);
  #time = 0;
  #fundingIndex = 0;
  #borrowIndex = 0;
  #velocity = 0;
  #borrowRate = 0;
  #long = 0;
  #short = 0;
  #poolDue = 0;
  #cash = 0;
  #reserved = 0;

  constructor({ rules, start, latency, step }: MarketRunInput) {
    this.#rules = rules;
    this.#start = start;
    this.#latency = latency;
    this.#step = step;
    this.#ratio = rules.maintenance + rules.liquidationFee;
    const depth = start.positions.reduce((sum, { size }) => sum + Math.abs(size), 0);
    this.#largestImpact = depth / rules.skewScale;
    // Open interest only shrinks along a path, so the skew never exceeds the larger side of the beginning.
    const long = start.positions.reduce((sum, { size }) => sum + Math.max(size, 0), 0);
    this.#fundingShare = Math.min(1, Math.max(long, depth - long) / rules.fundingScale);
    this.fates = start.positions.map(() => newFate());
  }

  /** Follow one path; `mandateOf` tells the mandate of each position, by its place in the book. */
  run(path: PricePath, mandateOf: (place: number) => ModelMandate | undefined): void {
    this.#path = path;
    this.#reset(mandateOf);
    for (let fate = this.#nextFate(); fate !== undefined; fate = this.#nextFate()) {
      if (fate.landing >= 0) this.#land(fate);
      else this.#observe(fate);
    }
    this.#finish();
  }

  #reset(mandateOf: (place: number) => ModelMandate | undefined): void {
    const start = this.#start;
    this.#time = 0;
    this.#fundingIndex = start.fundingIndex;
    this.#borrowIndex = start.borrowIndex;
    this.#velocity = start.fundingVelocity;
    this.#borrowRate = start.borrowRate;
    this.#poolDue = start.poolDue;
    this.#cash = start.cash;
    this.#reserved = start.reserved;
    this.#long = 0;
    this.#short = 0;
    for (const [place, fate] of this.fates.entries()) {
      const position = start.positions[place];
      if (position === undefined) continue;
      begin(fate, position, mandateOf(place));
      if (fate.size > 0) this.#long += fate.size;
      else this.#short -= fate.size;
      this.#search(fate, 1);
    }
  }

  #nextFate(): Fate | undefined {
    let best: Fate | undefined;
    let first = Number.POSITIVE_INFINITY;
    for (const fate of this.fates) {
      const rank = this.#rankOf(fate);
      if (rank >= first) continue;
      first = rank;
      best = fate;
    }
    return best;
  }

  /** Half a second sets a look behind an action of the same second; times are whole seconds. */
  #rankOf(fate: Fate): number {
    if (fate.landing >= 0) return fate.landing;
    return fate.look > this.#path.steps ? Number.POSITIVE_INFINITY : fate.look * this.#step + 0.5;
  }

  #observe(fate: Fate): void {
    const price = this.#priceAt(fate.look);
    const time = fate.look * this.#step;
    this.#accrue(time);
    if (this.#isActionable(fate, price)) fate.landing = time + this.#latency;
    else fate.look = this.#path.next(fate.look + 1, fate.low, fate.high);
  }

  #isActionable(fate: Fate, price: number): boolean {
    const { capped, equity, maintenance } = this.#standing(fate, price);
    const trigger = Math.max(1, fate.mandate?.trigger ?? 0);
    if (!capped && equity < maintenance * trigger) return true;
    return this.#gainAtExit(fate, price) >= fate.reserve;
  }

  #land(fate: Fate): void {
    const time = fate.landing;
    const step = Math.floor(time / this.#step);
    const price = this.#priceAt(Math.min(step, this.#path.steps));
    this.#accrue(time);
    const standing = this.#standing(fate, price);
    if (!this.#tryRescue(fate, standing)) {
      const isBelow = standing.equity < standing.maintenance && !standing.capped;
      const isCooling = time < fate.coolUntil && 2 * standing.equity >= standing.maintenance;
      if (isBelow && !isCooling) this.#liquidate(fate, { price, step, standing });
      else if (this.#gainAtExit(fate, price) >= fate.reserve) this.#settleAtCap(fate, price);
    }
    fate.landing = -1;
    this.#search(fate, step + 1);
  }

  #tryRescue(fate: Fate, { capped, equity, maintenance }: Standing): boolean {
    const { mandate } = fate;
    if (mandate === undefined || capped || equity <= 0) return false;
    if (equity >= maintenance * Math.max(1, mandate.trigger)) return false;
    const { keeperFeeFloor, tokenUnit } = this.#rules;
    const missing = maintenance * mandate.target - equity + keeperFeeFloor;
    const pulled = Math.ceil(missing / tokenUnit) * tokenUnit;
    if (pulled > fate.capLeft) return false;
    fate.capLeft -= pulled;
    fate.paidIn += pulled;
    fate.margin += pulled - keeperFeeFloor;
    fate.rescues += 1;
    return true;
  }

  #liquidate(
    fate: Fate,
    {
      price,
      step,
      standing,
    }: { readonly price: number; readonly step: number; readonly standing: Standing },
  ): void {
    this.#fold(fate);
    const exit = this.#exit(price);
    const closed = liquidatedSize(fate, standing.equity, exit);
    const whole = Math.abs(fate.size);
    const isFull = closed === whole;
    const part = closePart(fate, closed, exit);
    const fee = liquidationFee(closed, exit);
    const fromMargin = Math.min(fee, part.margin);
    const floorLack = Math.max(0, this.#rules.keeperFeeFloor - part.margin);
    const extra = isFull ? Math.min(floorLack, part.released - part.gain) : 0;
    const taken = fromMargin + extra;
    const keeperFee = Math.min(taken, this.#rules.keeperFeeCap);
    this.#apply(fate, part, extra);
    fate.margin -= fromMargin;
    fate.shortfall += part.shortfall;
    this.#poolDue += taken - keeperFee;
    if (fate.firstLiquidation < 0) fate.firstLiquidation = step;
    if (isFull) this.#end(fate, "liquidated");
    else fate.partials += 1;
    fate.coolUntil = fate.landing + this.#rules.cooldown;
    this.#restate(price);
  }

  #settleAtCap(fate: Fate, price: number): void {
    this.#fold(fate);
    const part = closePart(fate, Math.abs(fate.size), this.#exit(price));
    this.#apply(fate, part, 0);
    fate.margin -= Math.min(fate.margin, this.#rules.keeperFeeFloor);
    this.#end(fate, "capped");
    this.#restate(price);
  }

  #end(fate: Fate, ended: "liquidated" | "capped"): void {
    fate.paidOut += fate.margin;
    fate.margin = 0;
    fate.size = 0;
    fate.ended = ended;
  }

  #apply(fate: Fate, part: Part, extra: number): void {
    const change = Math.abs(fate.size) - Math.abs(part.size);
    if (fate.size > 0) this.#long -= change;
    else this.#short -= change;
    const due = this.#poolDue + part.loss;
    const drawn = part.gain + extra;
    const netted = Math.min(drawn, due);
    this.#poolDue = due - netted;
    this.#cash -= drawn - netted;
    this.#reserved -= part.released;
    fate.size = part.size;
    fate.openNotional = part.openNotional;
    fate.reserve = part.reserve;
    fate.margin = part.margin;
  }

  #standing(fate: Fate, price: number): Standing {
    const gain = fate.size * price - fate.openNotional - this.#owed(fate);
    const notional = Math.abs(fate.size) * price;
    return {
      gain,
      capped: gain >= fate.reserve,
      equity: fate.margin + Math.min(gain, fate.reserve),
      maintenance: Math.max(notional * this.#ratio, this.#rules.minMaintenance),
    };
  }

  #gainAtExit(fate: Fate, price: number): number {
    const skew = this.#long - this.#short - fate.size / 2;
    const fill = price * (1 + skew / this.#rules.skewScale);
    return fate.size * fill - fate.openNotional - this.#owed(fate);
  }

  #owed(fate: Fate): number {
    const funding = fate.size * (this.#fundingIndex - fate.fundingIndex);
    return funding + fate.reserve * (this.#borrowIndex - fate.borrowIndex);
  }

  #fold(fate: Fate): void {
    fate.openNotional += this.#owed(fate);
    fate.fundingIndex = this.#fundingIndex;
    fate.borrowIndex = this.#borrowIndex;
  }

  #accrue(time: number): void {
    this.#fundingIndex += this.#velocity * (time - this.#time);
    this.#borrowIndex += this.#borrowRate * (time - this.#time);
    this.#time = time;
  }

  #restate(price: number): void {
    const { maxFundingRate, fundingScale } = this.#rules;
    const share = Math.max(-1, Math.min(1, (this.#long - this.#short) / fundingScale));
    this.#velocity = maxFundingRate * share * price;
    this.#borrowRate = borrowRateOf(this.#reserved, this.#cash, this.#rules);
  }

  #exit(price: number): Exit {
    return { price, skew: this.#long - this.#short, rules: this.#rules };
  }

  #priceAt(step: number): number {
    return this.#start.price * Math.exp(at(this.#path.logs, step));
  }

  /** Find the next step worth a look; the barriers are wide enough for all that may accrue until the path's end. */
  #search(fate: Fate, from: number): void {
    if (fate.size === 0) {
      fate.look = this.#path.steps + 1;
      return;
    }
    setBarriers(fate, {
      rules: this.#rules,
      price: this.#start.price,
      highest: this.#start.price * Math.exp(this.#path.highest),
      seconds: this.#path.steps * this.#step + this.#latency,
      owed: this.#owed(fate),
      impact: this.#largestImpact,
      fundingShare: this.#fundingShare,
    });
    fate.look = this.#path.next(from, fate.low, fate.high);
  }

  #finish(): void {
    const price = this.#priceAt(this.#path.steps);
    this.#accrue(Math.max(this.#time, this.#path.steps * this.#step + this.#latency));
    let claim = 0;
    for (const fate of this.fates) {
      if (fate.size === 0) continue;
      const { gain, equity } = this.#standing(fate, price);
      claim += Math.max(-fate.margin, Math.min(gain, fate.reserve));
      fate.paidOut += equity;
    }
    const skew = this.#long - this.#short;
    const premium = (price * skew * skew) / (2 * this.#rules.skewScale);
    this.poolGain = this.#cash + this.#poolDue - claim - premium - this.#start.cash;
  }
}
