// Keeps a connection to the server: asks for a token, connects, and connects again with growing
// pauses until it is closed, kicked for good, or refused. Knows nothing of what the frames mean,
// but for Kicked.
import { Backoff, type BackoffOptions } from "./backoff.js";
import {
  Connection,
  type Body,
  type BodyCase,
  type BodyInit,
  type BodyOf,
  type WebSocketConstructor,
} from "./connection.js";
import { FlareError, toFlareError } from "./errors.js";
import type { Welcome } from "./gen/flare/client/v1/frame_pb.js";

export type ConnectionState =
  /** connect() has not been called. */
  | { phase: "idle" }
  | { phase: "connecting" }
  /** Connected; what happened meanwhile is being fetched. */
  | { phase: "syncing" }
  | { phase: "online" }
  /** Tries again at retryAtMs (Date.now() time). */
  | { phase: "waiting"; retryAtMs: number; error: FlareError }
  /** For good: closed by the application, or refused or kicked, which `error` tells. */
  | { phase: "closed"; error?: FlareError };

export interface LinkOptions {
  url: string;
  token: string | (() => string | Promise<string>);
  client: string;
  webSocket: WebSocketConstructor;
  requestTimeoutMs: number;
  backoff: BackoffOptions;
}

export interface LinkEvents {
  onState(state: ConnectionState): void;
  /** A new connection is ready; the link is `syncing` until the promise is done. */
  onConnected(welcome: Welcome): Promise<void>;
  onPush(body: Body): void;
  onLost(): void;
  onKicked(kicked: { reason: string; by: string; mayReconnect: boolean }): void;
}

/** An idempotent request is tried this often before its failure is the caller's. */
const callTriesMax = 3;
/** How long a probe may take after the network is said to have changed. */
const probeTimeoutMs = 3_000;

export class Link {
  private connection: Connection | undefined;
  private currentState: ConnectionState = { phase: "idle" };
  private readonly backoff: Backoff;
  private readonly readyWaiters = new Set<() => void>();
  private wake: (() => void) | undefined;
  private stopped = false;

  constructor(
    private readonly options: LinkOptions,
    private readonly events: LinkEvents,
  ) {
    this.backoff = new Backoff(options.backoff);
  }

  get state(): ConnectionState {
    return this.currentState;
  }

  get connected(): boolean {
    return this.connection !== undefined;
  }

  /** Does not return before the link is closed. */
  async run(): Promise<void> {
    while (!this.stopped) {
      this.setState({ phase: "connecting" });
      const error = await this.session().catch(toFlareError);
      if (this.stopped) return;
      if (!error.retry) return this.finish(error);
      const waitMs = Math.max(error.retryAfterMs, this.backoff.nextMs());
      this.setState({ phase: "waiting", retryAtMs: Date.now() + waitMs, error });
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, waitMs);
        this.wake = () => (clearTimeout(timer), resolve());
      });
      this.wake = undefined;
    }
  }

  /** Ends a pause now; on a live connection, finds out whether it still is one. */
  retryNow(): void {
    this.wake?.();
    this.connection?.probe(probeTimeoutMs);
  }

  close(error?: FlareError): void {
    if (!this.stopped) this.finish(error);
  }

  push(body: BodyInit): void {
    this.connection?.push(body);
  }

  /** One try on the connection there is; UNAVAILABLE without one. */
  ask(body: BodyInit, expected: readonly BodyCase[]): Promise<Body> {
    if (!this.connection)
      return Promise.reject(new FlareError("UNAVAILABLE", "not connected", true));
    return this.connection.ask(body, expected);
  }

  /**
   * For requests that may be repeated: waits for a connection and tries again where that can help.
   */
  async call<Case extends BodyCase>(body: BodyInit, expected: Case): Promise<BodyOf<Case>> {
    const backoff = new Backoff(this.options.backoff);
    for (let tries = 1; ; ++tries) {
      try {
        await this.ready();
        return (await this.ask(body, [expected])).value as BodyOf<Case>;
      } catch (cause) {
        const error = toFlareError(cause);
        if (!error.retry || tries === callTriesMax || this.stopped) throw error;
        const waitMs = error.retryAfterMs || backoff.nextMs();
        await new Promise((resolve) => setTimeout(resolve, waitMs));
      }
    }
  }

  private ready(): Promise<void> {
    if (this.connection) return Promise.resolve();
    if (this.stopped) return Promise.reject(new FlareError("CANCELLED", "the client is closed"));
    return new Promise((resolve, reject) => {
      const done = () => {
        clearTimeout(timer);
        this.readyWaiters.delete(done);
        if (this.connection) resolve();
        else reject(new FlareError("CANCELLED", "the client is closed"));
      };
      const timer = setTimeout(() => {
        this.readyWaiters.delete(done);
        reject(new FlareError("UNAVAILABLE", "not connected", true));
      }, this.options.requestTimeoutMs);
      this.readyWaiters.add(done);
    });
  }

  /** One connection, from the token to its end; returns why it ended. */
  private async session(): Promise<FlareError> {
    const { token, ...options } = this.options;
    let ended!: (error: FlareError) => void;
    const end = new Promise<FlareError>((resolve) => (ended = resolve));
    let kicked: FlareError | undefined;
    let early: Body[] | undefined = [];
    const { connection, welcome } = await Connection.open({
      ...options,
      token: typeof token === "function" ? await freshToken(token) : token,
      onPush: (body) => {
        if (body.case === "kicked") {
          const { reason, by, mayReconnect } = body.value;
          kicked = new FlareError("PERMISSION_DENIED", reason, mayReconnect);
          this.events.onKicked({ reason, by, mayReconnect });
        } else if (early) {
          // On Node a push can arrive in the same turn as Welcome, before we know who we are.
          early.push(body);
        } else {
          this.events.onPush(body);
        }
      },
      onEnd: (error) => {
        this.connection = undefined;
        this.events.onLost();
        ended(kicked ?? error);
      },
    });
    if (this.stopped) {
      connection.close();
      return end;
    }
    this.connection = connection;
    this.setState({ phase: "syncing" });
    for (const done of [...this.readyWaiters]) done();
    const connected = this.events.onConnected(welcome);
    for (const body of early) this.events.onPush(body);
    early = undefined;
    connected.then(
      () => {
        if (this.connection !== connection) return;
        // Only now: a server that accepts and then fails must not be asked without pauses.
        this.backoff.reset();
        this.setState({ phase: "online" });
      },
      (cause: unknown) => {
        // A sync that fails leaves holes; a new connection starts over.
        ended(new FlareError("UNAVAILABLE", `sync: ${toFlareError(cause).message}`, true));
        connection.close();
      },
    );
    return end;
  }

  private finish(error: FlareError | undefined): void {
    this.stopped = true;
    const connection = this.connection;
    this.connection = undefined;
    connection?.close();
    this.setState(error ? { phase: "closed", error } : { phase: "closed" });
    this.wake?.();
    for (const done of [...this.readyWaiters]) done();
  }

  private setState(state: ConnectionState): void {
    if (this.stopped && state.phase !== "closed") return;
    this.currentState = state;
    this.events.onState(state);
  }
}

/**
 * A token source that fails is tried again, unless its own FlareError says that this cannot help.
 */
async function freshToken(source: () => string | Promise<string>): Promise<string> {
  try {
    return await source();
  } catch (cause) {
    if (cause instanceof FlareError) throw cause;
    throw new FlareError("UNAVAILABLE", `token: ${toFlareError(cause).message}`, true);
  }
}
