import { expect } from "chai";

import { NO_LOGS } from "../../../scripts/chain/logs.ts";
import { MarketIndex } from "../../../scripts/keeper/marketIndex.ts";
import { changesFromText, changesToText } from "../../../scripts/keeper/store/codec.ts";
import { type Database, upsert } from "../../../scripts/keeper/store/database.ts";
import { type Entry, IndexStore, type Tip } from "../../../scripts/keeper/store/indexStore.ts";
import { openStore } from "../../../scripts/keeper/store/open.ts";
import { eventLog, mandateLog } from "../../fixtures/marketLogs.ts";
import { startPostgres, type TestServer } from "../../fixtures/postgres.ts";

const ACCOUNT = "0x00000000000000000000000000000000000000A1";
const ORDER = [0xa1n, 90n, 5n, 80n, 1_000n, 0n, 40n, 0n, 500_000n, 2n, 4n];

const closed = (positionId: bigint) => eventLog("marginVault", "PositionClosed", [positionId, 1n]);
const updated = (positionId: bigint, size: bigint) =>
  eventLog("marginVault", "PositionUpdated", [
    positionId,
    1n,
    size,
    -60n,
    1_000n,
    2n,
    0n,
    30n,
    70n,
    50n,
    3n,
    ACCOUNT,
    -4n,
  ]);

const revokedAll = eventLog("mandateBook", "AllMandatesRevoked", [ACCOUNT, 3n, 1n]);

const submitted = (orderId: bigint) =>
  eventLog("orderBook", "OrderSubmitted", [orderId, orderId, ACCOUNT, 1n, ORDER]);

function tipOf(number: number): Tip {
  const head = { number, hash: `0x${number}`, parentHash: `0x${number - 1}`, timestamp: number };
  return { head, sequences: NO_LOGS };
}

async function load(store: IndexStore): Promise<MarketIndex> {
  const index = new MarketIndex();
  const { generation } = await store.open();
  for (const table of ["positions", "orders", "mandates"] as const) {
    for await (const items of store.items(generation, table)) {
      index.write(items.map(({ key, value }) => ({ table, key, after: value })));
    }
  }
  return index;
}

describe("the store", () => {
  let server: TestServer;

  before(async () => {
    server = await startPostgres();
  }).timeout(40_000);

  after(async () => {
    await server.stop();
  });

  for (const engine of ["an embedded file", "PostgreSQL"] as const) {
    describe(`a store in ${engine}`, () => {
      let database: Database;
      let store: IndexStore;
      let scopes = 0;

      before(async () => {
        database = await openStore(engine === "PostgreSQL" ? server.url : ":memory:", 5_000);
      });

      after(async () => {
        await database.close();
      });

      beforeEach(() => {
        scopes += 1;
        store = new IndexStore(database, `market ${scopes}`);
      });

      const into = { generation: 0, keepFrom: 0, active: true };

      it("begins with nothing", async () => {
        expect(await store.open()).to.deep.equal({ generation: 0, tip: undefined, journal: [] });
      });

      it("gives back what was stored, step by step", async () => {
        const index = new MarketIndex();
        const first: Entry = {
          tip: tipOf(1),
          before: undefined,
          changes: index.apply([updated(1n, 5n), updated(2n, -7n), submitted(3n)]),
        };
        const second: Entry = {
          tip: tipOf(2),
          before: tipOf(1),
          changes: index.apply([closed(1n), updated(2n, -6n)]),
        };
        await store.commit(first, into);
        await store.commit(second, into);
        const loaded = await load(store);
        expect([...loaded.positions]).to.deep.equal([...index.positions]);
        expect([...loaded.orders]).to.deep.equal([...index.orders]);
        const stored = await store.open();
        expect(stored.tip).to.deep.equal(tipOf(2));
        expect(stored.journal.map(({ tip }) => tip.head.number)).to.deep.equal([1, 2]);
      });

      it("takes steps back exactly", async () => {
        const index = new MarketIndex();
        const first = { tip: tipOf(1), before: undefined, changes: index.apply([updated(1n, 5n)]) };
        await store.commit(first, into);
        const before = [...index.positions];
        const changes = index.apply([updated(1n, 4n), closed(1n), updated(2n, 9n)]);
        const second = { tip: tipOf(2), before: tipOf(1), changes };
        await store.commit(second, into);
        await store.revert([second], 0, tipOf(1));
        expect([...(await load(store)).positions]).to.deep.equal(before);
        expect((await store.open()).tip).to.deep.equal(tipOf(1));
      });

      it("keeps mandates, and takes back what became of them", async () => {
        const index = new MarketIndex();
        const given = [
          updated(1n, 5n),
          updated(2n, 6n),
          mandateLog(1n, ACCOUNT),
          mandateLog(2n, ACCOUNT),
        ];
        const first = { tip: tipOf(1), before: undefined, changes: index.apply(given, 50n) };
        await store.commit(first, into);
        const before = [...index.mandates];
        expect([...(await load(store)).mandates]).to.deep.equal(before);
        const changes = index.apply([closed(1n), revokedAll], 51n);
        expect([...index.mandates]).to.deep.equal([]);
        const second = { tip: tipOf(2), before: tipOf(1), changes };
        await store.commit(second, into);
        expect([...(await load(store)).mandates]).to.deep.equal([]);
        await store.revert([second], 0, tipOf(1));
        expect([...(await load(store)).mandates]).to.deep.equal(before);
      });

      it("forgets steps that are too old to be taken back", async () => {
        const steps = [1, 2, 3].map((number) => ({
          tip: tipOf(number),
          before: undefined,
          changes: [],
        }));
        for (const step of steps)
          await store.commit(step, { ...into, keepFrom: step.tip.head.number - 1 });
        const { journal } = await store.open();
        expect(journal.map(({ tip }) => tip.head.number)).to.deep.equal([2, 3]);
      });

      it("shows another history only once it is whole", async () => {
        const old = new MarketIndex();
        await store.commit(
          { tip: tipOf(1), before: undefined, changes: old.apply([updated(1n, 5n)]) },
          into,
        );
        const fresh = new MarketIndex();
        await store.commit(
          { tip: tipOf(9), before: undefined, changes: fresh.apply([updated(8n, 5n)]) },
          { generation: 1, keepFrom: 0, active: false },
        );
        expect((await store.open()).tip).to.deep.equal(tipOf(1));
        expect([...(await load(store)).positions.keys()]).to.deep.equal([1n]);
        await store.activate(1, tipOf(9));
        expect((await store.open()).tip).to.deep.equal(tipOf(9));
        expect([...(await load(store)).positions.keys()]).to.deep.equal([8n]);
      });

      it("keeps nothing of a transaction that fails", async () => {
        const failing = database.transaction(async (inside) => {
          await upsert(inside, {
            table: "notes",
            keys: ["scope", "key"],
            columns: ["scope", "key", "value"],
            rows: [["test", `failed ${engine}`, "x"]],
          });
          throw new Error("on purpose");
        });
        let failure: unknown;
        await failing.catch((cause: unknown) => {
          failure = cause;
        });
        expect(String(failure)).to.include("on purpose");
        const left = await database.query("SELECT * FROM notes WHERE key = $1", [
          `failed ${engine}`,
        ]);
        expect(left).to.deep.equal([]);
      });

      it("lets transactions that overlap happen one after another", async () => {
        const name = `count ${engine}`;
        const note = (value: number, on: Database) =>
          upsert(on, {
            table: "notes",
            keys: ["scope", "key"],
            columns: ["scope", "key", "value"],
            rows: [["test", name, String(value)]],
          });
        await note(0, database);
        const lock = engine === "PostgreSQL" ? " FOR UPDATE" : "";
        const increment = () =>
          database.transaction(async (inside) => {
            const sql = `SELECT value FROM notes WHERE key = $1${lock}`;
            const [row] = await inside.query(sql, [name]);
            await note(Number(row?.value) + 1, inside);
          });
        await Promise.all(Array.from({ length: 10 }, increment));
        const [row] = await database.query("SELECT value FROM notes WHERE key = $1", [name]);
        expect(row?.value).to.equal("10");
      });
    });
  }
});

describe("changesToText", () => {
  it("keeps values of any length, and that there were none", () => {
    const changes = [
      { table: "positions", key: 2n ** 52n, before: undefined, after: Buffer.from([0, 255]) },
      { table: "deposits", key: 1n, before: Buffer.from("true"), after: undefined },
    ] as const;
    expect(changesFromText(changesToText(changes))).to.deep.equal(changes);
  });
});
