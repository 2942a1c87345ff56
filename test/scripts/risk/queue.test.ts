import { expect } from "chai";
import { Client } from "pg";
import { coordinate, QueueError, work } from "../../../scripts/risk/market/queue.ts";
import { simulate } from "../../../scripts/risk/market/simulate.ts";
import { startPostgres, type TestServer } from "../../fixtures/postgres.ts";
import { SPEC } from "./simulationSpec.ts";

/** Two combinations, four chunks: enough to be shared. */
const SMALL = {
  ...SPEC,
  paths: 80,
  chunk: 20,
  grid: { maintenance: [0.01], caps: [2_000], latency: [12], mandateShare: [0, 0.5] },
};

async function countChunks(url: string): Promise<number> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    const { rows } = await client.query("SELECT count(*)::int AS n FROM bulkhead_risk_chunk");
    return rows[0]?.n ?? 0;
  } finally {
    await client.end();
  }
}

describe("queue", () => {
  describe("given no database", () => {
    it("throws what to check", async () => {
      const url = "postgres://nobody@127.0.0.1:1/nothing";
      const failure = await coordinate({ url, spec: SMALL }).catch((cause: unknown) => cause);
      expect(failure).to.be.instanceOf(QueueError);
    });
  });

  describe("given a PostgreSQL server", () => {
    let database: TestServer | undefined;

    before(async () => {
      database = await startPostgres();
    });

    after(async () => {
      await database?.stop();
    });

    const urlOf = () => database?.url ?? "";

    it("finds with two workers what one machine finds, to the byte", async () => {
      const stop = new AbortController();
      const seen = [new Set<number>(), new Set<number>()];
      const workers = seen.map((chunks) =>
        work({
          url: urlOf(),
          signal: stop.signal,
          onChunk: (_run, chunk) => chunks.add(chunk),
          pollSeconds: 0.5,
        }),
      );
      const cells = await coordinate({ url: urlOf(), spec: SMALL, pollMs: 50 });
      stop.abort();
      await Promise.all(workers);
      const alone = await simulate({ spec: SMALL, workers: 1 });
      expect(JSON.stringify(cells)).to.equal(JSON.stringify(alone.cells));
      const [first, second] = seen;
      expect((first?.size ?? 0) + (second?.size ?? 0)).to.equal(4);
    });

    it("goes on where a coordinator stopped, computing nothing twice", async () => {
      const before = await countChunks(urlOf());
      const cells = await coordinate({ url: urlOf(), spec: SMALL, pollMs: 50 });
      expect(cells.length).to.equal(2);
      expect(await countChunks(urlOf())).to.equal(before);
    });
  });
});
