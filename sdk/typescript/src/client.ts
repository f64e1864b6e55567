// The client an application talks to. Reads answer at once from what is known; `connect`, `send`
// and the other requests return promises; what changes by itself comes as events. One client is one
// device of one user.
import { DeliveryAcks } from "./acks.js";
import { CatchUp } from "./catch_up.js";
import { Chats } from "./chats.js";
import type { Body, WebSocketConstructor } from "./connection.js";
import { Emitter } from "./emitter.js";
import { FlareError } from "./errors.js";
import type { Welcome } from "./gen/flare/client/v1/frame_pb.js";
import { Link, type ConnectionState } from "./link.js";
import {
  fromContent,
  fromConversationType,
  fromHex,
  toHex,
  toMember,
  toMessage,
  type Content,
  type Conversation,
  type ConversationType,
  type DeliveryStatus,
  type Member,
  type Message,
  type OutgoingMessage,
  type Session,
  type UserPresence,
} from "./model.js";
import type { FlareClientOptions, FlareEvents, Recipient } from "./options.js";
import { Outbox, type Sent } from "./outbox.js";
import { Pace } from "./pace.js";
import { ReadCursors } from "./reads.js";
import { MemoryStore, type Store } from "./store.js";
import { AckLevel } from "./gen/flare/client/v1/frame_pb.js";

/** How long an accepted message waits for the push that tells its place. */
const placeGraceMs = 3_000;
const membersPage = 1_000;
const membersMax = 10_000;

export class FlareClient extends Emitter<FlareEvents> {
  private readonly link: Link;
  private readonly chats: Chats;
  private readonly catchUp: CatchUp;
  private readonly outbox: Outbox;
  private readonly acks: DeliveryAcks;
  private readonly reads: ReadCursors;
  private readonly store: Store;
  private readonly pace = new Pace();
  private readonly ackLevel: AckLevel;
  private readonly loadingOlder = new Map<string, Promise<boolean>>();
  private currentSession: Session | undefined;
  private starting: Promise<Session> | undefined;

  constructor(options: FlareClientOptions) {
    super();
    const backoff = options.backoff ?? { baseMs: 500, maxMs: 20_000 };
    const webSocket =
      options.webSocket ?? (globalThis as { WebSocket?: WebSocketConstructor }).WebSocket;
    if (!webSocket)
      throw new FlareError("INVALID_ARGUMENT", "webSocket: this platform has none; give one");
    this.ackLevel = options.ackLevel === "accepted" ? AckLevel.ACCEPTED : AckLevel.PERSISTED;
    this.store = options.store ?? new MemoryStore();
    this.link = new Link(
      {
        url: options.url,
        token: options.token,
        client: options.client ?? "flare-im-client/0.1.0",
        webSocket,
        requestTimeoutMs: options.requestTimeoutMs ?? 10_000,
        backoff,
      },
      {
        onState: (state) => this.emit("state", state),
        onConnected: (welcome) => this.connected(welcome),
        onPush: (body) => this.pushed(body),
        onLost: () => {},
        onKicked: (kicked) => this.emit("kicked", kicked),
      },
    );
    this.chats = new Chats(this.store, {
      onPlaced: (message, live) => {
        if (message.senderId === this.currentSession?.userId) this.outbox.placed(message);
        if (live) this.emit("message", { message });
      },
      onConversation: (conversationId) => this.emit("conversation", { conversationId }),
      onTimeline: (conversationId) => {
        this.acks.note(conversationId, this.chats.timeline(conversationId).high);
        this.emit("timeline", { conversationId });
      },
    });
    this.acks = new DeliveryAcks(this.link);
    this.reads = new ReadCursors(this.link, backoff);
    this.catchUp = new CatchUp(this.link, this.chats, this.store, backoff, () => {
      for (const id of this.chats.conversationsWithMembers()) this.loadMembers(id).catch(() => {});
    });
    this.outbox = new Outbox({
      online: () => this.link.connected,
      send: (message) => this.trySend(message),
      onChange: (message) => this.outgoingChanged(message),
      onSent: (message, sent) => this.sent(message, sent),
      onRemoved: (message) => {
        this.store.removeOutgoing(message.clientMessageId);
        this.emit("timeline", { conversationId: message.conversationId });
      },
      backoff,
    });
  }

  // ---- connection

  get state(): ConnectionState {
    return this.link.state;
  }

  /** Known from the first connect on. */
  get session(): Session | undefined {
    return this.currentSession;
  }

  /**
   * Connects and stays connected. Resolves when the first sync is done, however many tries that
   * takes; fails when the server refuses this client for good.
   */
  connect(): Promise<Session> {
    this.starting ??= this.start();
    return this.starting;
  }

  /**
   * Ends the connection. Unsent messages stay in the store. A closed client cannot be connected
   * again.
   */
  close(): void {
    this.link.close();
  }

  /** Tells the server that this device is gone, then closes. */
  async logout(): Promise<void> {
    try {
      await this.link.ask({ case: "logout", value: {} }, ["done"]);
    } catch {
      // The device leaves either way; its token ends by itself.
    }
    this.close();
  }

  /** The platform says the network is back or has changed: do not wait for a timer to find out. */
  networkChanged(): void {
    this.link.retryNow();
  }

  // ---- what is known

  /** Newest first. */
  conversations(): Conversation[] {
    return this.chats.list();
  }

  conversation(conversationId: string): Conversation | undefined {
    return this.chats.find(conversationId);
  }

  /** The single chat with a user, if there is one. */
  conversationWith(userId: string): Conversation | undefined {
    return this.chats.findWith(userId);
  }

  /** The newest run of messages, in order. loadOlder() makes it longer. */
  messages(conversationId: string): readonly Message[] {
    return this.chats.timeline(conversationId).messages;
  }

  hasOlder(conversationId: string): boolean {
    const timeline = this.chats.timeline(conversationId);
    const joinSeq = this.chats.find(conversationId)?.joinSeq ?? 0;
    return !timeline.complete && timeline.low > Math.max(1, joinSeq) && timeline.high > 0;
  }

  /** Messages of ours without a place yet, in the order sent; they come after messages(). */
  outgoing(conversationId: string): OutgoingMessage[] {
    const peerId = this.chats.find(conversationId)?.peerId;
    return this.outbox
      .all()
      .filter((m) => m.conversationId === conversationId || (peerId && m.toUserId === peerId));
  }

  /** The same for a user we may have no conversation with yet. */
  outgoingTo(userId: string): OutgoingMessage[] {
    return this.outbox.all().filter((message) => message.toUserId === userId);
  }

  /** How far a message of ours has come; in groups as of the last loadMembers(). */
  statusOf(message: Message): DeliveryStatus {
    return this.chats.statusOf(message);
  }

  /**
   * As of the last loadMembers(). Who joins and leaves is followed since; receipts in groups are
   * not pushed.
   */
  members(conversationId: string): Member[] | undefined {
    return this.chats.members(conversationId);
  }

  // ---- messages

  sendText(to: Recipient, text: string, metadata: Record<string, string> = {}): Promise<Sent> {
    return this.send(to, { kind: "text", text }, metadata);
  }

  /**
   * The message shows up in outgoing() at once and is sent as soon as there is a connection, as
   * often as needed; the server takes it once. Fails when it was refused or discarded.
   */
  send(to: Recipient, content: Content, metadata: Record<string, string> = {}): Promise<Sent> {
    const known =
      "userId" in to ? this.chats.findWith(to.userId)?.conversationId : to.conversationId;
    return this.outbox.add({
      conversationId: known ?? "",
      toUserId: known || !("userId" in to) ? "" : to.userId,
      clientMessageId: newId(),
      timeMs: Date.now(),
      content,
      metadata,
      state: "sending",
    });
  }

  /** Tries a failed message again. */
  retry(clientMessageId: string): void {
    this.outbox.retry(clientMessageId);
  }

  /** Gives a failed message up. */
  discard(clientMessageId: string): void {
    this.outbox.discard(clientMessageId);
  }

  /** Everything up to seq (default: all there is) has been read. Never moves back. */
  markRead(conversationId: string, seq = this.chats.timeline(conversationId).high): void {
    if (this.chats.applyOwnRead(conversationId, seq)) this.reads.note(conversationId, seq);
  }

  /** Adds up to `limit` older messages; resolves to whether there are more. */
  loadOlder(conversationId: string, limit = 50): Promise<boolean> {
    let loading = this.loadingOlder.get(conversationId);
    if (!loading) {
      loading = this.fetchOlder(conversationId, limit).finally(() =>
        this.loadingOlder.delete(conversationId),
      );
      this.loadingOlder.set(conversationId, loading);
    }
    return loading;
  }

  async getMessage(messageId: string): Promise<Message | undefined> {
    const value = { messageId: fromHex(messageId) };
    const found = await this.link.call({ case: "getMessage", value }, "messageFound");
    return found.message && toMessage(found.message);
  }

  // ---- conversations and members

  /** Resolves to the conversation's id; the conversation itself comes as an event. */
  async createConversation(group: {
    title: string;
    memberIds: readonly string[];
    type?: ConversationType;
    metadata?: Record<string, string>;
    businessType?: string;
  }): Promise<string> {
    const { title, memberIds, type = "group", metadata = {}, businessType = "" } = group;
    const changed = await this.link.call(
      {
        case: "createConversation",
        value: {
          clientOperationId: newId(),
          type: fromConversationType(type),
          title,
          memberIds: [...memberIds],
          metadata,
          businessType,
        },
      },
      "conversationChanged",
    );
    this.operated(changed);
    return changed.conversationId;
  }

  async addMembers(conversationId: string, userIds: readonly string[]): Promise<void> {
    const value = { clientOperationId: newId(), conversationId, userIds: [...userIds] };
    this.operated(await this.link.call({ case: "addMembers", value }, "conversationChanged"));
  }

  /** Removing oneself is leaving. */
  async removeMembers(conversationId: string, userIds: readonly string[]): Promise<void> {
    const value = { clientOperationId: newId(), conversationId, userIds: [...userIds] };
    this.operated(await this.link.call({ case: "removeMembers", value }, "conversationChanged"));
  }

  async rename(conversationId: string, title: string): Promise<void> {
    const value = { clientOperationId: newId(), conversationId, title };
    this.operated(
      await this.link.call({ case: "renameConversation", value }, "conversationChanged"),
    );
  }

  /** All members, up to ten thousand, and how far they have read. */
  async loadMembers(conversationId: string): Promise<Member[]> {
    const members: Member[] = [];
    let pageToken = "";
    do {
      const value = { conversationId, limit: membersPage, pageToken };
      const page = await this.link.call({ case: "listMembers", value }, "memberPage");
      members.push(...page.members.map(toMember));
      pageToken = page.nextPageToken;
    } while (pageToken !== "" && members.length < membersMax);
    this.chats.applyMembers(conversationId, members);
    return members;
  }

  /** At most 200 users. */
  async presence(userIds: readonly string[]): Promise<UserPresence[]> {
    const value = { userIds: [...userIds] };
    const result = await this.link.call({ case: "queryPresence", value }, "presenceResult");
    return result.users.map(({ userId, online, platforms }) => ({ userId, online, platforms }));
  }

  // ---- inside

  private async start(): Promise<Session> {
    const stored = await this.store.load();
    this.chats.restore(stored.conversations);
    this.outbox.restore(stored.outgoing);
    this.catchUp.digest = BigInt(stored.digest);
    return new Promise<Session>((resolve, reject) => {
      const off = this.on("state", (state) => {
        if (state.phase === "online" && this.currentSession) resolve(this.currentSession);
        else if (state.phase === "closed") {
          reject(state.error ?? new FlareError("CANCELLED", "closed by the application"));
        } else return;
        off();
      });
      void this.link.run();
    });
  }

  private async connected(welcome: Welcome): Promise<void> {
    this.currentSession = {
      userId: welcome.userId,
      deviceId: welcome.deviceId,
      limits: {
        frameBytesMax: welcome.frameBytesMax,
        contentBytesMax: welcome.contentBytesMax,
        sendsPerSecond: welcome.sendsPerSecond,
      },
    };
    this.chats.userId = welcome.userId;
    this.pace.perSecond = welcome.sendsPerSecond;
    await this.catchUp.connected();
    this.acks.connected();
    // After the sync: it may bring a message whose answer was lost, which then need not be sent
    // again.
    this.outbox.start();
    void this.reads.flush();
  }

  private pushed(body: Body): void {
    if (body.case === "deliver" && body.value.message) {
      const message = toMessage(body.value.message);
      this.chats.applyMessage(message, Number(body.value.prevSeq));
      this.wanted(message.conversationId);
    } else if (body.case === "resync") {
      const { conversationId } = body.value;
      const timeline = this.chats.timeline(conversationId);
      if (timeline.high === 0) this.catchUp.syncSoon();
      else {
        timeline.openGap();
        this.wanted(conversationId);
      }
    } else if (body.case === "receipt") {
      const { conversationId, userId } = body.value;
      this.chats.applyReceipt(body.value);
      const deliveredSeq = Number(body.value.deliveredSeq);
      this.emit("receipt", {
        conversationId,
        userId,
        deliveredSeq,
        readSeq: Number(body.value.readSeq),
      });
    }
  }

  /**
   * Asks for what a message that just arrived shows to be missing. During a sync, the sync may
   * bring it.
   */
  private wanted(conversationId: string): void {
    if (this.link.state.phase === "syncing") return;
    const timeline = this.chats.timeline(conversationId);
    if (timeline.waitsForSync) this.catchUp.syncSoon();
    else if (timeline.hasGap) void this.catchUp.fillGap(conversationId);
  }

  /**
   * Our own operation is pushed to us like any message; should it not be, we know what to ask for.
   */
  private operated({ conversationId, seq }: { conversationId: string; seq: bigint }): void {
    const timeline = this.chats.timeline(conversationId);
    if (timeline.high === 0) this.catchUp.syncSoon();
    else {
      timeline.expect(Number(seq));
      this.wanted(conversationId);
    }
  }

  private async trySend(message: OutgoingMessage): Promise<Sent> {
    const bytes = encodedBytes(message.content);
    const max = this.currentSession?.limits.contentBytesMax ?? 0;
    if (max > 0 && bytes > max) {
      throw new FlareError(
        "INVALID_ARGUMENT",
        `content: ${bytes} bytes, at most ${max} are allowed`,
      );
    }
    await this.pace.turn();
    const { conversationId, toUserId, clientMessageId, metadata } = message;
    const answer = await this.link.ask(
      {
        case: "send",
        value: {
          conversationId: toUserId ? "" : conversationId,
          toUserId,
          clientMessageId,
          content: fromContent(message.content),
          ackLevel: this.ackLevel,
          metadata,
        },
      },
      ["accepted", "persisted"],
    );
    if (answer.case !== "accepted" && answer.case !== "persisted") {
      throw new FlareError("INTERNAL", "send: unexpected answer");
    }
    return {
      conversationId: answer.value.conversationId,
      clientMessageId,
      messageId: toHex(answer.value.messageId),
      timeMs: Number(answer.value.serverTimeMs),
      ...(answer.case === "persisted" ? { seq: Number(answer.value.seq) } : {}),
    };
  }

  /** With its seq known, a message of ours takes its place without waiting to be pushed back. */
  private sent(message: OutgoingMessage, sent: Sent): void {
    const { clientMessageId, content, metadata } = message;
    const { conversationId, messageId, timeMs, seq } = sent;
    if (!seq) {
      setTimeout(() => this.missPush(conversationId, clientMessageId), placeGraceMs);
      return;
    }
    const senderId = this.currentSession?.userId ?? "";
    this.chats.applyMessage({
      conversationId,
      messageId,
      senderId,
      clientMessageId,
      timeMs,
      content,
      metadata,
      seq,
    });
    this.wanted(conversationId);
  }

  /** Accepted, and its push should have come by now: ask for it. */
  private missPush(conversationId: string, clientMessageId: string): void {
    const waits = this.outbox.all().some((entry) => entry.clientMessageId === clientMessageId);
    if (!waits || !this.link.connected) return;
    const timeline = this.chats.timeline(conversationId);
    if (timeline.high === 0) return this.catchUp.syncSoon();
    timeline.openGap();
    this.wanted(conversationId);
  }

  private outgoingChanged(message: OutgoingMessage): void {
    this.store.saveOutgoing(message);
    this.emit("timeline", { conversationId: message.conversationId });
  }

  private async fetchOlder(conversationId: string, limit: number): Promise<boolean> {
    if (!this.hasOlder(conversationId)) return false;
    const toSeq = BigInt(this.chats.timeline(conversationId).low - 1);
    const value = { conversationId, toSeq, limit, backwards: true };
    const page = await this.link.call({ case: "history", value }, "historyPage");
    this.chats.applyOlder(conversationId, page.messages.map(toMessage).reverse(), !page.more);
    return page.more;
  }
}

function encodedBytes(content: Content): number {
  if (content.kind === "text") return new TextEncoder().encode(content.text).length;
  return content.kind === "custom" ? content.data.length : 0;
}

/** 128 random bits. Not crypto.randomUUID: browsers have that only on secure origins. */
function newId(): string {
  return toHex(crypto.getRandomValues(new Uint8Array(16)));
}
