import { WebSocket } from "ws";

import { StreamRefusedError, StreamServiceError } from "./streamFailures.ts";

/** One connection that listens to the service. */
export interface StreamSocket {
  /** End it at once. It tells nothing afterwards. */
  readonly close: () => void;
}

/** Where a connection goes, and who is told what comes of it. */
export interface SocketRequest {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly onOpen: () => void;
  readonly onMessage: (text: string) => void;
  /** Told once, whichever way it ends, unless it was closed from here. */
  readonly onEnd: (cause: StreamServiceError | StreamRefusedError) => void;
}

/** Opens a connection and returns before it is there. */
export type SocketOpener = (request: SocketRequest) => StreamSocket;

/** A report of the service has a few kilobytes. */
const MAX_MESSAGE_BYTES = 1_000_000;
const FIRST_FAULT = 500;
const TOO_MANY = 429;

/** Open a WebSocket. Nothing of it is kept alive, retried or timed here: who opens it watches over it. */
export const openStreamSocket: SocketOpener = (request) => {
  const socket = new WebSocket(request.url, {
    headers: { ...request.headers },
    maxPayload: MAX_MESSAGE_BYTES,
    perMessageDeflate: false,
    followRedirects: false,
  });
  let over = false;
  const end = (cause: StreamServiceError | StreamRefusedError) => {
    if (over) return;
    over = true;
    socket.terminate();
    request.onEnd(cause);
  };
  const what = "the stream of reports";
  socket.on("open", () => {
    if (!over) request.onOpen();
  });
  socket.on("message", (data) => {
    if (!over) request.onMessage(String(data));
  });
  socket.on("unexpected-response", (_request, { statusCode = 0 }) => {
    const passes = statusCode >= FIRST_FAULT || statusCode === TOO_MANY;
    end(
      passes
        ? new StreamServiceError(`${what}: status ${statusCode}`)
        : new StreamRefusedError(what, statusCode),
    );
  });
  // Stays for good: a socket that is terminated while it connects still says so.
  socket.on("error", (cause) => end(new StreamServiceError(what, cause)));
  socket.on("close", (code) => end(new StreamServiceError(`${what}: closed with code ${code}`)));
  return {
    close: () => {
      over = true;
      socket.terminate();
    },
  };
};
