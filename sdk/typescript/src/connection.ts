// One WebSocket from Hello to its end: matches answers to requests, gives each request a deadline,
// keeps the heartbeat. It never reconnects; that is the link's work.
import { create, fromBinary, toBinary, type MessageInitShape } from "@bufbuild/protobuf";
import { FlareError, toErrorCode } from "./errors.js";
import { FrameSchema, type Frame, type Welcome } from "./gen/flare/client/v1/frame_pb.js";

export const subprotocol = "flare.v1.proto";

/** The part of the browser's WebSocket this SDK uses; `ws` on Node has it too. */
export interface WebSocketLike {
  binaryType: string;
  onopen: ((event: any) => void) | null;
  onmessage: ((event: any) => void) | null;
  onclose: ((event: any) => void) | null;
  onerror: ((event: any) => void) | null;
  send(data: Uint8Array<ArrayBuffer>): void;
  close(code?: number, reason?: string): void;
}

export type WebSocketConstructor = new (url: string, protocols: string) => WebSocketLike;

export type Body = Frame["body"];
export type BodyCase = NonNullable<Body["case"]>;
export type BodyOf<Case extends BodyCase> = Extract<Body, { case: Case }>["value"];
export type BodyInit = NonNullable<MessageInitShape<typeof FrameSchema>["body"]>;

export interface ConnectionOptions {
  url: string;
  token: string;
  client: string;
  webSocket: WebSocketConstructor;
  requestTimeoutMs: number;
  /** Frames with request_id 0, in the order they came. */
  onPush: (body: Body) => void;
  /** Called once, however the connection ended. */
  onEnd: (error: FlareError) => void;
}

interface Waiting {
  expected: readonly BodyCase[];
  resolve: (body: Body) => void;
  reject: (error: FlareError) => void;
  timer: ReturnType<typeof setTimeout>;
}

export class Connection {
  private readonly socket: WebSocketLike;
  private readonly waiting = new Map<bigint, Waiting>();
  private lastRequestId = 0n;
  private heartbeat: ReturnType<typeof setInterval> | undefined;
  private sentSinceBeat = false;
  private receivedSinceBeat = false;
  private ended = false;
  private opened: (() => void) | undefined;

  private constructor(private readonly options: ConnectionOptions) {
    this.socket = new options.webSocket(options.url, subprotocol);
    this.socket.binaryType = "arraybuffer";
    this.socket.onopen = () => this.opened?.();
    this.socket.onmessage = (event: { data: unknown }) => this.receive(event.data);
    this.socket.onerror = () => {}; // a close follows, and says more
    this.socket.onclose = (event: { code?: number; reason?: string }) =>
      this.end(lost(event?.reason || `connection closed (${event?.code ?? "no code"})`));
  }

  /** Fails with what the server answered to Hello, or UNAVAILABLE when it could not be asked. */
  static async open(
    options: ConnectionOptions,
  ): Promise<{ connection: Connection; welcome: Welcome }> {
    let failed: ((error: FlareError) => void) | undefined;
    let welcomed = false;
    const connection = new Connection({
      ...options,
      onEnd: (error) => (welcomed ? options.onEnd(error) : failed?.(error)),
    });
    await new Promise<void>((resolve, reject) => {
      const timer = setTimeout(
        () => connection.end(lost("the connection could not be opened in time")),
        options.requestTimeoutMs,
      );
      connection.opened = () => (clearTimeout(timer), resolve());
      failed = (error) => (clearTimeout(timer), reject(error));
    });
    try {
      const { token, client } = options;
      const welcome = await connection.request(
        { case: "hello", value: { token, client } },
        "welcome",
      );
      welcomed = true;
      connection.startHeartbeat(welcome.heartbeatMs || 30_000);
      return { connection, welcome };
    } catch (error) {
      connection.close();
      throw error;
    }
  }

  /**
   * Fails with the server's Error; with DEADLINE_EXCEEDED when no answer came in time (the outcome
   * is then unknown); with UNAVAILABLE when the connection ended first (unknown as well).
   */
  async request<Case extends BodyCase>(
    body: BodyInit,
    expected: Case,
    timeoutMs = this.options.requestTimeoutMs,
  ): Promise<BodyOf<Case>> {
    return (await this.ask(body, [expected], timeoutMs)).value as BodyOf<Case>;
  }

  /** As request(), where more than one body is a good answer. */
  ask(
    body: BodyInit,
    expected: readonly BodyCase[],
    timeoutMs = this.options.requestTimeoutMs,
  ): Promise<Body> {
    return new Promise((resolve, reject) => {
      if (this.ended) return reject(lost("the connection has ended"));
      const requestId = ++this.lastRequestId;
      const timer = setTimeout(() => {
        this.waiting.delete(requestId);
        reject(
          new FlareError("DEADLINE_EXCEEDED", `${body.case}: no answer in ${timeoutMs} ms`, true),
        );
      }, timeoutMs);
      this.waiting.set(requestId, { expected, resolve, reject, timer });
      this.send(requestId, body);
    });
  }

  /** A frame without an answer. Does nothing once the connection has ended. */
  push(body: BodyInit): void {
    if (!this.ended) this.send(0n, body);
  }

  close(): void {
    this.end(new FlareError("CANCELLED", "closed by the application"));
  }

  /** Ends the connection unless the server answers soon. For when the network may have changed. */
  probe(timeoutMs: number): void {
    this.request({ case: "ping", value: {} }, "pong", timeoutMs).catch((error: FlareError) => {
      if (error.code === "DEADLINE_EXCEEDED") this.end(lost("the server does not answer"));
    });
  }

  private send(requestId: bigint, body: BodyInit): void {
    this.sentSinceBeat = true;
    const bytes = toBinary(FrameSchema, create(FrameSchema, { requestId, body }));
    try {
      this.socket.send(bytes);
    } catch {
      this.end(lost("the connection is not open"));
    }
  }

  private receive(data: unknown): void {
    if (this.ended) return;
    this.receivedSinceBeat = true;
    let frame: Frame;
    try {
      if (!(data instanceof ArrayBuffer || data instanceof Uint8Array))
        throw new TypeError("not binary");
      frame = fromBinary(FrameSchema, data instanceof Uint8Array ? data : new Uint8Array(data));
    } catch {
      return this.end(lost("the server sent bytes that do not parse"));
    }
    if (frame.requestId === 0n) return this.options.onPush(frame.body);
    const waiting = this.waiting.get(frame.requestId);
    if (!waiting) return; // the answer came after its deadline
    this.waiting.delete(frame.requestId);
    clearTimeout(waiting.timer);
    const { body } = frame;
    if (body.case === "error") {
      const { name, message, retry, retryAfterMs } = body.value;
      waiting.reject(new FlareError(toErrorCode(name), message, retry, retryAfterMs));
    } else if (body.case && waiting.expected.includes(body.case)) {
      waiting.resolve(body);
    } else {
      waiting.reject(
        new FlareError("INTERNAL", `unexpected answer: ${body.case ?? "nothing known"}`),
      );
    }
  }

  // Twice in each period, so that a timer that fires late still keeps the server's deadline. A
  // connection that carries traffic both ways needs no ping.
  private startHeartbeat(heartbeatMs: number): void {
    if (this.ended) return;
    this.heartbeat = setInterval(() => {
      if (!this.sentSinceBeat || !this.receivedSinceBeat) this.probe(this.options.requestTimeoutMs);
      this.sentSinceBeat = false;
      this.receivedSinceBeat = false;
    }, heartbeatMs / 2);
  }

  private end(error: FlareError): void {
    if (this.ended) return;
    this.ended = true;
    clearInterval(this.heartbeat);
    this.socket.onopen = this.socket.onmessage = this.socket.onclose = null;
    try {
      this.socket.close(1000);
    } catch {
      // It never opened; there is nothing to close.
    }
    for (const waiting of this.waiting.values()) {
      clearTimeout(waiting.timer);
      waiting.reject(error);
    }
    this.waiting.clear();
    this.options.onEnd(error);
  }
}

function lost(message: string): FlareError {
  return new FlareError("UNAVAILABLE", message, true);
}
