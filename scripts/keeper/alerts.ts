import type { Logger } from "pino";

/** Where alerts go. Addresses carry secrets: they are never logged. */
export type Channel =
  | { readonly kind: "webhook" | "slack"; readonly url: string }
  | { readonly kind: "telegram"; readonly url: string; readonly chatId: string };

/** What is told. */
export interface Alert {
  /** One of a kind: the same is not told again while it lasts. */
  readonly name: string;
  readonly severity: "notice" | "warning" | "critical";
  readonly text: string;
}

/** How alerts are told. */
export interface AlertsOptions {
  readonly channels: readonly Channel[];
  /** Tell what lasts again after this [ms]. */
  readonly repeatMs: number;
  readonly now: () => number;
  readonly post: (url: string, body: unknown) => Promise<void>;
  readonly log: Logger;
  readonly onRaised: (name: string) => void;
}

/** What is raised while nothing can be stored: then nothing new is read or sent. */
export const STORE_ALERT: Alert = {
  name: "store",
  severity: "critical",
  text: "The store fails. Make room on its disk, or see that its server runs.",
};

const TIMEOUT_MS = 5_000;

/** Tells people, once for each thing as long as it lasts. */
export class Alerts {
  readonly #options: AlertsOptions;
  readonly #raised = new Map<string, number>();

  constructor(options: AlertsOptions) {
    this.#options = options;
  }

  /** Tell something, unless it was told already and still lasts. */
  raise(alert: Alert): void {
    const { now, repeatMs, log, onRaised } = this.#options;
    const told = this.#raised.get(alert.name);
    if (told !== undefined && now() - told < repeatMs) return;
    this.#raised.set(alert.name, now());
    onRaised(alert.name.replace(/ .*/, ""));
    log.warn({ alert: alert.name, severity: alert.severity, reason: alert.text }, "alert");
    this.#tell(alert);
  }

  /** Note that something is over; that is told, too, when it had been told. */
  clear(name: string): void {
    if (!this.#raised.delete(name)) return;
    this.#options.log.info({ alert: name }, "alert is over");
    this.#tell({ name, severity: "notice", text: "This is over." });
  }

  /** A channel that fails never stops the keeper. */
  #tell(alert: Alert): void {
    const { channels, post, log } = this.#options;
    for (const channel of channels) {
      post(urlOf(channel), bodyFor(channel, alert)).catch(() => {
        log.warn({ channel: channel.kind, alert: alert.name }, "alert could not be told");
      });
    }
  }
}

/** Post JSON, with a deadline. */
export async function postJson(url: string, body: unknown): Promise<void> {
  const response = await fetch(url, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
    signal: AbortSignal.timeout(TIMEOUT_MS),
  });
  if (!response.ok) throw new Error(`The channel answered "${response.status}".`);
}

function urlOf(channel: Channel): string {
  return channel.kind === "telegram" ? `${channel.url}/sendMessage` : channel.url;
}

function bodyFor(channel: Channel, alert: Alert): unknown {
  const text = `[${alert.severity}] ${alert.name}: ${alert.text}`;
  switch (channel.kind) {
    case "webhook":
      return alert;
    case "slack":
      return { text };
    case "telegram":
      return { chat_id: channel.chatId, text };
  }
}
