import { readdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { expect } from "chai";
import { keccak256 } from "ethers";
import { artifacts, network } from "hardhat";
import { compareCode } from "../fixtures/codeCheck.ts";
import { onDeployableCode } from "../fixtures/deployable.ts";

const connection = await network.create();
const { ethers, networkHelpers } = connection;
const ROOT = new URL("../../", import.meta.url);
const NAME = "MarketLens";

/** The compiler's own entry point has no types. */
interface Compiler {
  readonly version: () => string;
  readonly compile: (input: string) => string;
}

interface BuildInput {
  readonly language: string;
  readonly sources: Record<string, { readonly content: string }>;
  readonly settings: object;
}

interface BuildInfo {
  readonly solcLongVersion: string;
  readonly input: BuildInput;
}

interface BuildOutput {
  readonly contracts: Record<
    string,
    Record<string, { readonly evm: { readonly deployedBytecode: { readonly object: string } } }>
  >;
}

/** What the last build of a contract was made from. */
async function buildOf(name: string) {
  const { buildInfoId, inputSourceName } = await artifacts.readArtifact(name);
  const file = new URL(`artifacts/build-info/${buildInfoId}.json`, ROOT);
  const info = JSON.parse(readFileSync(file, "utf8")) as BuildInfo;
  return { info, source: inputSourceName ?? "" };
}

/** Compiles one contract anew, from the sources of this repository, with the compiler of the lockfile. */
async function rebuild(name: string): Promise<string> {
  const solc = createRequire(import.meta.url)("solc") as Compiler;
  const { info, source } = await buildOf(name);
  expect(solc.version()).to.equal(`${info.solcLongVersion}.Emscripten.clang`);
  const sources = Object.entries(info.input.sources).map(([path, { content }]) => {
    const own = path.startsWith("project/");
    return [path, { content: own ? readSource(path.slice("project/".length)) : content }] as const;
  });
  const outputSelection = { [source]: { [name]: ["evm.deployedBytecode.object"] } };
  const input = {
    ...info.input,
    sources: Object.fromEntries(sources),
    settings: { ...info.input.settings, outputSelection },
  };
  const output = JSON.parse(solc.compile(JSON.stringify(input))) as BuildOutput;
  return `0x${output.contracts[source]?.[name]?.evm.deployedBytecode.object}`;
}

function readSource(path: string): string {
  return readFileSync(new URL(path, ROOT), "utf8");
}

/** A deployment and what its record keeps of it. */
async function recorded() {
  const lens = await ethers.deployContract(NAME);
  const address = await lens.getAddress();
  return { address, codeHash: keccak256(await ethers.provider.getCode(address)) };
}

onDeployableCode("scenario 18: code obfuscation", () => {
  describe("scenario 18: code obfuscation", () => {
    let built = "0x";

    before(async function () {
      this.timeout(300_000);
      built = await rebuild(NAME);
    });

    describe("given a deployment and its record", () => {
      it("gives the record's hash when it is built anew from these sources", async () => {
        const { codeHash } = await networkHelpers.loadFixture(recorded);
        expect(keccak256(built)).to.equal(codeHash);
      });

      it("reports no difference from what is on the chain", async () => {
        const { address } = await networkHelpers.loadFixture(recorded);
        expect(compareCode(built, await ethers.provider.getCode(address))).to.equal(undefined);
      });

      for (const at of [0, 1_234, -1]) {
        it(`reports one flipped byte, at ${at === -1 ? "the end" : at}`, async () => {
          const { address, codeHash } = await networkHelpers.loadFixture(recorded);
          const bytes = ethers.getBytes(await ethers.provider.getCode(address));
          const flipped = at === -1 ? bytes.length - 1 : at;
          bytes[flipped] = (bytes[flipped] ?? 0) ^ 0xff;
          await networkHelpers.setCode(address, ethers.hexlify(bytes));
          const deployed = await ethers.provider.getCode(address);
          expect(keccak256(deployed)).not.to.equal(codeHash);
          expect(compareCode(built, deployed)?.at).to.equal(flipped);
        });
      }

      it("reports code that goes on after its end", () => {
        const length = ethers.dataLength(built);
        expect(compareCode(built, `${built}00`)).to.deep.equal({
          at: length,
          built: undefined,
          deployed: 0,
        });
      });
    });

    it("pins the compiler, by version and by content, in the lockfile", () => {
      const { packages } = JSON.parse(readSource("package-lock.json"));
      const { devDependencies } = JSON.parse(readSource("package.json"));
      const { version, integrity } = packages["node_modules/solc"];
      expect(version).to.equal(devDependencies.solc);
      expect(integrity).to.match(/^sha512-/);
    });

    it("keeps every contract file short enough to be read", () => {
      const files = readdirSync(new URL("contracts/", ROOT), { recursive: true, encoding: "utf8" });
      const long = files
        .filter((file) => file.endsWith(".sol"))
        .filter((file) => readSource(`contracts/${file}`).split("\n").length > 301);
      expect(long).to.deep.equal([]);
    });
  });
});
