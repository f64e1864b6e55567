// The server side of the page without the real server: a FakeServer behind Vite's own HTTP server,
// with the same three doors: /ws, /demo/config.json and /demo/login. For development and tests
// only.
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { Plugin } from "vite";
import { WebSocketServer } from "ws";
import { FakeServer } from "../../sdk/typescript/test/fake_server.ts";

export function demoServer(): Plugin {
  return {
    name: "demo-server",
    configureServer: ({ httpServer, middlewares }) => {
      if (!httpServer) return;
      middlewares.use(answer);
      listen(httpServer as Server);
    },
    configurePreviewServer: ({ httpServer, middlewares }) => {
      middlewares.use(answer);
      listen(httpServer as Server);
    },
  };
}

function listen(httpServer: Server): void {
  const server = new FakeServer();
  seed(server);
  const sockets = new WebSocketServer({ noServer: true });
  httpServer.on("upgrade", (request, socket, head) => {
    if (request.url !== "/ws") return;
    sockets.handleUpgrade(request, socket, head, (webSocket) => {
      const session = server.attach({
        send: (bytes) => webSocket.send(bytes),
        close: (code, reason) => webSocket.close(code, reason),
      });
      webSocket.on("message", (data) => session.receive(new Uint8Array(data as Buffer)));
      webSocket.on("close", () => session.closed());
    });
  });
}

function answer(request: IncomingMessage, response: ServerResponse, next: () => void): void {
  if (request.url === "/demo/config.json") {
    const websocket_url = `ws://${request.headers.host}/ws`;
    return reply(response, { websocket_url, demo_login: true });
  }
  if (request.url === "/demo/login" && request.method === "POST") {
    let text = "";
    request.on("data", (chunk) => (text += chunk));
    request.on("end", () => {
      const { user, device } = JSON.parse(text) as { user: string; device: string };
      reply(response, { token: `${user}/${device}` });
    });
    return;
  }
  next();
}

function reply(response: ServerResponse, value: unknown): void {
  response.setHeader("content-type", "application/json");
  response.end(JSON.stringify(value));
}

/** Something to look at for whoever logs in as `demo`. */
function seed(server: FakeServer): void {
  const now = Date.now();
  const hour = 3_600_000;
  const at = (message: { serverTimeMs: bigint }, hoursAgo: number) => {
    message.serverTimeMs = BigInt(Math.round(now - hoursAgo * hour));
  };
  const group = server.createGroup("maria", "Weekend hike", ["demo", "tom", "ines"]);
  at(group.messages[0]!, 75);
  const conversationId = group.id;
  at(server.say("maria", { conversationId }, "Saturday looks dry. Who is in?"), 74);
  at(server.say("tom", { conversationId }, "Me! I can drive, three seats free."), 73.8);
  at(server.say("demo", { conversationId }, "Count me in, I bring the map and some cake."), 50);
  at(server.say("ines", { conversationId }, "Cake settles it."), 49.9);
  at(server.say("ines", { conversationId }, "08:12 from the north station?"), 2.2);
  at(
    server.say("maria", { conversationId }, "Perfect. Trail notes: https://example.com/trail"),
    2.1,
  );
  for (let i = 0; i < 140; ++i) {
    const sender = i % 3 === 0 ? "demo" : "nora";
    const peer = sender === "demo" ? "nora" : "demo";
    at(
      server.say(
        sender,
        { userId: peer },
        `Chapter ${i + 1}: ${"lorem ipsum dolor ".repeat((i % 4) + 1)}`,
      ),
      200 - i,
    );
  }
  at(server.say("nora", { userId: "demo" }, "Shall we talk about the draft tomorrow?"), 26);
  at(server.say("tom", { userId: "demo" }, "Here is the address:\nNorth Station, platform 4"), 1.2);
  at(server.say("tom", { userId: "demo" }, "See you there 👋"), 1.1);
}
