import type { NetworkConnection } from "hardhat/types/network";
import type { Call } from "./calls.ts";
import { type Stage, send } from "./chain.ts";
import type { Outcome, Wish } from "./orders.ts";
import { ONE, Rational, WEI, ZERO } from "./rational.ts";
import type { Player } from "./world.ts";

/** What the tracked position or somebody else does, with numbers that say how much. */
export interface Doing<Name extends string> {
  readonly name: Name;
  /** The price moves by this many thousandths first. */
  readonly factor: number;
  /** Thousandths of a range. */
  readonly x: number;
}

export const OWN_DOINGS = [
  "increase",
  "decrease",
  "addMargin",
  "removeMargin",
  "mandate",
  "liquidate",
  "rescue",
  "settleAtCap",
] as const;
export const OTHERS_DOINGS = [
  "open",
  "close",
  "liquidate",
  "settleAtCap",
  "addMargin",
  "removeMargin",
  "mandate",
  "transfer",
  "deposit",
  "redeem",
  "fulfill",
  "donate",
  "upkeep",
] as const;
export type Own = Doing<(typeof OWN_DOINGS)[number]>;
export type Others = Doing<(typeof OTHERS_DOINGS)[number]>;

/** The life of one position, and what others do before each of its steps. */
export interface Life {
  readonly side: 1n | -1n;
  readonly own: readonly Own[];
  /** For each step of the position, the opening first. */
  readonly others: readonly (readonly Others[])[];
}

/** All that anybody can tell of the position after one of its steps. */
export interface Sight {
  readonly outcome: Outcome;
  readonly position: readonly unknown[];
  readonly mandate: readonly unknown[];
  readonly wallet: bigint;
  readonly claimable: bigint;
}

/** Indices and rates as they were before a step. */
export interface Indices {
  readonly borrowIndex: bigint;
  readonly fundingIndex: bigint;
  readonly accruedAt: bigint;
  readonly fundingVelocity: bigint;
  readonly borrowRate: bigint;
}

/** What a run found, and the indices it found it under. */
export interface Run {
  readonly sights: readonly Sight[];
  readonly indices: readonly Indices[];
}

/** Seconds between two steps of the position, in which others act. */
const GAP = 3_000n;
const START = Rational.of(2_000n);
const SIZE = Rational.of(30n);
const ANY_PRICE = Rational.wad(2n ** 96n - 1n);
const FAR = 4_000_000_000n;

/**
 * Plays a life from a fresh market, with others or without. The skew is brought to the position's own size before each of
 * its steps, by others who open against it; `forced` gives each step the indices of another run.
 */
export async function live(
  stage: Stage,
  life: Life,
  others: boolean,
  forced?: readonly Indices[],
): Promise<Run> {
  const connection = stage.market.connection;
  const snapshot = await connection.networkHelpers.takeSnapshot();
  const start = BigInt(await connection.networkHelpers.time.latest()) + 10n;
  const play = new Play(stage, start, life.side);
  const sights: Sight[] = [];
  const indices: Indices[] = [];
  for (const [index, own] of [undefined, ...life.own].entries()) {
    const at = start + GAP * BigInt(index + 1);
    if (others) await play.others(life.others[index] ?? []);
    await play.wait(at);
    const given = forced?.[index];
    if (given !== undefined) await force(connection, stage, given);
    indices.push(await indicesOf(stage));
    sights.push(await play.own(own));
  }
  await snapshot.restore();
  return { sights, indices };
}

class Play {
  private now: bigint;
  private price = START;
  private othersPrice = START;
  private id = 0n;
  private readonly theirs: bigint[] = [];
  private readonly stage: Stage;
  private readonly side: bigint;

  constructor(stage: Stage, now: bigint, side: bigint) {
    this.stage = stage;
    this.now = now;
    this.side = side;
  }

  async wait(at: bigint): Promise<void> {
    if (this.now >= at) throw new RangeError("Others took longer than the gap.");
    this.now = at;
    await this.stage.market.connection.networkHelpers.time.increaseTo(at);
  }

  /** One step of the position: opening it where none is named. */
  async own(own: Own | undefined): Promise<Sight> {
    const factor = Rational.of(BigInt(own?.factor ?? 1_000), 1_000n);
    this.price = this.price.times(factor).floorTo(WEI);
    const outcome = await this.ownOutcome(own);
    const { marginVault, mandateBook, liquidityVault, token, accounts } = this.stage.market;
    const { alice } = accounts;
    return {
      outcome,
      position: [...(await marginVault.position(this.id))],
      mandate: [...(await mandateBook.mandateOf(this.id))],
      wallet: await token.balanceOf(alice),
      claimable: (await marginVault.claimable(alice)) + (await liquidityVault.claimable(alice)),
    };
  }

  private async ownOutcome(own: Own | undefined): Promise<Outcome> {
    const size = SIZE.times(Rational.of(this.side));
    if (own === undefined) {
      const outcome = await this.order({ sizeDelta: size, margin: 6_000n, reserve: 30_000n });
      this.id = await this.stage.market.orderBook.orderCount();
      return outcome;
    }
    const share = Rational.of(BigInt(own.x), 1_000n);
    switch (own.name) {
      case "increase":
        return await this.order({
          positionId: this.id,
          sizeDelta: size.times(share).floorTo(WEI),
          margin: BigInt(own.x * 8),
          reserve: BigInt(own.x * 20),
        });
      case "decrease":
        return await this.order({
          positionId: this.id,
          sizeDelta: size.times(share).negated().floorTo(WEI),
          reduceOnly: true,
        });
      case "mandate":
        await this.send({ do: "approve", player: "alice", amount: Rational.of(100_000n) });
        return await this.send(mandateOf("alice", this.id, share));
      case "addMargin":
      case "removeMargin": {
        await this.tell(this.price);
        const amount = Rational.of(BigInt(own.x * 3 + 1));
        return await this.send({ do: own.name, player: "alice", positionId: this.id, amount });
      }
      default:
        await this.tell(this.price);
        return await this.send({ do: own.name, positionId: this.id });
    }
  }

  /** What others do, and then what brings the skew to the position's own size. */
  async others(doings: readonly Others[]): Promise<void> {
    for (const doing of doings) await this.other(doing);
    const { longOpenInterest, shortOpenInterest } = await this.stage.market.marginVault.market();
    const { size } = await this.stage.market.marginVault.position(this.id);
    const foreign = Rational.wad(longOpenInterest - shortOpenInterest - size);
    const unit = foreign.magnitude().plus(Rational.of(1_000n).over(this.othersPrice).floorTo(WEI));
    await this.openTheirs("bob", unit);
    await this.openTheirs("carol", unit.plus(foreign).negated());
    const after = await this.stage.market.marginVault.market();
    const skew = after.longOpenInterest - after.shortOpenInterest;
    if (skew !== size) throw new Error(`The skew is "${skew}" and not "${size}".`);
  }

  private async other({ name, factor, x }: Others): Promise<void> {
    this.othersPrice = START.times(Rational.of(BigInt(factor), 1_000n));
    const positionId = this.theirs[x % Math.max(this.theirs.length, 1)] ?? 0n;
    const { market } = this.stage;
    const player = await this.ownerOf(positionId);
    const amount = Rational.of(BigInt(x * 10 + 1_000));
    await this.tell(this.othersPrice);
    switch (name) {
      case "open": {
        const side = Rational.of(x % 2 === 0 ? 1n : -1n);
        return await this.openTheirs("bob", Rational.of(BigInt(x % 90) + 2n).times(side));
      }
      case "close": {
        const { size } = await market.marginVault.position(positionId);
        const sizeDelta = Rational.wad(-size);
        await this.order({ account: player, positionId, sizeDelta, reduceOnly: true });
        return;
      }
      case "mandate":
        await this.send({ do: "approve", player, amount: Rational.of(100_000n) });
        await this.send(mandateOf(player, positionId, Rational.of(BigInt(x), 1_000n)));
        return;
      case "transfer":
        await market.orderBook
          .connect(market.accounts[player])
          .transferPosition(positionId, market.accounts.keeper)
          .catch(() => undefined);
        this.now += 1n;
        return;
      case "donate":
        for (const vault of [market.marginVault, market.liquidityVault]) {
          await market.token.connect(market.accounts.bob).transfer(vault, BigInt(x));
          this.now += 1n;
        }
        return;
      default:
        await this.send(this.theirCall(name, { player, positionId, amount, x }));
    }
  }

  private theirCall(
    name: Exclude<Others["name"], "open" | "close" | "mandate" | "transfer" | "donate">,
    { player, positionId, amount, x }: Target,
  ): Call {
    switch (name) {
      case "liquidate":
      case "settleAtCap":
        return { do: name, positionId };
      case "addMargin":
      case "removeMargin":
        return { do: name, player, positionId, amount };
      case "deposit":
        return { do: "requestDeposit", player: "provider", amount };
      case "redeem":
        return {
          do: "requestRedeem",
          player: "provider",
          amount: Rational.of(BigInt(x) * 10n ** 15n),
        };
      case "fulfill":
        this.now += 300n;
        return { do: "fulfill", queue: x % 2 === 0 ? "deposits" : "redeems", maxCount: 5n };
      case "upkeep":
        return { do: x % 2 === 0 ? "sweepDues" : "accrue" };
    }
  }

  private async ownerOf(positionId: bigint): Promise<Player> {
    const { marginVault, accounts } = this.stage.market;
    const { owner } = await marginVault.position(positionId);
    const known = (["bob", "carol", "keeper"] as const).find(
      (player) => accounts[player].address === owner,
    );
    return known ?? "bob";
  }

  private async openTheirs(account: Player, sizeDelta: Rational): Promise<void> {
    const notional = sizeDelta.magnitude().times(this.othersPrice).ceil();
    const outcome = await this.order({
      account,
      sizeDelta,
      margin: notional / 4n + 20n,
      reserve: (notional * 3n) / 10n,
      price: this.othersPrice,
    });
    if (outcome.names[0] !== "opened") throw new Error(`Others cannot open: ${outcome.names}`);
    this.theirs.push(await this.stage.market.orderBook.orderCount());
  }

  /** Submits a market order, tells the price that covers it, and executes it; three calls in six seconds. */
  private async order(input: OrderInput): Promise<Outcome> {
    const { account = "alice", sizeDelta, margin = 0n, reserve = 0n, price = this.price } = input;
    const buys = sizeDelta.sign() > 0n;
    const wish: Wish = {
      account,
      positionId: input.positionId ?? 0n,
      kind: "market",
      reduceOnly: input.reduceOnly ?? false,
      feeFromMargin: false,
      termsId: 1n,
      sizeDelta,
      margin: Rational.of(margin),
      reserve: Rational.of(reserve),
      acceptablePrice: buys ? ANY_PRICE : ZERO,
      triggerPrice: ZERO,
      keeperFee: Rational.of(1n, 2n),
      expiry: 0n,
    };
    const submitted = await this.send({ do: "submit", wish });
    if (submitted.kind !== "done") return submitted;
    const orderId = await this.stage.market.orderBook.orderCount();
    this.now += 2n;
    await this.tell(account === "alice" ? price : this.othersPrice);
    return await this.send({ do: "execute", orderId });
  }

  private async tell(value: Rational): Promise<void> {
    const now = this.now + 1n;
    const price = { value, validFrom: now - 1n, observedAt: now, validUntil: now };
    await this.send({ do: "tell", price });
  }

  private async send(call: Call): Promise<Outcome> {
    this.now += 1n;
    return await send(this.stage, call, this.now);
  }
}

interface Target {
  readonly player: Player;
  readonly positionId: bigint;
  readonly amount: Rational;
  readonly x: number;
}

interface OrderInput {
  readonly account?: Player;
  readonly positionId?: bigint;
  readonly sizeDelta: Rational;
  /** Whole units. */
  readonly margin?: bigint;
  readonly reserve?: bigint;
  readonly reduceOnly?: boolean;
  readonly price?: Rational;
}

function mandateOf(player: Player, positionId: bigint, share: Rational): Call {
  const trigger = ONE.plus(share).floorTo(Rational.of(1n, 10n ** 6n));
  const mandate = {
    capLeft: Rational.of(50_000n),
    trigger,
    target: trigger.plus(Rational.of(1n, 5n)),
    minInterval: 60n,
    expiry: FAR,
    maxKeeperFee: Rational.of(2n),
  };
  return { do: "setMandate", player, positionId, mandate };
}

async function indicesOf({ market }: Stage): Promise<Indices> {
  const { borrowIndex, fundingIndex, accruedAt, fundingVelocity, borrowRate } =
    await market.marginVault.market();
  return { borrowIndex, fundingIndex, accruedAt, fundingVelocity, borrowRate };
}

const MASK_96 = (1n << 96n) - 1n;
const MASK_80 = (1n << 80n) - 1n;

/** Writes indices and rates into the market's slots, and leaves all else of them. */
async function force(connection: NetworkConnection, stage: Stage, indices: Indices): Promise<void> {
  const address = String(stage.market.marginVault.target);
  const slot = await marketSlot(connection, stage);
  const { networkHelpers } = connection;
  const sizes = BigInt(await networkHelpers.getStorageAt(address, slot)) & ((1n << 192n) - 1n);
  await networkHelpers.setStorageAt(address, slot, sizes | (indices.borrowIndex << 192n));
  const funding = (indices.fundingIndex & MASK_96) | ((indices.fundingVelocity & MASK_80) << 96n);
  const rest = (indices.borrowRate << 176n) | (indices.accruedAt << 216n);
  await networkHelpers.setStorageAt(address, slot + 1n, funding | rest);
  const written = await indicesOf(stage);
  for (const [name, value] of Object.entries(indices)) {
    if (written[name as keyof Indices] !== value) throw new Error(`"${name}" was not forced.`);
  }
}

/** Finds the first slot of the market's sums by what is in it. */
async function marketSlot(connection: NetworkConnection, stage: Stage): Promise<bigint> {
  const { longOpenInterest, shortOpenInterest, borrowIndex } =
    await stage.market.marginVault.market();
  const wanted = longOpenInterest | (shortOpenInterest << 96n) | (borrowIndex << 192n);
  for (let slot = 0n; slot < 64n; slot += 1n) {
    const word = await connection.networkHelpers.getStorageAt(
      String(stage.market.marginVault.target),
      slot,
    );
    if (BigInt(word) === wanted && wanted !== 0n) return slot;
  }
  throw new Error("The market's slots were not found.");
}
