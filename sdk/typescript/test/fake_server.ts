// A server in memory that speaks flare.client.v1: enough of it to test the SDK and to develop the
// page without the real one. One tenant, no limits, nothing durable. Tokens are `user/device`.
import { create, fromBinary, toBinary, type MessageInitShape } from "@bufbuild/protobuf";
import {
  AckLevel,
  FrameSchema,
  type Frame,
  type Send,
  type Sync,
} from "../src/gen/flare/client/v1/frame_pb.js";
import {
  ContentSchema,
  ConversationType,
  ConversationViewSchema,
  MemberRole,
  MessageSchema,
  type Content,
  type ConversationView,
  type Message,
  type Operation,
} from "../src/gen/flare/model/v1/message_pb.js";

type BodyInit = NonNullable<MessageInitShape<typeof FrameSchema>["body"]>;
type Change = Operation["change"] | NonNullable<MessageInitShape<typeof ContentSchema>["body"]>;

export interface Transport {
  send(bytes: Uint8Array<ArrayBuffer>): void;
  close(code: number, reason: string): void;
}

interface FakeMember {
  userId: string;
  role: MemberRole;
  joinSeq: number;
  readSeq: number;
  deliveredSeq: number;
}

interface FakeConversation {
  id: string;
  type: ConversationType;
  title: string;
  members: Map<string, FakeMember>;
  messages: Message[];
  /** The version of each user at which a receipt moved last. */
  moved: Map<string, number>;
}

class Refusal extends Error {
  constructor(
    readonly code: string,
    message: string,
    readonly retry = false,
  ) {
    super(message);
  }
}

export class FakeServer {
  heartbeatMs = 30_000;
  sendsPerSecond = 0;
  contentBytesMax = 64 * 1024;
  /** Is a message pushed to the connection that sent it, even when its answer said the place? */
  echo = false;
  /** Are operations pushed to the connection that asked for them? */
  echoOperations = true;
  /** Returning false loses the frame on its way to the client. */
  onOutgoing: (frame: Frame, session: FakeSession) => boolean = () => true;
  /** Returning false loses the frame on its way to the server. */
  onIncoming: (frame: Frame, session: FakeSession) => boolean = () => true;
  /** How long a Read is told to wait; 0 takes it. */
  onRead: () => number = () => 0;
  /** Every frame a client sent, in order. */
  readonly received: Frame[] = [];

  readonly sessions = new Set<FakeSession>();
  readonly conversations = new Map<string, FakeConversation>();
  /** Grows with each change a user can see: what Sync compares its digest with. */
  private readonly versions = new Map<string, number>();
  private readonly byClientId = new Map<string, Message>();
  private lastId = 0;

  attach(transport: Transport): FakeSession {
    return new FakeSession(this, transport);
  }

  /** A message as if another client had sent it. */
  say(
    senderId: string,
    to: { conversationId: string } | { userId: string },
    text: string,
  ): Message {
    const conversation =
      "userId" in to
        ? this.single(senderId, to.userId)
        : this.memberOf(to.conversationId, senderId);
    return this.append(conversation, senderId, `fake-${++this.lastId}`, {
      case: "text",
      value: text,
    });
  }

  createGroup(ownerId: string, title: string, memberIds: readonly string[]): FakeConversation {
    const conversation: FakeConversation = {
      id: `g${++this.lastId}`,
      type: ConversationType.GROUP,
      title,
      members: new Map(),
      messages: [],
      moved: new Map(),
    };
    this.conversations.set(conversation.id, conversation);
    for (const userId of new Set([ownerId, ...memberIds])) {
      const role = userId === ownerId ? MemberRole.OWNER : MemberRole.MEMBER;
      conversation.members.set(userId, { userId, role, joinSeq: 1, readSeq: 0, deliveredSeq: 0 });
    }
    const value = { type: conversation.type, title, memberIds: [...memberIds] };
    this.operate(conversation, ownerId, {
      case: "conversationCreated",
      value,
    } as Operation["change"]);
    return conversation;
  }

  kick(userId: string, reason: string, mayReconnect: boolean): void {
    for (const session of [...this.sessions]) {
      if (session.userId !== userId) continue;
      session.push({ case: "kicked", value: { reason, by: "test", mayReconnect } });
      session.close(1000, reason);
    }
  }

  cutAll(): void {
    for (const session of [...this.sessions]) session.close(1006, "cut");
  }

  // ---- what the sessions ask for

  versionOf(userId: string): number {
    return this.versions.get(userId) ?? 1;
  }

  memberOf(conversationId: string, userId: string): FakeConversation {
    const conversation = this.conversations.get(conversationId);
    if (!conversation) throw new Refusal("NOT_FOUND", "conversation_id: no such conversation");
    if (!conversation.members.has(userId)) throw new Refusal("PERMISSION_DENIED", "not a member");
    return conversation;
  }

  single(userId: string, peerId: string): FakeConversation {
    const id = `1:${[userId, peerId].sort().join("-")}`;
    let conversation = this.conversations.get(id);
    if (!conversation) {
      const member = (memberId: string): [string, FakeMember] => [
        memberId,
        { userId: memberId, role: MemberRole.MEMBER, joinSeq: 1, readSeq: 0, deliveredSeq: 0 },
      ];
      conversation = {
        id,
        type: ConversationType.SINGLE,
        title: "",
        members: new Map([member(userId), member(peerId)]),
        messages: [],
        moved: new Map(),
      };
      this.conversations.set(id, conversation);
    }
    return conversation;
  }

  send(senderId: string, send: Send): Message {
    const known = this.byClientId.get(`${senderId} ${send.clientMessageId}`);
    if (known) return known;
    const conversation = send.toUserId
      ? this.single(senderId, send.toUserId)
      : this.memberOf(send.conversationId, senderId);
    const body = send.content?.body;
    if (!body?.case || body.case === "operation")
      throw new Refusal("INVALID_ARGUMENT", "content: unset");
    if (body.case === "text" && body.value.includes("forbidden")) {
      throw new Refusal("PERMISSION_DENIED", "content: refused by the word list");
    }
    return this.append(conversation, senderId, send.clientMessageId, body);
  }

  operate(conversation: FakeConversation, senderId: string, change: Operation["change"]): Message {
    return this.append(conversation, senderId, "", {
      case: "operation",
      value: { change },
    } as Change as Content["body"]);
  }

  removed(conversation: FakeConversation, userId: string): void {
    conversation.members.delete(userId);
    this.touch([userId]);
  }

  acked(userId: string, conversationId: string, seq: number): void {
    const conversation = this.conversations.get(conversationId);
    const member = conversation?.members.get(userId);
    if (!conversation || !member || seq <= member.deliveredSeq) return;
    member.deliveredSeq = Math.min(seq, conversation.messages.length);
    this.receipt(conversation, userId, { deliveredSeq: BigInt(seq), readSeq: 0n });
  }

  read(userId: string, conversationId: string, seq: number): void {
    const conversation = this.memberOf(conversationId, userId);
    const member = conversation.members.get(userId);
    if (!member || seq <= member.readSeq) return;
    member.readSeq = Math.min(seq, conversation.messages.length);
    this.receipt(conversation, userId, { deliveredSeq: 0n, readSeq: BigInt(seq) });
  }

  view(conversation: FakeConversation, userId: string): ConversationView {
    const own = conversation.members.get(userId);
    const peerId =
      conversation.type === ConversationType.SINGLE
        ? ([...conversation.members.keys()].find((id) => id !== userId) ?? userId)
        : "";
    const peer = peerId ? conversation.members.get(peerId) : undefined;
    const last = conversation.messages[conversation.messages.length - 1];
    const unread = conversation.messages.filter(
      (message) =>
        Number(message.seq) > (own?.readSeq ?? 0) &&
        message.senderId !== userId &&
        message.content?.body.case !== "operation",
    );
    return create(ConversationViewSchema, {
      conversationId: conversation.id,
      type: conversation.type,
      title: conversation.title,
      lastSeq: BigInt(conversation.messages.length),
      lastTimeMs: last?.serverTimeMs ?? 0n,
      unread: BigInt(unread.length),
      readSeq: BigInt(own?.readSeq ?? 0),
      joinSeq: BigInt(own?.joinSeq ?? 1),
      ...(last ? { preview: last } : {}),
      memberCount: BigInt(conversation.members.size),
      peerId,
      role: own?.role ?? MemberRole.UNSPECIFIED,
      peerReadSeq: BigInt(peer?.readSeq ?? 0),
      peerDeliveredSeq: BigInt(peer?.deliveredSeq ?? 0),
    });
  }

  conversationsOf(userId: string): FakeConversation[] {
    return [...this.conversations.values()]
      .filter(
        (conversation) => conversation.members.has(userId) && conversation.messages.length > 0,
      )
      .sort((a, b) => Number(lastTime(b) - lastTime(a)));
  }

  private append(
    conversation: FakeConversation,
    senderId: string,
    clientMessageId: string,
    body: Content["body"] | Change,
  ): Message {
    const id = new Uint8Array(16);
    new DataView(id.buffer).setUint32(12, ++this.lastId);
    const message = create(MessageSchema, {
      conversationId: conversation.id,
      messageId: id,
      senderId,
      clientMessageId,
      serverTimeMs: BigInt(Date.now()),
      content: { body } as Content,
      seq: BigInt(conversation.messages.length + 1),
    });
    conversation.messages.push(message);
    if (clientMessageId) this.byClientId.set(`${senderId} ${clientMessageId}`, message);
    this.touch(conversation.members.keys());
    return message;
  }

  /** Pushes come after the answer to whoever caused them. */
  deliver(message: Message, except?: FakeSession): void {
    const conversation = this.conversations.get(message.conversationId);
    for (const session of this.sessions) {
      const member = conversation?.members.get(session.userId);
      if (!member || Number(message.seq) < member.joinSeq || session === except) continue;
      const prevSeq = Number(message.seq) === member.joinSeq ? 0n : message.seq - 1n;
      session.push({ case: "deliver", value: { message, prevSeq } });
    }
  }

  private receipt(
    conversation: FakeConversation,
    userId: string,
    seqs: { deliveredSeq: bigint; readSeq: bigint },
  ): void {
    // As large groups do it: only one's own devices hear of it, the others ask for the members.
    const single = conversation.type === ConversationType.SINGLE;
    const concerned = single ? [...conversation.members.keys()] : [userId];
    this.touch(concerned);
    for (const id of concerned) conversation.moved.set(id, this.versionOf(id));
    for (const session of this.sessions) {
      if (!concerned.includes(session.userId)) continue;
      if (session.userId === userId && seqs.readSeq === 0n) continue;
      session.push({
        case: "receipt",
        value: { conversationId: conversation.id, userId, ...seqs },
      });
    }
  }

  private touch(userIds: Iterable<string>): void {
    for (const userId of userIds) this.versions.set(userId, this.versionOf(userId) + 1);
  }
}

export class FakeSession {
  userId = "";
  private open = true;

  constructor(
    private readonly server: FakeServer,
    private readonly transport: Transport,
  ) {}

  receive(bytes: Uint8Array): void {
    const frame = fromBinary(FrameSchema, bytes);
    this.server.received.push(frame);
    if (!this.open || !this.server.onIncoming(frame, this)) return;
    try {
      this.handle(frame);
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      const { code, message, retry } = error;
      this.answer(frame, { case: "error", value: { name: code, message, retry } });
      if (this.userId === "") this.close(1008, message);
    }
  }

  /** The transport has ended. */
  closed(): void {
    this.open = false;
    this.server.sessions.delete(this);
  }

  close(code: number, reason: string): void {
    if (!this.open) return;
    this.closed();
    this.transport.close(code, reason);
  }

  push(body: BodyInit): void {
    this.transmit(0n, body);
  }

  private answer(frame: Frame, body: BodyInit): void {
    this.transmit(frame.requestId, body);
  }

  private transmit(requestId: bigint, body: BodyInit): void {
    const frame = create(FrameSchema, { requestId, body });
    if (this.open && this.server.onOutgoing(frame, this))
      this.transport.send(toBinary(FrameSchema, frame));
  }

  private handle(frame: Frame): void {
    const { server, userId } = this;
    const { body } = frame;
    if (userId === "" && body.case !== "hello") return;
    switch (body.case) {
      case "hello": {
        const [user, device] = body.value.token.split("/");
        if (!user || !device) throw new Refusal("UNAUTHENTICATED", "token: not valid");
        this.userId = user;
        server.sessions.add(this);
        return this.answer(frame, {
          case: "welcome",
          value: {
            userId: user,
            deviceId: device,
            sessionId: 1n,
            serverTimeMs: BigInt(Date.now()),
            heartbeatMs: server.heartbeatMs,
            frameBytesMax: 1 << 20,
            contentBytesMax: server.contentBytesMax,
            sendsPerSecond: server.sendsPerSecond,
          },
        });
      }
      case "ping":
        return this.answer(frame, { case: "pong", value: { serverTimeMs: BigInt(Date.now()) } });
      case "logout":
        this.answer(frame, { case: "done", value: {} });
        return this.close(1000, "logout");
      case "send": {
        const message = server.send(userId, body.value);
        const { messageId, serverTimeMs, conversationId, seq } = message;
        this.answer(
          frame,
          body.value.ackLevel === AckLevel.PERSISTED
            ? { case: "persisted", value: { messageId, serverTimeMs, conversationId, seq } }
            : { case: "accepted", value: { messageId, serverTimeMs, conversationId } },
        );
        const told = body.value.ackLevel === AckLevel.PERSISTED && !server.echo;
        return server.deliver(message, told ? this : undefined);
      }
      case "deliverAck":
        for (const position of body.value.positions) {
          server.acked(userId, position.conversationId, Number(position.seq));
        }
        return;
      case "read": {
        const retryAfterMs = server.onRead();
        if (retryAfterMs > 0) {
          const value = {
            name: "RESOURCE_EXHAUSTED",
            message: "too many",
            retry: true,
            retryAfterMs,
          };
          return this.answer(frame, { case: "error", value });
        }
        server.read(userId, body.value.conversationId, Number(body.value.seq));
        return this.answer(frame, { case: "done", value: {} });
      }
      case "sync":
        return this.answer(frame, { case: "syncResult", value: this.sync(body.value) });
      case "history": {
        const { conversationId, fromSeq, toSeq, limit, backwards } = body.value;
        const conversation = server.memberOf(conversationId, userId);
        const joinSeq = BigInt(conversation.members.get(userId)?.joinSeq ?? 1);
        const range = conversation.messages.filter(
          ({ seq }) => seq >= joinSeq && seq >= fromSeq && (toSeq === 0n || seq <= toSeq),
        );
        if (backwards) range.reverse();
        const messages = range.slice(0, Math.min(limit || 50, 200));
        return this.answer(frame, {
          case: "historyPage",
          value: { messages, more: messages.length < range.length },
        });
      }
      case "listConversations": {
        const all = server.conversationsOf(userId).slice(0, body.value.limit || 50);
        const conversations = all.map((conversation) => server.view(conversation, userId));
        return this.answer(frame, { case: "conversationPage", value: { conversations } });
      }
      case "createConversation": {
        const conversation = server.createGroup(userId, body.value.title, body.value.memberIds);
        return this.changed(frame, conversation.messages[0]);
      }
      case "addMembers": {
        const conversation = server.memberOf(body.value.conversationId, userId);
        const userIds = body.value.userIds.filter((id) => !conversation.members.has(id));
        const joinSeq = conversation.messages.length + 1;
        for (const id of userIds) {
          const role = MemberRole.MEMBER;
          conversation.members.set(id, { userId: id, role, joinSeq, readSeq: 0, deliveredSeq: 0 });
        }
        const change = { case: "membersAdded", value: { userIds } } as Operation["change"];
        return this.changed(frame, server.operate(conversation, userId, change));
      }
      case "removeMembers": {
        const conversation = server.memberOf(body.value.conversationId, userId);
        const { userIds } = body.value;
        const change = { case: "membersRemoved", value: { userIds } } as Operation["change"];
        this.changed(frame, server.operate(conversation, userId, change));
        for (const id of userIds) server.removed(conversation, id);
        return;
      }
      case "renameConversation": {
        const conversation = server.memberOf(body.value.conversationId, userId);
        const { title } = body.value;
        conversation.title = title;
        const change = { case: "conversationRenamed", value: { title } } as Operation["change"];
        return this.changed(frame, server.operate(conversation, userId, change));
      }
      case "listMembers": {
        const conversation = server.memberOf(body.value.conversationId, userId);
        const members = [...conversation.members.values()].map((member) => ({
          userId: member.userId,
          role: member.role,
          joinSeq: BigInt(member.joinSeq),
          readSeq: BigInt(member.readSeq),
          deliveredSeq: BigInt(member.deliveredSeq),
        }));
        const memberCount = BigInt(members.length);
        return this.answer(frame, { case: "memberPage", value: { members, memberCount } });
      }
      case "queryPresence": {
        const online = new Set([...server.sessions].map((session) => session.userId));
        const users = body.value.userIds.map((id) => ({
          userId: id,
          online: online.has(id),
          platforms: online.has(id) ? ["web"] : [],
        }));
        return this.answer(frame, { case: "presenceResult", value: { users } });
      }
      default:
        throw new Refusal("INVALID_ARGUMENT", "body: not known here");
    }
  }

  private changed(frame: Frame, message: Message | undefined): void {
    if (!message) return;
    const { conversationId, seq, messageId } = message;
    this.answer(frame, { case: "conversationChanged", value: { conversationId, seq, messageId } });
    this.server.deliver(message, this.server.echoOperations ? undefined : this);
  }

  private sync(sync: Sync): SyncAnswer {
    const { server, userId } = this;
    const digest = BigInt(server.versionOf(userId));
    if (sync.digest === digest) return { unchanged: true, digest };
    const positions = new Map(sync.positions.map((p) => [p.conversationId, Number(p.seq)]));
    const changed = server
      .conversationsOf(userId)
      .filter(
        (c) =>
          c.messages.length > (positions.get(c.id) ?? 0) ||
          (sync.digest !== 0n && (c.moved.get(userId) ?? 0) > Number(sync.digest)),
      );
    const start = Number(sync.pageToken || 0);
    const size = sync.conversationsMax || 50;
    const page = changed.slice(start, start + size).map((conversation) => {
      const joinSeq = conversation.members.get(userId)?.joinSeq ?? 1;
      const after = Math.max(positions.get(conversation.id) ?? 0, joinSeq - 1);
      const fresh = conversation.messages.slice(after);
      const messages = fresh.slice(-(sync.messagesMax || 20));
      return {
        view: server.view(conversation, userId),
        messages,
        more: messages.length < fresh.length,
      };
    });
    const next = start + size < changed.length ? String(start + size) : "";
    return {
      unchanged: false,
      digest: next ? 0n : digest,
      conversations: page,
      nextPageToken: next,
      leftConversationIds: sync.pageToken
        ? []
        : [...positions.keys()].filter((id) => !server.conversations.get(id)?.members.has(userId)),
    };
  }
}

interface SyncAnswer {
  unchanged: boolean;
  digest: bigint;
  conversations?: { view: ConversationView; messages: Message[]; more: boolean }[];
  nextPageToken?: string;
  leftConversationIds?: string[];
}

function lastTime(conversation: FakeConversation): bigint {
  return conversation.messages[conversation.messages.length - 1]?.serverTimeMs ?? 0n;
}
