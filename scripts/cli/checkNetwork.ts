import Table from "cli-table3";
import { Command } from "commander";

import { readNetwork } from "../chain/networkReader.ts";
import { connectNode, hostOf } from "../chain/provider.ts";
import { environment } from "../config/environment.ts";
import { ParametersError, readNetworkPlan } from "../config/network.ts";
import { BulkheadError } from "../core/errors.ts";
import { type Finding, judgeNetwork } from "../core/networkCheck.ts";

interface Options {
  readonly rpcUrl?: string;
  readonly json?: boolean;
}

const PARAMETERS = new URL("../../deploy/parameters/", import.meta.url);
const TIMEOUT_MS = 15_000;

const program = new Command("check:network")
  .description("Hold a network's deployment parameters against what its chain says.")
  .argument("<network>", "file of deploy/parameters without its ending, such as arbitrum-one")
  .option("--rpc-url <url>", "the network's node; BULKHEAD_RPC_URL when absent")
  .option("--json", "print the findings for machines")
  .parse();

process.exitCode = await main(program.args[0] ?? "", program.opts<Options>());

/** Ends with 0 when everything is as planned, 1 when something is off or the node is silent, 2 on wrong settings. */
async function main(network: string, options: Options): Promise<number> {
  try {
    const rpcUrl = options.rpcUrl ?? environment().BULKHEAD_RPC_URL;
    const plan = await readNetworkPlan(PARAMETERS, network);
    if (rpcUrl === undefined || URL.parse(rpcUrl) === null) {
      throw new ParametersError(
        "There is no node to ask. Give --rpc-url, or set BULKHEAD_RPC_URL to its address.",
      );
    }
    const provider = await connectNode({ rpcUrl, timeoutMs: TIMEOUT_MS });
    const findings = judgeNetwork(plan, await readNetwork(provider, plan));
    provider.destroy();
    const where = `"${network}" at "${hostOf(rpcUrl)}"`;
    process.stdout.write(options.json === true ? jsonOf(findings) : tell(findings, where));
    return findings.some(({ verdict }) => verdict === "off") ? 1 : 0;
  } catch (cause) {
    if (!(cause instanceof BulkheadError)) throw cause;
    process.stderr.write(`${cause.message}\n`);
    return cause instanceof ParametersError ? 2 : 1;
  }
}

function jsonOf(findings: readonly Finding[]): string {
  return `${JSON.stringify(findings, undefined, 2)}\n`;
}

function tell(findings: readonly Finding[], where: string): string {
  const table = new Table({
    head: ["What", "Check", "Expected", "Found", ""],
    style: { head: [] },
  });
  for (const { subject, check, expected, found, verdict } of findings) {
    table.push([subject, check, expected, found, verdict]);
  }
  const off = findings.filter(({ verdict }) => verdict === "off");
  const lines = off.map(
    ({ subject, check, expected, found }) =>
      `${subject}, ${check}: found "${found}", expected "${expected}".`,
  );
  const verdict =
    off.length === 0
      ? `Everything that was looked at of ${where} is as planned.`
      : `${off.length} of ${findings.length} are off at ${where}:\n${lines.join("\n")}\nCorrect the parameters, or do not deploy.`;
  return `${table.toString()}\n${verdict}\n`;
}
