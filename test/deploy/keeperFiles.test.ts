import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { expect } from "chai";
import { parse } from "yaml";

import { SETTINGS } from "../../scripts/config/keeper.ts";
import { variableOf } from "../../scripts/config/settings.ts";
import { createMetrics } from "../../scripts/keeper/metrics.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const FOLDER = join(ROOT, "deploy/keeper");
const METRIC = /\bbulkhead_keeper_\w+/g;
const GROUPING = /\bby \(([\w, ]+)\)/g;

const read = (name: string) => readFile(join(FOLDER, name), "utf8");

/** Every series that a keeper serves, with the labels it may have. */
async function series(): Promise<ReadonlyMap<string, ReadonlySet<string>>> {
  const { registry } = createMetrics();
  const found = new Map<string, ReadonlySet<string>>();
  for (const { name, type } of await registry.getMetricsAsJSON()) {
    const metric = registry.getSingleMetric(name) as unknown as { labelNames: string[] };
    const isHistogram = String(type) === "histogram";
    const labels = new Set([...metric.labelNames, ...(isHistogram ? ["le"] : [])]);
    const names = isHistogram ? [`${name}_bucket`, `${name}_sum`, `${name}_count`] : [name];
    for (const one of names) found.set(one, labels);
  }
  return found;
}

interface Panel {
  readonly title: string;
  readonly targets?: readonly { readonly expr: string }[];
}

/** Everything that the dashboard and the rules ask Prometheus for. */
async function queries(): Promise<readonly string[]> {
  const dashboard = JSON.parse(await read("grafana/dashboards/keeper.json"));
  const panels = dashboard.panels as readonly Panel[];
  const rules = parse(await read("alerts.yml"));
  return [
    ...panels.flatMap(({ targets = [] }) => targets.map(({ expr }) => expr)),
    ...rules.groups.flatMap((group: { readonly rules: readonly { readonly expr: string }[] }) =>
      group.rules.map(({ expr }) => expr),
    ),
  ];
}

/** The labels that a query groups by. */
function labelsOf(query: string): readonly string[] {
  return [...query.matchAll(GROUPING)].flatMap(([, list = ""]) =>
    list.split(",").map((label) => label.trim()),
  );
}

describe("the keeper's files of operation", () => {
  it("ask only for what a keeper measures, by labels that it has", async () => {
    const known = await series();
    const all = await queries();
    expect(all.length).to.be.greaterThan(20);
    for (const query of all) {
      const names = query.match(METRIC) ?? [];
      for (const name of names) expect(known.has(name), `${name} in ${query}`).to.equal(true);
      for (const label of labelsOf(query)) {
        const has = names.every((name) => known.get(name)?.has(label) === true);
        expect(has, `${label} in ${query}`).to.equal(true);
      }
    }
  });

  it("show everything that tells of danger", async () => {
    const asked = (await queries()).join("\n");
    for (const name of [
      "positions_due",
      "rescues_due",
      "positions_at_risk",
      "margin_at_risk",
      "oracle_age_seconds",
      "orders_waiting",
      "liquidation_lag_seconds_bucket",
      "liquidation_lag_blocks_bucket",
      "transactions_total",
      "balance_wei",
      "frozen",
      "unknown_state",
    ]) {
      expect(asked).to.include(`bulkhead_keeper_${name}`);
    }
  });

  it("name files that exist, and one port", async () => {
    const compose = parse(await read("compose.yaml"));
    const { keeper, ...others } = compose.services;
    const dockerfile = join(FOLDER, keeper.build.context, keeper.build.dockerfile);
    expect(existsSync(dockerfile)).to.equal(true);
    expect(resolve(FOLDER, keeper.build.context)).to.equal(resolve(ROOT));
    for (const { volumes } of Object.values(others) as { readonly volumes: readonly string[] }[]) {
      for (const path of volumes.map((one) => one.split(":")[0] ?? "")) {
        if (path.startsWith(".")) expect(existsSync(join(FOLDER, path)), path).to.equal(true);
      }
    }
    const scraped = parse(await read("prometheus.yml")).scrape_configs[0].static_configs[0].targets;
    const text = await readFile(dockerfile, "utf8");
    const port = /BULKHEAD_HTTP_PORT=(\d+)/.exec(text)?.[1];
    expect(scraped).to.deep.equal([`keeper:${port}`]);
    expect(text).to.include(`EXPOSE ${port}`).and.to.include(`127.0.0.1:${port}/livez`);
    const entry = /scripts\/[\w/]+\.ts/.exec(text)?.[0] ?? "";
    expect(existsSync(join(ROOT, entry))).to.equal(true);
    expect(await read("bulkhead-keeper.service")).to.include(entry);
    expect(existsSync(join(dirname(dockerfile), "Dockerfile.dockerignore"))).to.equal(true);
  });

  it("set only what can be set", async () => {
    const known = new Set(Object.keys(SETTINGS).map(variableOf));
    const files = ["Dockerfile", "compose.yaml", "bulkhead-keeper.service", ".env.example"];
    for (const file of files) {
      for (const name of (await read(file)).match(/\bBULKHEAD_\w+/g) ?? []) {
        expect(known.has(name), `${name} in ${file}`).to.equal(true);
      }
    }
  });
});
