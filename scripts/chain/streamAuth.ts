import { createHash, createHmac } from "node:crypto";
import { readFile } from "node:fs/promises";
import { z } from "zod";

import { KeyError } from "./failures.ts";

/** Who asks the Data Streams service, and what they prove it with. */
export interface StreamCredentials {
  /** Names the account; not a secret. */
  readonly apiKey: string;
  readonly userSecret: string;
}

/** A request to be signed. */
export interface SignedRequest {
  readonly method: "GET";
  /** Path with its query. */
  readonly path: string;
  /** Time of this machine [ms]; the service allows 5 s of difference. */
  readonly timestamp: number;
}

/** Names of the headers that carry authentication. */
export const AUTH_HEADERS = {
  key: "Authorization",
  timestamp: "X-Authorization-Timestamp",
  signature: "X-Authorization-Signature-SHA256",
} as const;

const NO_BODY = createHash("sha256").update("").digest("hex");

const file = z.object({ apiKey: z.string().min(1), userSecret: z.string().min(1) });

/**
 * Read credentials from a JSON file with `apiKey` and `userSecret`.
 *
 * @throws KeyError when there is no such file or it holds something else; what it holds is never told.
 */
export async function readStreamCredentials(path: string): Promise<StreamCredentials> {
  let parsed: ReturnType<typeof file.safeParse>;
  try {
    parsed = file.safeParse(JSON.parse(await readFile(path, "utf8")));
  } catch {
    // The cause is left out: it may quote what it could not parse.
    throw new KeyError(`The stream credentials "${path}" cannot be read as JSON. Check the file.`);
  }
  if (parsed.success) return parsed.data;
  throw new KeyError(
    `The stream credentials "${path}" lack "apiKey" or "userSecret". Write both as texts.`,
  );
}

/** Return a request's signature: HMAC-SHA256, in hex, of method, path, hash of the body, key and time. */
export function signRequest(
  { method, path, timestamp }: SignedRequest,
  { apiKey, userSecret }: StreamCredentials,
): string {
  const text = [method, path, NO_BODY, apiKey, timestamp].join(" ");
  return createHmac("sha256", userSecret).update(text).digest("hex");
}

/** Return the headers that authenticate a request. */
export function authHeaders(
  request: SignedRequest,
  credentials: StreamCredentials,
): Readonly<Record<string, string>> {
  return {
    [AUTH_HEADERS.key]: credentials.apiKey,
    [AUTH_HEADERS.timestamp]: String(request.timestamp),
    [AUTH_HEADERS.signature]: signRequest(request, credentials),
  };
}
