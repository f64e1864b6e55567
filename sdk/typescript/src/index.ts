export { FlareClient } from "./client.js";
export type { WebSocketConstructor, WebSocketLike } from "./connection.js";
export { FlareError, type ErrorCode } from "./errors.js";
export type { ConnectionState } from "./link.js";
export type {
  Content,
  Conversation,
  ConversationType,
  DeliveryStatus,
  Limits,
  Member,
  MemberRole,
  Message,
  Operation,
  OutgoingMessage,
  Session,
  UserPresence,
} from "./model.js";
export type { FlareClientOptions, FlareEvents, Recipient } from "./options.js";
export type { Sent } from "./outbox.js";
export { MemoryStore, type Store, type StoredConversation, type StoredState } from "./store.js";
