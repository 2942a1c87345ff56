import { once } from "node:events";
import { createServer } from "node:http";

import type { Health } from "./health.ts";
import type { Metrics } from "./metrics.ts";

/** What is served to those who watch over a keeper. */
export interface OpsOptions {
  readonly host: string;
  /** 0 for any free one. */
  readonly port: number;
  readonly metrics: Metrics;
  readonly health: Health;
  readonly status: () => unknown;
}

/** A server of metrics and health. */
export interface OpsServer {
  readonly port: number;
  readonly close: () => Promise<void>;
}

/** Serve `/metrics`, `/livez`, `/readyz` and `/status`. */
export async function serveOps(options: OpsOptions): Promise<OpsServer> {
  const { metrics, health, status } = options;
  const server = createServer((request, response) => {
    const answer = (code: number, body: unknown) => {
      response.writeHead(code, { "content-type": "application/json" });
      response.end(JSON.stringify(body));
    };
    switch (request.url) {
      case "/livez":
        // That the loop of this process still turns is all that this says.
        answer(200, { live: true });
        return;
      case "/readyz": {
        const report = health.report();
        answer(report.ready ? 200 : 503, report);
        return;
      }
      case "/status":
        answer(200, status());
        return;
      case "/metrics":
        metrics.registry.metrics().then(
          (text) => {
            response.writeHead(200, { "content-type": metrics.registry.contentType });
            response.end(text);
          },
          () => answer(500, { failed: true }),
        );
        return;
      default:
        answer(404, { found: false });
    }
  });
  server.listen(options.port, options.host);
  await once(server, "listening");
  const bound = server.address();
  return {
    port: typeof bound === "object" && bound !== null ? bound.port : options.port,
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}
