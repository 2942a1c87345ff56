import { readdir, readFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import {
  type ArtifactResolver,
  type BuildInfo,
  type DeploymentParameters,
  DeploymentResultType,
  deploy,
  type EIP1193Provider,
  type IgnitionModule,
  type IgnitionModuleResult,
} from "@nomicfoundation/ignition-core";

import { ask, type Node } from "../chain/provider.ts";
import { FatalError } from "../core/errors.ts";

/** Thrown when a deployment does not come about. */
export class DeploymentError extends FatalError {}

/** What to deploy, where, and who pays. */
export interface Deployment<Contracts extends IgnitionModuleResult<string>> {
  readonly provider: Node;
  readonly module: IgnitionModule<string, string, Contracts>;
  readonly parameters: DeploymentParameters;
  readonly accounts: readonly string[];
}

const ARTIFACTS = fileURLToPath(new URL("../../artifacts", import.meta.url));
const BUILD_INFO = join(ARTIFACTS, "build-info");

/**
 * Deploy an Ignition module to a local chain, and return the addresses by the names it gives them.
 *
 * @throws DeploymentError when the artifacts are missing or a step fails.
 */
export async function ignite<Contracts extends IgnitionModuleResult<string>>({
  provider,
  module,
  parameters,
  accounts,
}: Deployment<Contracts>): Promise<Readonly<Record<keyof Contracts & string, string>>> {
  const result = await deploy({
    artifactResolver: await artifactResolver(),
    provider: eip1193(provider),
    ignitionModule: module,
    deploymentParameters: parameters,
    accounts: [...accounts],
    config: { blockPollingInterval: 20, requiredConfirmations: 1, retryInterval: 50 },
  });
  if (result.type !== DeploymentResultType.SUCCESSFUL_DEPLOYMENT) {
    throw new DeploymentError(`"${module.id}" was not deployed: ${JSON.stringify(result)}`);
  }
  const entries = Object.entries(module.results).map(([name, future]) => {
    const address = result.contracts[future.id]?.address;
    if (address === undefined) throw new DeploymentError(`"${future.id}" has no address.`);
    return [name, address] as const;
  });
  return Object.fromEntries(entries) as Record<keyof Contracts & string, string>;
}

/** Ignition speaks EIP-1193. */
function eip1193(provider: Node): EIP1193Provider {
  return {
    request: ({ method, params }) =>
      ask(provider, method, Array.isArray(params) ? params : params === undefined ? [] : [params]),
  };
}

/** Compiled contracts by name, as the build leaves them. */
async function artifactResolver(): Promise<ArtifactResolver> {
  const files = await artifactFiles();
  return {
    loadArtifact: (name) => readJson(fileOf(files, name)),
    getBuildInfo: async (name) => {
      const artifact = await readJson<{ buildInfoId?: string }>(fileOf(files, name));
      return artifact.buildInfoId === undefined
        ? undefined
        : readJson<BuildInfo>(join(BUILD_INFO, `${artifact.buildInfoId}.json`));
    },
  };
}

async function artifactFiles(): Promise<ReadonlyMap<string, string>> {
  try {
    const all = await readdir(ARTIFACTS, { recursive: true });
    const files = all.filter((file) => file.endsWith(".json") && !file.startsWith("build-info"));
    return new Map(files.map((file) => [basename(file, ".json"), join(ARTIFACTS, file)]));
  } catch (cause) {
    throw new DeploymentError('There are no compiled contracts. Run "npm run build".', { cause });
  }
}

function fileOf(files: ReadonlyMap<string, string>, name: string): string {
  const file = files.get(name);
  if (file === undefined) {
    throw new DeploymentError(`The contract "${name}" is not compiled. Run "npm run build".`);
  }
  return file;
}

async function readJson<T>(file: string): Promise<T> {
  return JSON.parse(await readFile(file, "utf8")) as T;
}
