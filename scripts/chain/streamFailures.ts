import { FatalError, RetryableError } from "../core/errors.ts";

/** Thrown when the Data Streams service does not answer, or not with what was asked for. */
export class StreamServiceError extends RetryableError {
  constructor(what: string, cause?: unknown) {
    super(`The stream service did not answer "${what}". It is asked again.`, { cause });
  }
}

/** Thrown when the service has no report for a moment: too early, or too long ago. */
export class NoReportError extends RetryableError {
  constructor(what: string) {
    super(`The stream service has no report for "${what}" yet.`);
  }
}

/** Thrown when the service refuses a request: asking again changes nothing. */
export class StreamRefusedError extends FatalError {
  readonly status: number;

  constructor(what: string, status: number) {
    super(`The stream service refused "${what}" with status "${status}". ${adviceFor(status)}`);
    this.status = status;
  }
}

function adviceFor(status: number): string {
  if (status === 401 || status === 403) {
    return "Check key and secret, that the account may read the feed, and this machine's clock.";
  }
  return "Check the addresses of the service and the feed's id.";
}
