import { afterEach, describe, expect, test, vi } from "vitest";
import {
  FlareClient,
  FlareError,
  MemoryStore,
  type ConnectionState,
  type FlareClientOptions,
  type Message,
} from "../src/index.js";
import { FakeServer } from "./fake_server.js";
import { fakeWebSocket, type Network } from "./fake_web_socket.js";

const open: FlareClient[] = [];

afterEach(() => {
  for (const client of open.splice(0)) client.close();
});

interface World {
  server: FakeServer;
  network: Network;
  client(user: string, options?: Partial<FlareClientOptions>): FlareClient;
}

function world(): World {
  const server = new FakeServer();
  const network = { up: true, attempts: 0 };
  return {
    server,
    network,
    client(user, options = {}) {
      const client = new FlareClient({
        url: "ws://fake/ws",
        token: `${user}/device`,
        webSocket: fakeWebSocket(server, network),
        backoff: { baseMs: 2, maxMs: 10 },
        requestTimeoutMs: 500,
        ...options,
      });
      open.push(client);
      return client;
    },
  };
}

function texts(messages: readonly Message[]): string[] {
  return messages.map((message) => (message.content.kind === "text" ? message.content.text : "-"));
}

function heard(client: FlareClient): string[] {
  const list: string[] = [];
  client.on("message", ({ message }) => list.push(...texts([message])));
  return list;
}

function framesOf(server: FakeServer, name: string): number {
  return server.received.filter((frame) => frame.body.case === name).length;
}

const soon = { timeout: 2_000, interval: 5 };

describe("Connecting", () => {
  test("resolves with who we are", async () => {
    const { client } = world();

    const session = await client("alice").connect();

    expect(session).toMatchObject({ userId: "alice", deviceId: "device" });
  });

  test("fails for good when the token is refused", async () => {
    const { client, network } = world();
    const alice = client("alice", { token: "nonsense" });

    const error = await alice.connect().catch((cause: unknown) => cause);

    expect(error).toBeInstanceOf(FlareError);
    expect((error as FlareError).code).toBe("UNAUTHENTICATED");
    expect(alice.state.phase).toBe("closed");
    expect(network.attempts).toBe(1);
  });

  test("tries again until the network is there, asking for a fresh token each time", async () => {
    const { client, network } = world();
    network.up = false;
    const token = vi.fn(async () => "alice/device");
    const alice = client("alice", { token });
    const states: ConnectionState["phase"][] = [];
    alice.on("state", (state) => states.push(state.phase));

    const connected = alice.connect();
    await vi.waitFor(() => expect(network.attempts).toBeGreaterThan(2), soon);
    network.up = true;
    await connected;

    expect(states.slice(0, 3)).toEqual(["connecting", "waiting", "connecting"]);
    expect(states.at(-1)).toBe("online");
    expect(token.mock.calls.length).toBe(network.attempts);
  });

  test("a kick that allows no return ends the client and says why", async () => {
    const { client, server, network } = world();
    const alice = client("alice");
    await alice.connect();
    const kicks: string[] = [];
    alice.on("kicked", (kick) => kicks.push(kick.reason));

    server.kick("alice", "another device logged in", false);

    await vi.waitFor(() => expect(alice.state.phase).toBe("closed"), soon);
    expect(kicks).toEqual(["another device logged in"]);
    expect(network.attempts).toBe(1);
  });

  test("a kick that allows it leads to a reconnect", async () => {
    const { client, server, network } = world();
    const alice = client("alice");
    await alice.connect();

    server.kick("alice", "the server restarts", true);

    await vi.waitFor(() => expect(network.attempts).toBe(2), soon);
    await vi.waitFor(() => expect(alice.state.phase).toBe("online"), soon);
  });

  test("a server that stops answering is noticed by the heartbeat", async () => {
    const { client, server, network } = world();
    server.heartbeatMs = 40;
    const alice = client("alice", { requestTimeoutMs: 50 });
    await alice.connect();

    server.onIncoming = (frame) => frame.body.case !== "ping";

    await vi.waitFor(() => expect(network.attempts).toBeGreaterThan(1), soon);
  });
});

describe("Sending", () => {
  test("makes the single chat and places the message in it", async () => {
    const { client } = world();
    const alice = client("alice");
    await alice.connect();

    const sent = await alice.sendText({ userId: "bob" }, "hi");

    await vi.waitFor(
      () => expect(texts(alice.messages(sent.conversationId))).toEqual(["hi"]),
      soon,
    );
    expect(sent.seq).toBe(1);
    expect(alice.outgoingTo("bob")).toEqual([]);
    expect(alice.conversationWith("bob")?.conversationId).toBe(sent.conversationId);
  });

  test("before there is a connection waits for it", async () => {
    const { client, network } = world();
    network.up = false;
    const alice = client("alice");
    void alice.connect();

    const sent = alice.sendText({ userId: "bob" }, "hi");
    expect(alice.outgoingTo("bob")).toHaveLength(1);
    network.up = true;

    expect((await sent).seq).toBe(1);
  });

  test("a lost answer leads to a retry that is not a second message", async () => {
    const { client, server } = world();
    const alice = client("alice", { requestTimeoutMs: 30 });
    await alice.connect();
    let lost = 0;
    server.onOutgoing = (frame) => frame.body.case !== "persisted" || ++lost > 2;

    const sent = await alice.sendText({ userId: "bob" }, "once");

    expect(framesOf(server, "send")).toBe(3);
    expect(server.conversations.get(sent.conversationId)?.messages).toHaveLength(1);
  });

  test("a connection lost with the answer leads to one message, in its order", async () => {
    const { client, server } = world();
    const alice = client("alice");
    await alice.connect();
    const { conversationId } = await alice.sendText({ userId: "bob" }, "0");
    let cut = false;
    server.onOutgoing = (frame) => {
      if (cut || frame.body.case !== "persisted") return true;
      cut = true;
      server.cutAll();
      return false;
    };

    await Promise.all(["1", "2", "3"].map((text) => alice.sendText({ conversationId }, text)));

    expect(cut).toBe(true);
    expect(texts(alice.messages(conversationId))).toEqual(["0", "1", "2", "3"]);
    expect(server.conversations.get(conversationId)?.messages).toHaveLength(4);
  });

  test("a refusal fails the message, and only that one", async () => {
    const { client } = world();
    const alice = client("alice");
    await alice.connect();

    const refused = alice.sendText({ userId: "bob" }, "forbidden").catch((cause: unknown) => cause);
    const sent = await alice.sendText({ userId: "bob" }, "fine");

    expect(((await refused) as FlareError).code).toBe("PERMISSION_DENIED");
    expect(sent.seq).toBe(1);
    const [failed] = alice.outgoingTo("bob");
    expect(failed?.state).toBe("failed");
    alice.discard(failed?.clientMessageId ?? "");
    await vi.waitFor(() => expect(alice.outgoingTo("bob")).toEqual([]), soon);
  });

  test("a content over the limit is refused before it is sent", async () => {
    const { client, server } = world();
    server.contentBytesMax = 10;
    const alice = client("alice");
    await alice.connect();

    const error = await alice
      .sendText({ userId: "bob" }, "x".repeat(11))
      .catch((cause: unknown) => cause);

    expect((error as FlareError).code).toBe("INVALID_ARGUMENT");
    expect(framesOf(server, "send")).toBe(0);
  });

  test("an accepted message without a place takes it from the push", async () => {
    const { client } = world();
    const alice = client("alice", { ackLevel: "accepted" });
    await alice.connect();

    const { conversationId } = await alice.sendText({ userId: "bob" }, "hi");

    await vi.waitFor(() => expect(texts(alice.messages(conversationId))).toEqual(["hi"]), soon);
    expect(alice.outgoing(conversationId)).toEqual([]);
  });

  test("an accepted message that is never pushed is asked for", async () => {
    const { client, server } = world();
    const alice = client("alice", { ackLevel: "accepted" });
    const { conversationId } = server.say("bob", { userId: "alice" }, "0");
    await alice.connect();
    server.onOutgoing = (frame) => frame.body.case !== "deliver";

    await alice.sendText({ conversationId }, "hi");

    const shown = () => expect(texts(alice.messages(conversationId))).toEqual(["0", "hi"]);
    await vi.waitFor(shown, { timeout: 5_000 });
    expect(alice.outgoing(conversationId)).toEqual([]);
  });

  test("a burst stays under the announced rate", async () => {
    const { client, server } = world();
    server.sendsPerSecond = 2;
    const alice = client("alice");
    await alice.connect();
    const started = Date.now();

    await Promise.all(["1", "2", "3"].map((text) => alice.sendText({ userId: "bob" }, text)));

    expect(Date.now() - started).toBeGreaterThanOrEqual(900);
  });
});

describe("Receiving", () => {
  test("two users chat, each seeing one order", async () => {
    const { client } = world();
    const [alice, bob] = [client("alice"), client("bob")];
    await Promise.all([alice.connect(), bob.connect()]);
    const heardByBob = heard(bob);

    const { conversationId } = await alice.sendText({ userId: "bob" }, "a1");
    await vi.waitFor(() => expect(bob.conversationWith("alice")).toBeDefined(), soon);
    await Promise.all([
      bob.sendText({ conversationId }, "b1"),
      alice.sendText({ conversationId }, "a2"),
      bob.sendText({ conversationId }, "b2"),
    ]);

    await vi.waitFor(() => expect(bob.messages(conversationId)).toHaveLength(4), soon);
    await vi.waitFor(() => expect(alice.messages(conversationId)).toHaveLength(4), soon);
    expect(texts(alice.messages(conversationId))).toEqual(texts(bob.messages(conversationId)));
    expect(heardByBob).toEqual(texts(bob.messages(conversationId)));
  });

  test("a hole is filled from history, and what came after it waits", async () => {
    const { client, server } = world();
    const bob = client("bob");
    const first = server.say("alice", { userId: "bob" }, "1");
    await bob.connect();
    const heardByBob = heard(bob);
    const { conversationId } = first;

    server.say("alice", { conversationId }, "2");
    server.say("alice", { conversationId }, "3");
    server.deliver(server.say("alice", { conversationId }, "4"));

    await vi.waitFor(() => expect(heardByBob).toEqual(["2", "3", "4"]), soon);
    expect(texts(bob.messages(conversationId))).toEqual(["1", "2", "3", "4"]);
  });

  test("pushes out of order and twice come out in order and once", async () => {
    const { client, server } = world();
    const bob = client("bob");
    const { conversationId } = server.say("alice", { userId: "bob" }, "1");
    await bob.connect();
    const heardByBob = heard(bob);

    const pushes = ["2", "3", "4"].map((text) => server.say("alice", { conversationId }, text));
    for (const index of [2, 1, 1, 0, 2]) server.deliver(pushes[index]!);

    await vi.waitFor(() => expect(heardByBob).toEqual(["2", "3", "4"]), soon);
    expect(framesOf(server, "history")).toBe(0);
  });

  test("a message of ours that overtakes the pushes before it waits for them", async () => {
    const { client, server } = world();
    const bob = client("bob");
    const { conversationId } = server.say("alice", { userId: "bob" }, "1");
    await bob.connect();
    const heardByBob = heard(bob);

    server.say("alice", { conversationId }, "2");
    await bob.sendText({ conversationId }, "3");
    expect(bob.outgoing(conversationId)).toHaveLength(1);

    await vi.waitFor(() => expect(heardByBob).toEqual(["2", "3"]), soon);
    expect(bob.outgoing(conversationId)).toEqual([]);
  });

  test("a message that is pushed back although its place is known is there once", async () => {
    const { client, server } = world();
    server.echo = true;
    const alice = client("alice");
    await alice.connect();
    const heardByAlice = heard(alice);

    const { conversationId } = await alice.sendText({ userId: "bob" }, "1");
    await alice.sendText({ conversationId }, "2");

    await vi.waitFor(() => expect(texts(alice.messages(conversationId))).toEqual(["1", "2"]), soon);
    expect(heardByAlice).toEqual(["1", "2"]);
  });

  test("a resync fetches what was left out", async () => {
    const { client, server } = world();
    const bob = client("bob");
    const { conversationId } = server.say("alice", { userId: "bob" }, "1");
    await bob.connect();
    const heardByBob = heard(bob);

    for (const text of ["2", "3"]) server.say("alice", { conversationId }, text);
    for (const session of server.sessions) {
      session.push({ case: "resync", value: { conversationId, fromSeq: 2n } });
    }

    await vi.waitFor(() => expect(heardByBob).toEqual(["2", "3"]), soon);
  });

  test("deliveries are acknowledged, cumulatively and bundled", async () => {
    const { client, server } = world();
    const bob = client("bob");
    const { conversationId } = server.say("alice", { userId: "bob" }, "0");
    await bob.connect();

    for (let i = 1; i <= 20; ++i)
      server.deliver(server.say("alice", { conversationId }, String(i)));

    const member = () => server.conversations.get(conversationId)?.members.get("bob");
    await vi.waitFor(() => expect(member()?.deliveredSeq).toBe(21), soon);
    expect(framesOf(server, "deliverAck")).toBeLessThanOrEqual(2);
  });

  test("unread counts what others say until it is read", async () => {
    const { client, server } = world();
    const bob = client("bob");
    const { conversationId } = server.say("alice", { userId: "bob" }, "1");
    await bob.connect();
    server.deliver(server.say("alice", { conversationId }, "2"));
    await vi.waitFor(() => expect(bob.conversation(conversationId)?.unread).toBe(2), soon);

    bob.markRead(conversationId);

    expect(bob.conversation(conversationId)?.unread).toBe(0);
    const member = () => server.conversations.get(conversationId)?.members.get("bob");
    await vi.waitFor(() => expect(member()?.readSeq).toBe(2), soon);
  });
});

describe("Receipts", () => {
  test("a read that was refused for its rate is told later", async () => {
    const { client, server } = world();
    const bob = client("bob");
    const { conversationId } = server.say("alice", { userId: "bob" }, "1");
    await bob.connect();
    let refusals = 0;
    server.onRead = () => (++refusals <= 3 ? 5 : 0);

    bob.markRead(conversationId);

    const member = () => server.conversations.get(conversationId)?.members.get("bob");
    await vi.waitFor(() => expect(member()?.readSeq).toBe(1), soon);
  });

  test("a message of ours is accepted, then delivered, then read", async () => {
    const { client } = world();
    const [alice, bob] = [client("alice"), client("bob")];
    await alice.connect();
    const { conversationId } = await alice.sendText({ userId: "bob" }, "hi");
    await vi.waitFor(() => expect(alice.messages(conversationId)).toHaveLength(1), soon);
    const status = () => alice.statusOf(alice.messages(conversationId)[0]!);
    expect(status()).toBe("accepted");

    await bob.connect();
    await vi.waitFor(() => expect(status()).toBe("delivered"), soon);

    bob.markRead(conversationId);
    await vi.waitFor(() => expect(status()).toBe("read"), soon);
  });

  test("in a group the last of the others counts", async () => {
    const { client } = world();
    const [alice, bob, carol] = [client("alice"), client("bob"), client("carol")];
    await Promise.all([alice.connect(), bob.connect()]);
    const id = await alice.createConversation({ title: "Trip", memberIds: ["bob", "carol"] });
    await alice.loadMembers(id);
    const { seq } = await alice.sendText({ conversationId: id }, "hi");
    await vi.waitFor(() => expect(alice.messages(id).at(-1)?.seq).toBe(seq), soon);
    const status = () => alice.statusOf(alice.messages(id).at(-1)!);
    await vi.waitFor(() => expect(bob.messages(id).at(-1)?.seq).toBe(seq), soon);
    expect(status()).toBe("accepted");

    await carol.connect();

    // Groups are not told of receipts; whoever looks asks again.
    await vi.waitFor(async () => {
      await alice.loadMembers(id);
      expect(status()).toBe("delivered");
    }, soon);
  });
});

describe("Coming back", () => {
  test("brings what was missed, in order and once", async () => {
    const { client, server, network } = world();
    const bob = client("bob");
    const { conversationId } = server.say("alice", { userId: "bob" }, "0");
    await bob.connect();
    const heardByBob = heard(bob);
    network.up = false;
    server.cutAll();
    await vi.waitFor(() => expect(bob.state.phase).toBe("waiting"), soon);

    const missed = Array.from({ length: 250 }, (_, index) => String(index + 1));
    for (const text of missed) server.say("alice", { conversationId }, text);
    server.say("carol", { userId: "bob" }, "news");
    network.up = true;

    await vi.waitFor(() => expect(heardByBob).toHaveLength(251), soon);
    expect(heardByBob.filter((text) => text !== "news")).toEqual(missed);
    expect(bob.conversation(conversationId)?.unread).toBe(251);
  });

  test("with nothing new costs one sync and nothing else", async () => {
    const { client, server, network } = world();
    const bob = client("bob");
    server.say("alice", { userId: "bob" }, "0");
    await bob.connect();
    const settled = () => expect(framesOf(server, "deliverAck")).toBe(1);
    await vi.waitFor(settled, soon);
    // The acknowledgement itself is news to this fake; one more round settles the digest.
    server.cutAll();
    await vi.waitFor(() => expect(network.attempts).toBe(2), soon);
    await vi.waitFor(() => expect(bob.state.phase).toBe("online"), soon);
    server.received.length = 0;

    server.cutAll();
    await vi.waitFor(() => expect(network.attempts).toBe(3), soon);
    await vi.waitFor(() => expect(bob.state.phase).toBe("online"), soon);

    const asked = server.received
      .map((frame) => frame.body.case)
      .filter((name) => name !== "deliverAck");
    expect(asked).toEqual(["hello", "sync"]);
  });

  test("learns of reads that happened meanwhile", async () => {
    const { client, server, network } = world();
    const alice = client("alice");
    await alice.connect();
    const { conversationId } = await alice.sendText({ userId: "bob" }, "hi");
    await vi.waitFor(() => expect(alice.messages(conversationId)).toHaveLength(1), soon);
    network.up = false;
    server.cutAll();

    server.read("bob", conversationId, 1);
    network.up = true;

    const status = () => alice.statusOf(alice.messages(conversationId)[0]!);
    await vi.waitFor(() => expect(status()).toBe("read"), soon);
  });

  test("starts over at the newest messages when too much was missed", async () => {
    const { client, server, network } = world();
    const bob = client("bob");
    const { conversationId } = server.say("alice", { userId: "bob" }, "0");
    await bob.connect();
    network.up = false;
    server.cutAll();
    await vi.waitFor(() => expect(bob.state.phase).toBe("waiting"), soon);

    for (let i = 1; i <= 1_500; ++i) server.say("alice", { conversationId }, String(i));
    network.up = true;

    await vi.waitFor(() => expect(texts(bob.messages(conversationId)).at(-1)).toBe("1500"), soon);
    expect(bob.messages(conversationId).length).toBeLessThan(100);
    expect(await bob.loadOlder(conversationId)).toBe(true);
  });

  test("a new client with the same store continues where the last one stopped", async () => {
    const { client, server } = world();
    const store = new MemoryStore();
    const before = client("bob", { store });
    const { conversationId } = server.say("alice", { userId: "bob" }, "1");
    await before.connect();
    before.close();
    server.say("alice", { conversationId }, "2");
    server.received.length = 0;

    const after = client("bob", { store });
    await after.connect();

    expect(texts(after.messages(conversationId))).toEqual(["1", "2"]);
    const sync = server.received.find((frame) => frame.body.case === "sync");
    expect(sync?.body.case === "sync" && sync.body.value.positions).toMatchObject([{ seq: 1n }]);
  });
});

describe("History", () => {
  test("pages back to the start", async () => {
    const { client, server } = world();
    const { conversationId } = server.say("alice", { userId: "bob" }, "1");
    for (let i = 2; i <= 120; ++i) server.say("alice", { conversationId }, String(i));
    const bob = client("bob");
    await bob.connect();
    expect(bob.hasOlder(conversationId)).toBe(true);

    while (await bob.loadOlder(conversationId));

    expect(texts(bob.messages(conversationId))).toEqual(
      Array.from({ length: 120 }, (_, i) => String(i + 1)),
    );
    expect(bob.hasOlder(conversationId)).toBe(false);
  });

  test("a member who joined late sees nothing from before", async () => {
    const { client, server } = world();
    const alice = client("alice");
    await alice.connect();
    const id = await alice.createConversation({ title: "Trip", memberIds: ["bob"] });
    await alice.sendText({ conversationId: id }, "early");
    await alice.addMembers(id, ["carol"]);
    await alice.sendText({ conversationId: id }, "late");

    const carol = client("carol");
    await carol.connect();

    expect(texts(carol.messages(id))).toEqual(["-", "late"]);
    expect(await carol.loadOlder(id)).toBe(false);
    expect(framesOf(server, "history")).toBe(0);
  });
});

describe("Groups", () => {
  test("an operation of ours shows even when it is not pushed back", async () => {
    const { client, server } = world();
    server.echoOperations = false;
    const alice = client("alice");
    await alice.connect();
    const id = await alice.createConversation({ title: "Trip", memberIds: ["bob"] });
    await vi.waitFor(() => expect(alice.messages(id)).toHaveLength(1), soon);

    await alice.rename(id, "Journey");

    await vi.waitFor(() => expect(alice.conversation(id)?.title).toBe("Journey"), soon);
    expect(alice.messages(id)).toHaveLength(2);
  });

  test("are renamed, grow and shrink under everyone's eyes", async () => {
    const { client } = world();
    const [alice, bob] = [client("alice"), client("bob")];
    await Promise.all([alice.connect(), bob.connect()]);
    const id = await alice.createConversation({ title: "Trip", memberIds: ["bob"] });
    await vi.waitFor(() => expect(bob.conversation(id)?.title).toBe("Trip"), soon);

    await alice.rename(id, "Journey");
    await alice.addMembers(id, ["carol"]);
    await vi.waitFor(
      () => expect(bob.conversation(id)).toMatchObject({ title: "Journey", memberCount: 3 }),
      soon,
    );

    await alice.removeMembers(id, ["bob"]);
    await vi.waitFor(() => expect(bob.conversation(id)?.left).toBe(true), soon);
  });

  test("one was taken out of while away is known to be left", async () => {
    const { client, server } = world();
    const [alice, bob] = [client("alice"), client("bob")];
    await Promise.all([alice.connect(), bob.connect()]);
    const id = await alice.createConversation({ title: "Trip", memberIds: ["bob"] });
    await vi.waitFor(() => expect(bob.conversation(id)?.left).toBe(false), soon);

    const group = server.conversations.get(id);
    if (group) server.removed(group, "bob");
    server.cutAll();

    await vi.waitFor(() => expect(bob.conversation(id)?.left).toBe(true), soon);
  });
});
