import { encodeProof, verificationFee } from "../chain/priceProofs.ts";
import { provingSource, type StreamSource } from "../chain/priceSource.ts";
import { openStreamApi } from "../chain/streamApi.ts";
import { readStreamCredentials } from "../chain/streamAuth.ts";
import { readServedReport } from "../chain/streamReports.ts";
import type { ServedReport } from "../core/reportBuffer.ts";
import { MalformedReportError } from "../core/streamReport.ts";
import { InputError } from "./errors.ts";
import type { MarketSession } from "./session.ts";

/** What shows a market the price of now. */
export interface SpotProof {
  readonly proof: string;
  /** What its verification costs [wei]; what is too much comes back. */
  readonly value: bigint;
}

const TIMEOUT_MS = 15_000;
const HEX = /^0x([0-9a-fA-F]{2})+$/;

/**
 * Find the proof of the price of now: none where the chain knows it, else the newest signed report, from a file or from
 * the service of the settings.
 *
 * @throws InputError when there is neither, or the file holds something else; RpcError and StreamServiceError by what
 * does not answer.
 */
export async function findSpotProof(
  session: MarketSession,
  file: string | undefined,
): Promise<SpotProof> {
  const { market, provider } = session;
  const source = provingSource(market.source);
  if (source.kind === "push") {
    if (file === undefined) return { proof: "0x", value: 0n };
    throw new InputError("This market reads its price on chain. Leave --proof out.");
  }
  const report =
    file === undefined ? await newestReport(session, source) : await reportIn(session, file);
  const shown = { kind: "report", report, quoteRoundId: 0n } as const;
  return {
    proof: encodeProof(shown),
    value: await verificationFee(provider, market.source, shown),
  };
}

async function reportIn({ io }: MarketSession, file: string): Promise<ServedReport> {
  const text = (await io.readText(file)).trim();
  try {
    if (HEX.test(text)) return readServedReport(text);
  } catch (cause) {
    if (!(cause instanceof MalformedReportError)) throw cause;
  }
  throw new InputError(
    `"${file}" holds no signed report. Write what the service calls "fullReport", in hexadecimal.`,
  );
}

async function newestReport(
  { config }: MarketSession,
  { feedId }: StreamSource,
): Promise<ServedReport> {
  const { streams, name } = config.network;
  if (streams === undefined) {
    throw new InputError(
      `This market is priced by signed reports. Set \`streams\` of network "${name}" in the settings, or give --proof with the newest report.`,
    );
  }
  const api = openStreamApi({
    restUrl: streams.restUrl,
    credentials: await readStreamCredentials(streams.credentials),
    timeoutMs: TIMEOUT_MS,
    now: Date.now,
  });
  return api.latest(feedId);
}
