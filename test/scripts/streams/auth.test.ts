import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";

import { KeyError } from "../../../scripts/chain/failures.ts";
import {
  authHeaders,
  readStreamCredentials,
  signRequest,
} from "../../../scripts/chain/streamAuth.ts";

const CREDENTIALS = { apiKey: "my-key", userSecret: "my-secret" };
const REQUEST = {
  method: "GET",
  path: "/api/v1/reports/latest?feedID=0x0003",
  timestamp: 1_716_211_845_123,
} as const;
/**
 * By OpenSSL, of "GET <path> <SHA-256 of nothing> my-key 1716211845123":
 * printf '%s' "$text" | openssl dgst -sha256 -hmac my-secret
 */
const SIGNATURE = "7527ffe358be36714538964b31143976c4d93dd0af2e72baddb5b0638ac3fce3";

describe("signRequest", () => {
  it("signs as another implementation of HMAC does", () => {
    expect(signRequest(REQUEST, CREDENTIALS)).to.equal(SIGNATURE);
  });
});

describe("authHeaders", () => {
  it("names key, time and signature, and not the secret", () => {
    expect(authHeaders(REQUEST, CREDENTIALS)).to.deep.equal({
      Authorization: "my-key",
      "X-Authorization-Timestamp": "1716211845123",
      "X-Authorization-Signature-SHA256": SIGNATURE,
    });
  });
});

describe("readStreamCredentials", () => {
  let folder: string;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "bulkhead-"));
  });

  after(async () => {
    await rm(folder, { recursive: true });
  });

  async function failureOf(text: string): Promise<unknown> {
    const path = join(folder, "credentials.json");
    await writeFile(path, text);
    return readStreamCredentials(path).catch((cause: unknown) => cause);
  }

  it("refuses a file that is not there", async () => {
    const failure = await readStreamCredentials(join(folder, "none")).catch((cause) => cause);
    expect(failure).to.be.instanceOf(KeyError);
  });

  for (const text of ["hush", '{"apiKey":"hush"}', '{"apiKey":"a","userSecret":""}', "[]"]) {
    it(`refuses ${text} and does not repeat it`, async () => {
      const failure = await failureOf(text);
      expect(failure).to.be.instanceOf(KeyError);
      expect(String(failure)).not.to.include("hush");
      expect((failure as Error).cause).to.equal(undefined);
    });
  }

  it("reads key and secret", async () => {
    const path = join(folder, "credentials.json");
    await writeFile(path, JSON.stringify({ ...CREDENTIALS, note: "ignored" }));
    expect(await readStreamCredentials(path)).to.deep.equal(CREDENTIALS);
  });
});
