import type { OrderRequestStruct } from "../../types/ethers-contracts/contracts/interfaces/IOrderBook.ts";
import { calling } from "../chain/errors.ts";
import { OrderKind } from "../core/orderMath.ts";
import type { Snapshot } from "../core/snapshot.ts";
import { exitAtAnyPrice, type PlannedPosition, type PlannedReaction } from "./book.ts";
import type { TracedPosition } from "./result.ts";
import { accountOf } from "./setup.ts";
import { transact, type World } from "./world.ts";

/** Owners who act by hand: each once, when the price has gone as far against them as they can bear. */
export class Owners {
  readonly #world: World;
  readonly #waiting: Map<bigint, { plan: PlannedPosition; reaction: PlannedReaction }>;

  constructor(world: World, opened: readonly TracedPosition[]) {
    this.#world = world;
    this.#waiting = new Map(
      opened.flatMap(({ plan, history: { positionId } }) =>
        plan.reaction === undefined
          ? []
          : [[positionId, { plan, reaction: plan.reaction }] as const],
      ),
    );
  }

  /** Whether a price makes anybody act. */
  isDue(price: bigint): boolean {
    return [...this.#waiting.values()].some(({ reaction }) => isReached(reaction, price));
  }

  /** Let those act whose price has come and whose position is still open. Returns whether anybody did. */
  async act(snapshot: Snapshot): Promise<boolean> {
    const price = snapshot.spot?.price;
    if (price === undefined) return false;
    let acted = false;
    for (const [positionId, { plan, reaction }] of this.#waiting) {
      if (!isReached(reaction, price)) continue;
      this.#waiting.delete(positionId);
      const size = snapshot.state.positions.get(positionId)?.size;
      if (size === undefined) continue;
      const account = accountOf(this.#world, plan);
      acted = true;
      if (reaction.kind === "close") await this.#close(account, positionId, size);
      else await this.#addMargin(account, positionId, reaction.amount);
    }
    return acted;
  }

  async #close(account: string, positionId: bigint, size: bigint): Promise<void> {
    const { orderBook, addresses } = this.#world.contracts;
    const keeperFee = await calling("minKeeperFee", () => orderBook.minKeeperFee());
    const request: OrderRequestStruct = {
      positionId,
      kind: OrderKind.Market,
      reduceOnly: true,
      feeFromMargin: false,
      termsId: 0n,
      sizeDelta: -size,
      margin: 0n,
      reserve: 0n,
      acceptablePrice: exitAtAnyPrice(size),
      triggerPrice: 0n,
      keeperFee,
      expiry: 0n,
    };
    const data = orderBook.interface.encodeFunctionData("submit", [request]);
    await transact(this.#world.provider, account, { to: addresses.orderBook, data });
  }

  async #addMargin(account: string, positionId: bigint, amount: bigint): Promise<void> {
    const { marginVault, addresses } = this.#world.contracts;
    const amountToken = amount / this.#world.tokenScale;
    const data = marginVault.interface.encodeFunctionData("addMargin", [positionId, amountToken]);
    await transact(this.#world.provider, account, { to: addresses.marginVault, data });
  }
}

function isReached(reaction: PlannedReaction, price: bigint): boolean {
  return reaction.when === "below" ? price <= reaction.price : price >= reaction.price;
}
