import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { Command, CommanderError } from "commander";
import { registerAllocate } from "../../../scripts/risk/commands/allocate.ts";
import { registerKelly, registerLatency } from "../../../scripts/risk/commands/kelly.ts";
import { registerMarginFor } from "../../../scripts/risk/commands/marginFor.ts";
import { registerOdds } from "../../../scripts/risk/commands/odds.ts";
import { registerReplay } from "../../../scripts/risk/commands/replay.ts";
import { registerReserveFor } from "../../../scripts/risk/commands/reserveFor.ts";
import { registerSimulate } from "../../../scripts/risk/commands/simulate.ts";
import { registerSizeFor } from "../../../scripts/risk/commands/sizeFor.ts";
import { registerTimeToLiquidation } from "../../../scripts/risk/commands/timeToLiquidation.ts";
import { PositionRefusedError, RiskInputError } from "../../../scripts/risk/errors.ts";
import { terminalIo } from "../../../scripts/risk/io.ts";
import { drawsOf } from "../../../scripts/risk/random.ts";
import { expectNear } from "../../fixtures/near.ts";

const REGISTER = [
  registerOdds,
  registerMarginFor,
  registerSizeFor,
  registerReserveFor,
  registerTimeToLiquidation,
  registerAllocate,
  registerReplay,
  registerKelly,
  registerLatency,
  registerSimulate,
];

describe("risk commands", () => {
  let folder = "";
  let history = "";

  before(() => {
    folder = mkdtempSync(join(tmpdir(), "bulkhead-risk-"));
    history = join(folder, "walk.csv");
    const draws = drawsOf({ seed: 4, stream: 0 });
    let price = 2_000;
    const lines = Array.from({ length: 24 * 120 }, (_, hour) => {
      const open = price;
      price = open * Math.exp(0.007 * draws.normal());
      const bounds = [Math.max(open, price), Math.min(open, price)];
      return [1_600_000_000 + hour * 3_600, open, ...bounds, price].join(",");
    });
    writeFileSync(history, ["timestamp,open,high,low,close", ...lines].join("\n"));
  });

  after(() => {
    rmSync(folder, { recursive: true });
  });

  /** What a command prints. */
  async function run(...args: string[]): Promise<string> {
    const printed: string[] = [];
    const io = {
      ...terminalIo(),
      print: (text: string) => printed.push(text),
      note: () => undefined,
      isTerminal: false,
    };
    const program = new Command("risk")
      .exitOverride()
      .configureOutput({ writeErr: () => undefined });
    for (const register of REGISTER) register(program, io);
    for (const command of program.commands) {
      command.exitOverride().configureOutput({ writeErr: () => undefined });
    }
    await program.parseAsync(args, { from: "user" });
    return printed.join("\n");
  }

  const failureOf = (...args: string[]) => run(...args).catch((cause: unknown) => cause);
  const PLAN = ["--side", "long", "--size", "10", "--margin", "1500", "--price", "2000"];

  it("quotes odds for people and for machines", async () => {
    const told = await run(
      "odds",
      "--history",
      history,
      ...PLAN,
      "--mandate-cap",
      "500",
      "--horizons",
      "1h,24h",
    );
    // 1,500 less the fee of 0.05% of 20,000.01, and the mandate.
    expect(told).to.include("most you can lose: 1989.99").and.include("most you can win: 10000");
    const quote = JSON.parse(await run("odds", "--history", history, ...PLAN, "--json"));
    expect(quote.mostToWin).to.equal("10000000000000000000000");
    expect(quote.horizons.length).to.equal(3);
    expect(quote.horizons[1].empirical.n).to.be.within(100, 120);
  });

  it("sizes margin, position and reserve", async () => {
    const margin = JSON.parse(
      await run("margin-for", "--sigma", "0.6", "--p", "1%", "--horizon", "24h", "--json"),
    );
    // Maintenance of deploy/parameters/local.json: 2% + 0.5%: 1 − 0.975 × e^(−0.0314049 × 2.575829) = 10.077%.
    expectNear(margin.closedForm, 0.100_77, 1e-5);
    const size = JSON.parse(
      await run("size-for", "--sigma", "0.6", "--margin", "1000", "--price", "2000", "--json"),
    );
    expectNear(size.notional, 1_000 / (0.100_77 + 0.000_5), 1);
    expectNear(size.size, size.notional / 2_000, 1e-9);
    const reserve = JSON.parse(
      await run("reserve-for", "--sigma", "0.6", "--notional", "10000", "--json"),
    );
    expectNear(reserve.ratio, 0.1, 1e-12);
    expect(await run("reserve-for", "--history", history, "--notional", "10000")).to.include(
      "borrow fee a day",
    );
  });

  it("tells how long fees alone take", async () => {
    const found = JSON.parse(
      await run("time-to-liquidation", ...PLAN, "--skew", "20000", "--json"),
    );
    // Funding saturates: 1 a year on 20,000 of notional is 54.79 a day.
    expectNear(found.funding, 20_000 / 365, 0.01);
    const days = found.seconds / 86_400;
    expectNear(days, (found.equity - found.maintenance) / (found.funding + found.borrow), 1e-9);
  });

  it("shares a budget out", async () => {
    const list = "BTC:long:20000:0.4,ETH:short:10000:0.6";
    const found = JSON.parse(
      await run("allocate", "--budget", "4000", "--positions", list, "--paths", "200", "--json"),
    );
    expect(found.ways.map(({ name }: { name: string }) => name)).to.deep.equal([
      "equal",
      "notional × volatility",
      "optimum",
    ]);
    expect(found.mandates.length).to.equal(3);
    const file = join(folder, "book.json");
    writeFileSync(file, '[{"name":"A","side":"long","notional":1000,"sigma":0.5}]');
    expect(
      await run("allocate", "--budget", "400", "--positions", file, "--paths", "50"),
    ).to.include("optimum");
  });

  it("replays a crash with and without a mandate", async () => {
    expect(await run("replay", "--list")).to.include("black-thursday-eth");
    const found = JSON.parse(
      await run(
        "replay",
        "--crash",
        "luna-eth",
        "--side",
        "long",
        "--size",
        "5",
        "--margin",
        "2000",
        "--mandate-cap",
        "1500",
        "--json",
      ),
    );
    // Down 23.6% of 10,000: 2,360 lost on a margin of 2,000; 1,500 more carry it.
    expect(found.without[0].state).to.equal("liquidated");
    expect(found.with[0].state).to.equal("open");
  });

  it("replays any history, by venue or by oracle", async () => {
    const plan = ["--side", "short", "--size", "1", "--margin", "900", "--view", "venue"];
    expect(await run("replay", "--history", history, ...plan)).to.include("position 1");
  });

  it("tells growth and what delays cost", async () => {
    expect(
      await run("kelly", "--mu", "0.25", "--standard-error", "0.1", "--sigma", "0.5"),
    ).to.include("Kelly 1.0x");
    const rows = JSON.parse(await run("latency", "--sigma", "1.2", "--json"));
    expectNear(rows[3].buffer, 0.0388, 5e-5);
  });

  it("simulates, and leaves JSON, CSV and a report", async () => {
    const out = join(folder, "simulation");
    const small = [
      "--paths",
      "40",
      "--step",
      "1h",
      "--maintenance",
      "1%",
      "--caps",
      "1000",
      "--latency",
      "1h",
      "--mandates",
      "0,0.5",
    ];
    const told = await run("simulate", ...small, "--workers", "1", "--out", out);
    expect(told).to.include("jump");
    for (const name of ["result.json", "result.csv", "report.html"])
      expect(existsSync(join(out, name))).to.equal(true);
    const first = readFileSync(join(out, "result.json"), "utf8");
    await run("simulate", ...small, "--workers", "2", "--out", join(folder, "again"), "--json");
    expect(readFileSync(join(folder, "again", "result.json"), "utf8")).to.equal(first);
  });

  describe("given bad input", () => {
    const bad: readonly (readonly string[])[] = [
      ["odds", ...PLAN],
      ["odds", "--history", "nowhere.csv", ...PLAN],
      ["margin-for", "--p", "1%"],
      ["margin-for", "--sigma", "0.6", "--market", "package.json"],
      ["replay", "--side", "long", "--size", "1", "--margin", "1000"],
      ["replay", "--crash", "tulips", "--side", "long", "--size", "1", "--margin", "1000"],
      ["replay", "--crash", "luna-eth"],
      ["simulate", "--paths", "0"],
      ["simulate", "--horizon", "90m", "--step", "1h"],
      ["simulate", "--source", "bootstrap"],
      ["time-to-liquidation", "--side", "long"],
      ["time-to-liquidation", ...PLAN, "--utilization", "2"],
    ];
    for (const args of bad) {
      it(`tells what is wrong: ${args.join(" ").slice(0, 60)}`, async () => {
        expect(await failureOf(...args)).to.be.instanceOf(RiskInputError);
      });
    }

    const malformed: readonly (readonly string[])[] = [
      ["margin-for", "--horizon", "soon"],
      ["margin-for", "--p", "150%"],
      ["size-for", "--p", "0"],
      ["odds", "--side", "up"],
      ["size-for", "--margin", "1e3"],
      ["allocate", "--budget", "-1", "--positions", "x"],
      ["allocate", "--budget", "1", "--positions", "ETH:up:1:1"],
      ["replay", "--view", "crystal"],
      ["simulate", "--book", "long:5"],
    ];
    for (const args of malformed) {
      it(`refuses to read: ${args.join(" ")}`, async () => {
        expect(await failureOf(...args)).to.be.instanceOf(CommanderError);
      });
    }

    it("says what the market would refuse", async () => {
      const failure = await failureOf(
        "odds",
        "--history",
        history,
        "--side",
        "long",
        "--size",
        "10",
        "--margin",
        "100",
        "--price",
        "2000",
      );
      expect(failure).to.be.instanceOf(PositionRefusedError);
    });
  });
});
