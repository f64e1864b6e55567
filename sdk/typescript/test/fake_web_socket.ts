// A WebSocket whose other end is a FakeServer in the same process. `network` can be cut and
// restored.
import type { WebSocketConstructor, WebSocketLike } from "../src/index.js";
import type { FakeServer, FakeSession } from "./fake_server.js";

export interface Network {
  up: boolean;
  /** How many sockets were opened, or tried to. */
  attempts: number;
}

export function fakeWebSocket(server: FakeServer, network: Network): WebSocketConstructor {
  return class FakeWebSocket implements WebSocketLike {
    binaryType = "blob";
    onopen: ((event: any) => void) | null = null;
    onmessage: ((event: any) => void) | null = null;
    onclose: ((event: any) => void) | null = null;
    onerror: ((event: any) => void) | null = null;
    private session: FakeSession | undefined;
    private ended = false;

    constructor(_url: string, protocol: string) {
      if (protocol !== "flare.v1.proto") throw new Error(`protocol: ${protocol}`);
      network.attempts += 1;
      later(() => {
        if (!network.up) return this.end(1006, "");
        this.session = server.attach({
          send: (bytes) => {
            const data = bytes.slice().buffer;
            later(() => this.onmessage?.({ data }));
          },
          close: (code, reason) => later(() => this.end(code, reason)),
        });
        this.onopen?.({});
      });
    }

    send(data: Uint8Array<ArrayBuffer>): void {
      const bytes = data.slice();
      later(() => {
        if (!this.ended) this.session?.receive(bytes);
      });
    }

    close(): void {
      later(() => this.end(1000, ""));
    }

    private end(code: number, reason: string): void {
      if (this.ended) return;
      this.ended = true;
      this.session?.closed();
      this.onclose?.({ code, reason });
    }
  };
}

/** In order, and never in the same turn: as a network. */
function later(action: () => void): void {
  setTimeout(action, 0);
}
