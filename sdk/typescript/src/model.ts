// The nouns an application sees. They mirror flare.model.v1 with plain JavaScript values: a seq is
// a number (the server counts from 1, far below 2^53), an id of bytes is lower-case hexadecimal
// text.
import { create } from "@bufbuild/protobuf";
import {
  ContentSchema,
  ConversationType as ConversationTypeProto,
  MemberRole as MemberRoleProto,
  type Content as ContentProto,
  type ConversationView,
  type Member as MemberProto,
  type Message as MessageProto,
} from "./gen/flare/model/v1/message_pb.js";

export type ConversationType =
  "single" | "group" | "channel" | "customer_service" | "ai" | "unspecified";
export type MemberRole = "owner" | "admin" | "member" | "reader" | "unspecified";

export type Operation =
  | { kind: "conversation_created"; type: ConversationType; title: string; memberIds: string[] }
  | { kind: "members_added"; userIds: string[] }
  | { kind: "members_removed"; userIds: string[] }
  | { kind: "conversation_renamed"; title: string }
  | { kind: "unknown" };

export type Content =
  | { kind: "text"; text: string }
  | { kind: "custom"; type: string; data: Uint8Array }
  | { kind: "operation"; operation: Operation }
  | { kind: "unknown" };

/** A message that has its place in a conversation. */
export interface Message {
  conversationId: string;
  messageId: string;
  senderId: string;
  clientMessageId: string;
  timeMs: number;
  content: Content;
  metadata: Record<string, string>;
  seq: number;
}

/** A message of ours that has no place yet, or was refused. */
export interface OutgoingMessage {
  /** Empty until known: the first message to a user makes the conversation. */
  conversationId: string;
  toUserId: string;
  clientMessageId: string;
  timeMs: number;
  content: Content;
  metadata: Record<string, string>;
  /** `accepted`: the server has it and it cannot be lost; its place is not known yet. */
  state: "sending" | "accepted" | "failed";
  error?: { code: string; message: string };
}

/** What became of a message of ours that has its place. */
export type DeliveryStatus = "accepted" | "delivered" | "read";

export interface Conversation {
  conversationId: string;
  type: ConversationType;
  title: string;
  lastSeq: number;
  lastTimeMs: number;
  unread: number;
  readSeq: number;
  joinSeq: number;
  preview?: Message;
  memberCount: number;
  /** Single chats: the other user. */
  peerId: string;
  metadata: Record<string, string>;
  businessType: string;
  role: MemberRole;
  /** We were removed; the history stays readable, sending does not work. */
  left: boolean;
}

export interface Member {
  userId: string;
  role: MemberRole;
  joinSeq: number;
  readSeq: number;
  deliveredSeq: number;
  joinedTimeMs: number;
}

export interface UserPresence {
  userId: string;
  online: boolean;
  platforms: string[];
}

export interface Limits {
  frameBytesMax: number;
  contentBytesMax: number;
  sendsPerSecond: number;
}

export interface Session {
  userId: string;
  deviceId: string;
  limits: Limits;
}

export function toConversationType(type: ConversationTypeProto): ConversationType {
  switch (type) {
    case ConversationTypeProto.SINGLE:
      return "single";
    case ConversationTypeProto.GROUP:
      return "group";
    case ConversationTypeProto.CHANNEL:
      return "channel";
    case ConversationTypeProto.CUSTOMER_SERVICE:
      return "customer_service";
    case ConversationTypeProto.AI:
      return "ai";
    default:
      return "unspecified";
  }
}

export function fromConversationType(type: ConversationType): ConversationTypeProto {
  switch (type) {
    case "single":
      return ConversationTypeProto.SINGLE;
    case "group":
      return ConversationTypeProto.GROUP;
    case "channel":
      return ConversationTypeProto.CHANNEL;
    case "customer_service":
      return ConversationTypeProto.CUSTOMER_SERVICE;
    case "ai":
      return ConversationTypeProto.AI;
    default:
      return ConversationTypeProto.UNSPECIFIED;
  }
}

function toMemberRole(role: MemberRoleProto): MemberRole {
  switch (role) {
    case MemberRoleProto.OWNER:
      return "owner";
    case MemberRoleProto.ADMIN:
      return "admin";
    case MemberRoleProto.MEMBER:
      return "member";
    case MemberRoleProto.READER:
      return "reader";
    default:
      return "unspecified";
  }
}

export function toHex(bytes: Uint8Array): string {
  let text = "";
  for (const byte of bytes) text += byte.toString(16).padStart(2, "0");
  return text;
}

export function fromHex(text: string): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(text.length >> 1);
  for (let i = 0; i < bytes.length; ++i) bytes[i] = parseInt(text.slice(2 * i, 2 * i + 2), 16);
  return bytes;
}

function toContent(content: ContentProto | undefined): Content {
  const body = content?.body;
  switch (body?.case) {
    case "text":
      return { kind: "text", text: body.value };
    case "custom":
      return { kind: "custom", type: body.value.type, data: body.value.data };
    case "operation": {
      const change = body.value.change;
      let operation: Operation = { kind: "unknown" };
      if (change.case === "conversationCreated") {
        operation = {
          kind: "conversation_created",
          type: toConversationType(change.value.type),
          title: change.value.title,
          memberIds: change.value.memberIds,
        };
      } else if (change.case === "membersAdded") {
        operation = { kind: "members_added", userIds: change.value.userIds };
      } else if (change.case === "membersRemoved") {
        operation = { kind: "members_removed", userIds: change.value.userIds };
      } else if (change.case === "conversationRenamed") {
        operation = { kind: "conversation_renamed", title: change.value.title };
      }
      return { kind: "operation", operation };
    }
    default:
      return { kind: "unknown" };
  }
}

/** Operations are the server's to write, so only text and custom contents can be sent. */
export function fromContent(content: Content): ContentProto {
  if (content.kind === "text") {
    return create(ContentSchema, { body: { case: "text", value: content.text } });
  }
  if (content.kind === "custom") {
    const { type, data } = content;
    return create(ContentSchema, {
      body: { case: "custom", value: { type, data: new Uint8Array(data) } },
    });
  }
  throw new TypeError(`a ${content.kind} content cannot be sent`);
}

export function toMessage(message: MessageProto): Message {
  return {
    conversationId: message.conversationId,
    messageId: toHex(message.messageId),
    senderId: message.senderId,
    clientMessageId: message.clientMessageId,
    timeMs: Number(message.serverTimeMs),
    content: toContent(message.content),
    metadata: message.metadata,
    seq: Number(message.seq),
  };
}

export function toConversation(view: ConversationView): Conversation {
  return {
    conversationId: view.conversationId,
    type: toConversationType(view.type),
    title: view.title,
    lastSeq: Number(view.lastSeq),
    lastTimeMs: Number(view.lastTimeMs),
    unread: Number(view.unread),
    readSeq: Number(view.readSeq),
    joinSeq: Number(view.joinSeq),
    ...(view.preview ? { preview: toMessage(view.preview) } : {}),
    memberCount: Number(view.memberCount),
    peerId: view.peerId,
    metadata: view.metadata,
    businessType: view.businessType,
    role: toMemberRole(view.role),
    left: false,
  };
}

export function toMember(member: MemberProto): Member {
  return {
    userId: member.userId,
    role: toMemberRole(member.role),
    joinSeq: Number(member.joinSeq),
    readSeq: Number(member.readSeq),
    deliveredSeq: Number(member.deliveredSeq),
    joinedTimeMs: Number(member.joinedTimeMs),
  };
}
