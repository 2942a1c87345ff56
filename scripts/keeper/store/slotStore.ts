import type { Fees } from "../../chain/fees.ts";
import { fromText, toText } from "./codec.ts";
import { type Database, upsert } from "./database.ts";

/** What a transaction is for, as far as it must survive a restart. */
export interface Intent {
  /** One of a kind: two intents of one name are never under way together. */
  readonly name: string;
  readonly to: string;
  readonly data: string;
  readonly gasLimit: bigint;
  readonly value: bigint;
  /** Most that may be offered for its gas [wei]. */
  readonly feeCap: bigint;
  /** What it acts on, for those who must keep off it meanwhile. */
  readonly items: readonly string[];
}

/** One signed transaction of a slot. */
export interface SignedTransaction {
  readonly hash: string;
  readonly raw: string;
  readonly fees: Fees;
  /** [ms since 1970] */
  readonly createdAt: number;
}

/** How far a nonce has come. */
export type SlotState = "open" | "mined" | "superseded" | "released";

/** A stored nonce with all that was ever signed under it. */
export interface StoredSlot {
  readonly nonce: number;
  readonly intent: Intent;
  readonly transactions: readonly SignedTransaction[];
}

/** Keeps every nonce of an account, and every raw transaction before it is sent. */
export class SlotStore {
  readonly #database: Database;
  readonly #lane: string;

  /** `lane` names the account on its chain. */
  constructor(database: Database, lane: string) {
    this.#database = database;
    this.#lane = lane;
  }

  /** Read the slots that are not concluded, by nonce. */
  async open(): Promise<readonly StoredSlot[]> {
    const slots = await this.#database.query(
      "SELECT nonce, intent FROM slots WHERE lane = $1 AND state = 'open' ORDER BY nonce",
      [this.#lane],
    );
    const read: StoredSlot[] = [];
    for (const { nonce, intent } of slots) {
      const rows = await this.#database.query(
        "SELECT * FROM transactions WHERE lane = $1 AND nonce = $2 ORDER BY created_at",
        [this.#lane, Number(nonce)],
      );
      const transactions = rows.map((row) => ({
        hash: String(row.hash),
        raw: String(row.raw),
        fees: fromText(String(row.fees)) as Fees,
        createdAt: Number(row.created_at),
      }));
      const parsed = fromText(String(intent)) as Intent;
      read.push({ nonce: Number(nonce), intent: parsed, transactions });
    }
    return read;
  }

  /** Store a transaction with the slot that it belongs to. */
  async keep(nonce: number, intent: Intent, transaction: SignedTransaction): Promise<void> {
    const { hash, raw, fees, createdAt } = transaction;
    await this.#database.transaction(async (inside) => {
      await this.#setState(inside, { nonce, intent, state: "open" });
      await upsert(inside, {
        table: "transactions",
        keys: ["hash"],
        columns: ["hash", "lane", "nonce", "raw", "fees", "created_at"],
        rows: [[hash, this.#lane, nonce, raw, toText(fees), createdAt]],
      });
    });
  }

  /** Note how a slot ended, or that it is open again. */
  async conclude(nonce: number, intent: Intent, state: SlotState): Promise<void> {
    await this.#setState(this.#database, { nonce, intent, state });
  }

  /** Count slots by how they ended. */
  async census(): Promise<Readonly<Record<string, number>>> {
    const rows = await this.#database.query(
      "SELECT state, COUNT(*) AS count FROM slots WHERE lane = $1 GROUP BY state",
      [this.#lane],
    );
    return Object.fromEntries(rows.map(({ state, count }) => [String(state), Number(count)]));
  }

  async #setState(
    on: Database,
    slot: { readonly nonce: number; readonly intent: Intent; readonly state: SlotState },
  ): Promise<void> {
    await upsert(on, {
      table: "slots",
      keys: ["lane", "nonce"],
      columns: ["lane", "nonce", "state", "intent"],
      rows: [[this.#lane, slot.nonce, slot.state, toText(slot.intent)]],
    });
  }
}
