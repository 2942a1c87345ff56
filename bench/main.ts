import { readFileSync, writeFileSync } from "node:fs";
import Table from "cli-table3";
import { Command } from "commander";
import { type GasRow, measureGas } from "./gas.ts";
import { complaints, type GasSnapshot, snapshotOf } from "./gasSnapshot.ts";
import { type KeeperReport, measureKeeper } from "./keeper.ts";
import { PUBLISHED_GAS } from "./published.ts";
import { measureRisk, type RiskReport } from "./risk.ts";

const GAS_SNAPSHOT = new URL("gas.snapshot.json", import.meta.url);

const program = new Command("bench").description("Measurements that anybody can repeat.");

program
  .command("gas")
  .description("gas of every common operation, beside its ceiling and the field's figures")
  .option("--json <file>", "write the rows to a file")
  .option("--update", "write the snapshot that --check compares with")
  .option("--check", "fail where a figure grew by more than 0.5% since the snapshot")
  .action(async (options: GasOptions) => {
    const rows = await measureGas();
    process.stdout.write(`${gasTable(rows)}\n\n${fieldTable(rows)}\n`);
    const over = rows.filter((row) => row.ceiling !== null && row.gas > row.ceiling);
    for (const row of over) {
      process.stdout.write(`over its ceiling: ${row.operation}, ${row.gas} > ${row.ceiling}\n`);
    }
    if (options.json !== undefined) {
      const report = { rows, field: PUBLISHED_GAS, withinBudget: over.length === 0 };
      writeFileSync(options.json, `${JSON.stringify(report, null, 2)}\n`);
    }
    if (options.check === true) checkSnapshot(rows);
    if (options.update === true) {
      writeFileSync(GAS_SNAPSHOT, `${JSON.stringify(snapshotOf(rows), null, 2)}\n`);
    }
  });

interface GasOptions {
  readonly json?: string;
  readonly update?: boolean;
  readonly check?: boolean;
}

function checkSnapshot(rows: readonly GasRow[]): void {
  const before: GasSnapshot = JSON.parse(readFileSync(GAS_SNAPSHOT, "utf8"));
  const found = complaints(before, rows);
  for (const complaint of found) process.stderr.write(`${complaint}\n`);
  if (found.length > 0) process.exitCode = 1;
}

program
  .command("risk")
  .description("speed of the risk tools, and the score of both estimates on a history")
  .option("--history <file>", "CSV of past prices to score both estimates on")
  .option("--json <file>", "write the numbers to a file")
  .action(async (options: { readonly history?: string; readonly json?: string }) => {
    const report = await measureRisk(options.history);
    process.stdout.write(`${riskTables(report).join("\n\n")}\n`);
    if (options.json !== undefined) {
      writeFileSync(options.json, `${JSON.stringify(report, null, 2)}\n`);
    }
  });

function riskTables({ speed, calibration }: RiskReport): readonly string[] {
  const table = (head: readonly string[], rows: readonly (readonly string[])[]) => {
    const drawn = new Table({ head: [...head], style: { head: [] } });
    for (const row of rows) drawn.push([...row]);
    return drawn.toString();
  };
  const percent = (share: number) => `${(share * 100).toFixed(2)}%`;
  const speeds = table(
    ["measure", "a second"],
    [
      ["path steps drawn, one thread", speed.stepsPerSecond.toLocaleString("en")],
      ["positions against drawn paths, one thread", speed.positionsPerSecond.toLocaleString("en")],
      ...speed.simulation.map(({ workers, fatesPerSecond, speedUp }) => [
        `simulated positions × paths, ${workers} workers (${speedUp.toFixed(2)}x)`,
        fatesPerSecond.toLocaleString("en"),
      ]),
    ],
  );
  const same = speed.same ? "every number of workers found the same bytes" : "WORKERS DISAGREE";
  if (calibration === undefined) return [speeds, same];
  const scores = table(
    [
      "position",
      "days",
      "realised",
      "closed form",
      "empirical",
      "Brier closed form",
      "Brier empirical",
    ],
    calibration.rows.map(({ side, leverage, days, realised, closedForm, empirical }) => [
      `${leverage}x ${side}`,
      String(days),
      percent(realised),
      percent(closedForm.mean),
      percent(empirical.mean),
      closedForm.brier.toFixed(5),
      empirical.brier.toFixed(5),
    ]),
  );
  const { closedForm, empirical } = calibration.reliability;
  const bins = table(
    ["forecast", "closed form: n", "mean", "realised", "empirical: n", "mean", "realised"],
    closedForm.map((bin, index) => {
      const other = empirical[index] ?? bin;
      const cells = [bin, other].flatMap(({ n, forecast, realised }) =>
        n === 0 ? ["0", "–", "–"] : [String(n), percent(forecast), percent(realised)],
      );
      return [`${percent(bin.from)} – ${percent(bin.to)}`, ...cells];
    }),
  );
  const { brier } = calibration;
  const total = `Brier score over all: closed form ${brier.closedForm.toFixed(5)}, empirical ${brier.empirical.toFixed(5)}`;
  return [speeds, same, scores, total, bins];
}

program
  .command("keeper")
  .description("search, restart and reaction of the keeper, beside a scan by view calls")
  .option("--json <file>", "write the figures to a file")
  .action(async (options: { readonly json?: string }) => {
    const report = await measureKeeper((text) => process.stderr.write(`${text}\n`));
    process.stdout.write(`${keeperTable(report)}\n`);
    if (options.json !== undefined) {
      writeFileSync(options.json, `${JSON.stringify(report, null, 2)}\n`);
    }
    if (!report.withinBudget) process.exitCode = 1;
  });

function keeperTable({ search, rescues, restart, reaction, load }: KeeperReport): string {
  const table = new Table({ head: ["figure", "value", "budget"], style: { head: [] } });
  const ms = (value: number) => `${value.toFixed(2)} ms`;
  const many = (value: number) => value.toLocaleString("en");
  const { scan } = reaction;
  table.push(
    [`search of ${many(search.positions)}, p50 of ${search.prices}`, ms(search.p50), ""],
    ["search, p99", ms(search.p99), "10 ms"],
    ["search, worst", ms(search.worst), ""],
    [`missed of ${many(search.checkedExactly)} checks`, many(search.falseNegatives), "0"],
    [`search at the price of a crash, naming ${many(search.crash.named)}`, ms(search.crash.ms), ""],
    [`search of ${many(rescues.mandates)} mandates for triggers, p50`, ms(rescues.p50), ""],
    ["the same, p99", ms(rescues.p99), ""],
    ["bytes of columns a position", search.bytesInColumns.toFixed(0), ""],
    ["bytes of the process a position", search.bytesInProcess.toFixed(0), ""],
    [`restart with ${many(restart.positions)}`, ms(restart.ms), "10,000 ms"],
    [`price seen to transaction handed, ${many(reaction.positions)}, p50`, ms(reaction.p50), ""],
    ["the same, p99", ms(reaction.p99), "50 ms"],
    [`scan by view calls, one position (sample of ${scan.sample})`, ms(scan.msPerPosition), ""],
    [`the same, EXTRAPOLATED to ${many(scan.extrapolatedTo)}`, ms(scan.extrapolatedMs), ""],
    [`load, on ${load.cores} cores`, load.average.toFixed(1), ""],
  );
  return table.toString();
}

function gasTable(rows: readonly GasRow[]): string {
  const table = new Table({ head: ["operation", "gas", "ceiling", "left"], style: { head: [] } });
  for (const { operation, gas, ceiling } of rows) {
    const left = ceiling === null ? "" : (ceiling - gas).toLocaleString("en");
    table.push([operation, gas.toLocaleString("en"), ceiling?.toLocaleString("en") ?? "", left]);
  }
  return table.toString();
}

/** Opening takes two transactions here, the account's and the keeper's; their sum is what compares. */
function fieldTable(rows: readonly GasRow[]): string {
  const gasOf = (operation: string) => rows.find((row) => row.operation === operation)?.gas ?? 0;
  const table = new Table({
    head: ["project", "source", "open", "add margin", "liquidate"],
    style: { head: [] },
  });
  const show = (gas: number | null) => gas?.toLocaleString("en") ?? "";
  const open = gasOf("submit") + gasOf("execute open");
  table.push([
    "Bulkhead",
    "measured here",
    show(open),
    show(gasOf("add margin")),
    show(gasOf("liquidate fully")),
  ]);
  for (const row of PUBLISHED_GAS) {
    table.push([row.project, row.source, show(row.open), show(row.addMargin), show(row.liquidate)]);
  }
  return table.toString();
}

await program.parseAsync();
