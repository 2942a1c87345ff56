import { expect } from "chai";

import type { PageRequest, StreamApi } from "../../../scripts/chain/streamApi.ts";
import {
  DEFAULT_POLICY,
  ReportRejectedError,
  StreamClient,
} from "../../../scripts/chain/streamClient.ts";
import {
  NoReportError,
  StreamRefusedError,
  StreamServiceError,
} from "../../../scripts/chain/streamFailures.ts";
import type { BulkheadError } from "../../../scripts/core/errors.ts";
import type { ServedReport } from "../../../scripts/core/reportBuffer.ts";
import {
  CREDENTIALS,
  FakeClock,
  FakeSockets,
  FEED,
  messageOf,
  OTHER_FEED,
  saying,
  served,
  settled,
  WAD,
} from "../../fixtures/streamService.ts";

/** A service whose reports are those of every second up to `until`, and that can be made to fail. */
class FakeService {
  until = 0n;
  failure: Error | undefined;
  readonly pages: PageRequest[] = [];
  asked = 0;

  readonly api: StreamApi = {
    feeds: () => this.#answer(() => [FEED]),
    latest: () => this.#answer(() => served(this.until)),
    at: (_feedId, time) => this.#answer(() => this.#at(time)),
    bulk: (_feedIds, time) => this.#answer(() => [this.#at(time)]),
    page: (page) => {
      this.pages.push(page);
      return this.#answer(() => this.#page(page));
    },
  };

  async #answer<T>(make: () => T): Promise<T> {
    this.asked += 1;
    if (this.failure !== undefined) throw this.failure;
    return make();
  }

  #at(time: bigint): ServedReport {
    if (time > this.until) throw new NoReportError(String(time));
    return served(time);
  }

  #page({ from, limit }: PageRequest): readonly ServedReport[] {
    const left = this.until < from ? 0 : Number(this.until - from) + 1;
    return Array.from({ length: Math.min(left, limit) }, (_, index) =>
      served(from + BigInt(index)),
    );
  }
}

interface Stage {
  readonly client: StreamClient;
  readonly clock: FakeClock;
  readonly sockets: FakeSockets;
  readonly service: FakeService;
  readonly troubles: BulkheadError[];
  readonly news: bigint[];
}

const ORIGINS = ["ws://one.example", "ws://two.example"];
const RULES = { feedId: FEED, maxSpread: WAD / 1_000n };

function stageOf(feeds = [RULES]): Stage {
  const clock = new FakeClock();
  const sockets = new FakeSockets();
  const service = new FakeService();
  const troubles: BulkheadError[] = [];
  const news: bigint[] = [];
  const client = new StreamClient({
    wsUrls: ORIGINS,
    credentials: CREDENTIALS,
    feeds,
    api: service.api,
    openSocket: sockets.open,
    clock,
    policy: DEFAULT_POLICY,
    onReport: ({ observedAt }) => news.push(observedAt),
    onTrouble: (trouble) => troubles.push(trouble),
  });
  return { client, clock, sockets, service, troubles, news };
}

/** Connected, with a report of each of these seconds. */
function listening(...seconds: readonly bigint[]): Stage {
  const stage = stageOf();
  stage.client.start();
  stage.sockets.last.request.onOpen();
  for (const second of seconds) tell(stage, served(second));
  return stage;
}

function tell({ sockets, service }: Stage, report: ServedReport): void {
  if (report.observedAt > service.until) service.until = report.observedAt;
  sockets.last.request.onMessage(messageOf(report));
}

function end({ sockets }: Stage): void {
  sockets.last.request.onEnd(new StreamServiceError("a stream that was cut"));
}

const timesOf = ({ client }: Stage) => client.reports(FEED).map(({ observedAt }) => observedAt);

/** Refuses every connection for so long [ms], then lets the next one come about. */
async function outage(stage: Stage, ms: number): Promise<void> {
  const { clock, sockets } = stage;
  const until = clock.elapsed() + ms;
  end(stage);
  while (clock.elapsed() < until) {
    const tried = sockets.all.length;
    await clock.pass(50);
    if (sockets.all.length > tried) end(stage);
  }
  const tried = sockets.all.length;
  while (sockets.all.length === tried) await clock.pass(50);
  sockets.last.request.onOpen();
}

describe("StreamClient", () => {
  it("signs its handshake, and never shows the secret", () => {
    const { sockets } = listening();
    const { url, headers } = sockets.last.request;
    expect(url).to.equal(`ws://one.example/api/v1/ws?feedIDs=${FEED}`);
    expect(headers).to.have.property("Authorization", CREDENTIALS.apiKey);
    expect(JSON.stringify(headers)).not.to.include(CREDENTIALS.userSecret);
  });

  it("keeps what it hears, in order, and tells each report once", () => {
    const stage = listening(100n, 101n, 101n, 102n);
    expect(timesOf(stage)).to.deep.equal([100n, 101n, 102n]);
    expect(stage.news).to.deep.equal([100n, 101n, 102n]);
  });

  it("keeps both reports of one second", () => {
    const stage = listening(100n);
    tell(stage, served(100n, { ask: 2_000n * WAD + WAD }));
    expect(timesOf(stage)).to.deep.equal([100n, 100n]);
  });

  describe("when what it hears is no use", () => {
    it("throws garbage away and goes on", () => {
      const stage = listening(100n);
      const { onMessage } = stage.sockets.last.request;
      for (const text of [
        "",
        "{",
        "[]",
        '{"report":{}}',
        messageOf({ ...served(1n), fullReport: "0x12" }),
      ]) {
        onMessage(text);
      }
      expect(stage.troubles.map(({ name }) => name)).to.deep.equal(
        Array.from({ length: 5 }, () => "StreamServiceError"),
      );
      tell(stage, served(101n));
      expect(timesOf(stage)).to.deep.equal([100n, 101n]);
      expect(stage.client.health.rejected).to.equal(5);
    });

    for (const [fault, changes] of [
      ["times", { expiresAt: 100n }],
      ["prices", { bid: 2_001n * WAD }],
      ["spread", { ask: 2_100n * WAD }],
      ["feed", { feedId: OTHER_FEED }],
    ] as const) {
      it(`rejects a report whose ${fault} is wrong`, () => {
        const stage = listening();
        stage.sockets.last.request.onMessage(messageOf(served(101n, changes)));
        expect(timesOf(stage)).to.deep.equal([]);
        expect(stage.troubles).to.have.length(1);
        expect(stage.troubles[0])
          .to.be.instanceOf(ReportRejectedError)
          .with.property("fault", fault);
      });
    }
  });

  for (const seconds of [3, 4, 10, 90]) {
    describe(`given an outage of ${seconds} s`, () => {
      it("comes back by itself and hears again", async () => {
        const stage = listening(100n);
        await outage(stage, seconds * 1_000);
        tell(stage, served(101n));
        expect(stage.client.health).to.include({ connected: true, opened: 2, silentMs: 0 });
        expect(timesOf(stage)).to.deep.equal([100n, 101n]);
      });

      it("tries again at a bounded rate, and no more once it is back", async () => {
        const stage = listening(100n);
        await outage(stage, seconds * 1_000);
        // Pauses of 0.25, 0.5, 1, 2, 4, 8, then 10 s each: the sum of the first n must reach the outage.
        const bound = 7 + Math.ceil(Math.max(0, seconds - 15.75) / 10);
        expect(stage.sockets.all.length).to.be.lessThan(2 + bound);
        const tried = stage.sockets.all.length;
        for (let second = 1n; second < 30n; second += 1n) {
          tell(stage, served(100n + second));
          await stage.clock.pass(1_000);
        }
        expect(stage.sockets.all.length).to.equal(tried);
      });
    });
  }

  it("begins with short pauses anew once it has heard a report, and not before", async () => {
    const stage = listening(100n);
    await outage(stage, 4_000);
    // Connected, but silent: the next pause goes on doubling. 0.25 + 0.5 + 1 + 2 + 4 s were borne.
    end(stage);
    const tried = stage.sockets.all.length;
    await stage.clock.pass(7_950);
    expect(stage.sockets.all).to.have.length(tried);
    await stage.clock.pass(50);
    stage.sockets.last.request.onOpen();
    tell(stage, served(101n));
    end(stage);
    await stage.clock.pass(250);
    expect(stage.sockets.all).to.have.length(tried + 2);
  });

  it("moves on to the next origin when one fails", async () => {
    const stage = stageOf();
    stage.client.start();
    end(stage);
    await stage.clock.pass(250);
    expect(stage.sockets.all.map(({ request }) => new URL(request.url).host)).to.deep.equal([
      "one.example",
      "two.example",
    ]);
  });

  describe("given a half-open socket", () => {
    it("is opened anew after 3 s without a report", async () => {
      const stage = listening(100n);
      await stage.clock.pass(3_000);
      expect(stage.sockets.all).to.have.length(1);
      await stage.clock.pass(1_000);
      expect(stage.sockets.all).to.have.length(2);
      expect(stage.sockets.all[0]).to.have.property("closed", true);
    });

    it("takes the same report over and over for silence", async () => {
      const stage = listening(100n);
      for (let second = 0; second < 5; second += 1) {
        await stage.clock.pass(1_000);
        if (stage.sockets.all.length === 1) tell(stage, served(100n));
      }
      expect(stage.sockets.all.length).to.be.greaterThan(1);
    });

    it("does not hear what the old socket still says", async () => {
      const stage = listening(100n);
      const [old] = stage.sockets.all;
      await stage.clock.pass(4_000);
      old?.request.onMessage(messageOf(served(101n)));
      old?.request.onEnd(new StreamServiceError("the old one"));
      expect(timesOf(stage)).to.deep.equal([100n]);
      expect(stage.sockets.all).to.have.length(2);
    });

    it("gives a handshake up that never ends", async () => {
      const stage = stageOf();
      stage.client.start();
      await stage.clock.pass(7_000);
      expect(stage.sockets.all.length).to.be.greaterThan(1);
      expect(stage.sockets.all[0]).to.have.property("closed", true);
    });
  });

  it("bears a feed that stays silent ever longer, for the sake of the others", async () => {
    const stage = stageOf([RULES, { ...RULES, feedId: OTHER_FEED }]);
    stage.client.start();
    stage.sockets.last.request.onOpen();
    for (let second = 1n; second <= 120n; second += 1n) {
      tell(stage, served(second));
      const tried = stage.sockets.all.length;
      await stage.clock.pass(1_000);
      if (stage.sockets.all.length > tried) stage.sockets.last.request.onOpen();
    }
    // At most every 3 s at first, every 13 s in the end.
    expect(stage.sockets.all.length).to.be.within(8, 16);
  });

  it("tells that it is refused, and asks again at the slowest rate", async () => {
    const stage = stageOf();
    stage.client.start();
    stage.sockets.last.request.onEnd(new StreamRefusedError("the stream", 401));
    expect(stage.troubles[0]).to.be.instanceOf(StreamRefusedError);
    await stage.clock.pass(9_900);
    expect(stage.sockets.all).to.have.length(1);
    await stage.clock.pass(200);
    expect(stage.sockets.all).to.have.length(2);
  });

  describe("given a gap", () => {
    it("asks for what it missed, and for nothing else", async () => {
      const stage = listening(100n);
      await outage(stage, 10_000);
      tell(stage, served(110n));
      await settled();
      expect(stage.service.pages).to.deep.equal([{ feedId: FEED, from: 101n, limit: 100 }]);
      expect(timesOf(stage)).to.deep.equal([
        100n,
        101n,
        102n,
        103n,
        104n,
        105n,
        106n,
        107n,
        108n,
        109n,
        110n,
      ]);
    });

    it("asks again when that fails", async () => {
      const stage = listening(100n);
      stage.service.failure = new StreamServiceError("a page");
      tell(stage, served(103n));
      await settled();
      expect(timesOf(stage)).to.deep.equal([100n, 103n]);
      stage.service.failure = undefined;
      await stage.clock.pass(1_000);
      expect(timesOf(stage)).to.deep.equal([100n, 101n, 102n, 103n]);
    });

    it("asks no more once the gap is older than what is kept", async () => {
      const stage = listening(100n);
      stage.service.failure = new StreamServiceError("a page");
      tell(stage, served(103n));
      await settled();
      // 60 s after the gap's last second, 102. The jump is a gap of its own, which reaches back to 103.
      tell(stage, served(163n));
      await settled();
      stage.service.failure = undefined;
      stage.service.pages.length = 0;
      await stage.clock.pass(1_000);
      expect(stage.service.pages.map(({ from }) => from)).to.deep.equal([104n]);
    });

    it("pages on where one page does not hold it all", async () => {
      const stage = stageOf();
      const clocked = { ...DEFAULT_POLICY, pageLimit: 4 };
      const client = new StreamClient({
        wsUrls: ORIGINS,
        credentials: CREDENTIALS,
        feeds: [RULES],
        api: stage.service.api,
        openSocket: stage.sockets.open,
        clock: stage.clock,
        policy: clocked,
      });
      client.start();
      stage.sockets.last.request.onOpen();
      tell(stage, served(100n));
      tell(stage, served(110n));
      await settled();
      expect(client.reports(FEED)).to.have.length(11);
      // Each page begins with the last second of the one before: it may hold two reports.
      expect(stage.service.pages.map(({ from }) => from)).to.deep.equal([101n, 104n, 107n]);
    });
  });

  describe("newest", () => {
    it("is the newest report that is not of the future", async () => {
      const { client } = listening(100n, 101n, 102n);
      expect((await client.newest(FEED, 101n))?.observedAt).to.equal(101n);
    });

    it("asks the service while the stream is silent, and fills the gap later", async () => {
      const stage = listening(100n);
      end(stage);
      stage.service.until = 103n;
      expect((await stage.client.newest(FEED, 200n))?.observedAt).to.equal(103n);
      await stage.clock.pass(1_000);
      expect(timesOf(stage)).to.deep.equal([100n, 101n, 102n, 103n]);
    });

    it("makes do with what is known when the service is out of reach", async () => {
      const stage = listening(100n);
      end(stage);
      stage.service.failure = new StreamServiceError("anything");
      expect((await stage.client.newest(FEED, 200n))?.observedAt).to.equal(100n);
    });
  });

  describe("covering", () => {
    it("finds the report of a second without asking", async () => {
      const stage = listening(100n, 101n);
      expect((await stage.client.covering(FEED, 101n))?.observedAt).to.equal(101n);
      expect(stage.service.asked).to.equal(0);
    });

    it("waits for a second that has not come", async () => {
      const stage = listening(100n);
      expect(await stage.client.covering(FEED, 101n)).to.equal(undefined);
      expect(stage.service.asked).to.equal(0);
    });

    it("asks for a second before it listened, once", async () => {
      const stage = listening(1_000n);
      expect((await stage.client.covering(FEED, 900n))?.observedAt).to.equal(900n);
      expect((await stage.client.covering(FEED, 900n))?.observedAt).to.equal(900n);
      expect(stage.service.asked).to.equal(1);
    });

    it("knows nothing while the service does not say", async () => {
      const stage = listening(1_000n);
      stage.service.failure = new StreamServiceError("anything");
      expect(await stage.client.covering(FEED, 900n)).to.equal(undefined);
    });

    it("does not take a report that speaks for another second", async () => {
      const stage = listening(1_000n);
      const lying = { ...stage.service.api, at: async () => served(901n, saying(901n)) };
      Object.assign(stage.service.api, lying);
      expect(await stage.client.covering(FEED, 900n)).to.equal(undefined);
    });
  });

  it("leaves nothing running once it is stopped", async () => {
    const stage = listening(100n);
    stage.client.stop();
    expect(stage.clock.alarms).to.equal(0);
    expect(stage.sockets.last.closed).to.equal(true);
    stage.sockets.last.request.onEnd(new StreamServiceError("anything"));
    await stage.clock.pass(60_000);
    expect(stage.sockets.all).to.have.length(1);
  });
});
