// What an application gives a client, and what it hears from it.
import type { BackoffOptions } from "./backoff.js";
import type { WebSocketConstructor } from "./connection.js";
import type { ConnectionState } from "./link.js";
import type { Message } from "./model.js";
import type { Store } from "./store.js";

export interface FlareClientOptions {
  /** ws:// or wss:// */
  url: string;
  /** A JWT, or where to get a fresh one for each connection. */
  token: string | (() => string | Promise<string>);
  /** Name and version of the application, for the server's logs. */
  client?: string;
  /** The browser's unless given; on Node 20, give the `ws` package's. */
  webSocket?: WebSocketConstructor;
  store?: Store;
  /**
   * When send() resolves: once the message cannot be lost, or (default) once it also has its place.
   */
  ackLevel?: "accepted" | "persisted";
  requestTimeoutMs?: number;
  backoff?: BackoffOptions;
}

export interface FlareEvents {
  state: ConnectionState;
  /** A message has its place in its conversation: each once, in order, ours and those of others. */
  message: { message: Message };
  /** messages(), outgoing() or statusOf() of a conversation may answer differently now. */
  timeline: { conversationId: string };
  /** conversations() may answer differently now. */
  conversation: { conversationId: string };
  /** Another member's device has, or the member has read. 0: unchanged. */
  receipt: { conversationId: string; userId: string; deliveredSeq: number; readSeq: number };
  kicked: { reason: string; by: string; mayReconnect: boolean };
}

/** One of them. A first message to a user makes the single chat. */
export type Recipient = { conversationId: string } | { userId: string };
