// Who this tab is: asks the server how to log in, and remembers the answer for this tab only, so
// that two tabs are two devices.
import { FlareError } from "flare-im-client";

export interface ServerConfig {
  websocketUrl: string;
  demoLogin: boolean;
}

export type Identity = { user: string } | { token: string };

const key = { device: "flare.device", user: "flare.user", token: "flare.token" };

export async function loadConfig(): Promise<ServerConfig> {
  const response = await fetch("/demo/config.json", { cache: "no-store" });
  if (!response.ok) throw new Error(`/demo/config.json: ${response.status}`);
  const config = (await response.json()) as { websocket_url: string; demo_login?: boolean };
  return { websocketUrl: config.websocket_url, demoLogin: config.demo_login ?? false };
}

/** The identity in the address or, after a reload, the one this tab had. */
export function rememberedIdentity(): Identity | undefined {
  const token = new URLSearchParams(location.hash.slice(1)).get("token");
  if (token) {
    // A token must not stay where it can be seen, bookmarked or shared.
    history.replaceState(null, "", location.pathname + location.search);
    const identity = { token };
    remember(identity);
    return identity;
  }
  const kept = sessionStorage.getItem(key.token);
  if (kept) return { token: kept };
  const user = sessionStorage.getItem(key.user);
  return user ? { user } : undefined;
}

export function remember(identity: Identity): void {
  forget();
  if ("token" in identity) sessionStorage.setItem(key.token, identity.token);
  else sessionStorage.setItem(key.user, identity.user);
}

export function forget(): void {
  sessionStorage.removeItem(key.token);
  sessionStorage.removeItem(key.user);
}

/** Where the client gets its token for each connection. */
export function tokenSource(identity: Identity): () => Promise<string> {
  if ("token" in identity) return async () => identity.token;
  return () => demoLogin(identity.user);
}

async function demoLogin(user: string): Promise<string> {
  const response = await fetch("/demo/login", {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ user, device: deviceId() }),
  });
  if (response.status >= 400 && response.status < 500 && response.status !== 429) {
    const text = (await response.text()).slice(0, 200);
    throw new FlareError("UNAUTHENTICATED", text || `login refused (${response.status})`);
  }
  if (!response.ok) throw new Error(`/demo/login: ${response.status}`);
  return ((await response.json()) as { token: string }).token;
}

function deviceId(): string {
  let device = sessionStorage.getItem(key.device);
  if (!device) {
    const bytes = crypto.getRandomValues(new Uint8Array(8));
    device = `web-${[...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("")}`;
    sessionStorage.setItem(key.device, device);
  }
  return device;
}
