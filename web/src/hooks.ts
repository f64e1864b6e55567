// The page's ties to what changes by itself: the client, the clock, the focus, who is online.
import type { FlareClient } from "flare-im-client";
import { useEffect, useReducer, useState } from "preact/hooks";

/**
 * A burst of events is one drawing. Not an animation frame: a hidden tab has none, but has a title.
 */
const drawAfterMs = 15;

/** Draws again when anything the client knows has changed. */
export function useClientChanges(client: FlareClient): void {
  const [, draw] = useReducer((count: number) => count + 1, 0);
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const soon = () => {
      timer ??= setTimeout(() => {
        timer = undefined;
        draw(undefined);
      }, drawAfterMs);
    };
    const off = (["state", "timeline", "conversation"] as const).map((name) =>
      client.on(name, soon),
    );
    soon();
    return () => {
      clearTimeout(timer);
      for (const remove of off) remove();
    };
  }, [client]);
}

export function useNow(everyMs: number): number {
  const [nowMs, setNowMs] = useState(Date.now());
  useEffect(() => {
    const timer = setInterval(() => setNowMs(Date.now()), everyMs);
    return () => clearInterval(timer);
  }, [everyMs]);
  return nowMs;
}

/** Is somebody looking at this page? */
export function useAttention(): boolean {
  const look = () => document.visibilityState === "visible" && document.hasFocus();
  const [attention, setAttention] = useState(look);
  useEffect(() => {
    const changed = () => setAttention(look());
    for (const name of ["focus", "blur"]) window.addEventListener(name, changed);
    document.addEventListener("visibilitychange", changed);
    return () => {
      for (const name of ["focus", "blur"]) window.removeEventListener(name, changed);
      document.removeEventListener("visibilitychange", changed);
    };
  }, []);
  return attention;
}

const presenceEveryMs = 20_000;
const presenceMax = 200;

/** Those of the users who are online, asked for again from time to time. */
export function useOnline(client: FlareClient, userIds: readonly string[]): ReadonlySet<string> {
  const [online, setOnline] = useState<ReadonlySet<string>>(new Set());
  const asked = userIds.slice(0, presenceMax).join("\n");
  const connected = client.state.phase === "online";
  useEffect(() => {
    if (!connected || asked === "") return;
    let current = true;
    const ask = () =>
      client.presence(asked.split("\n")).then(
        (users) => {
          if (current)
            setOnline(new Set(users.filter((user) => user.online).map((user) => user.userId)));
        },
        () => {}, // it is only a dot
      );
    void ask();
    const timer = setInterval(ask, presenceEveryMs);
    return () => {
      current = false;
      clearInterval(timer);
    };
  }, [client, asked, connected]);
  return connected ? online : new Set();
}

export type Theme = "auto" | "light" | "dark";

export function useTheme(): [Theme, () => void] {
  const [theme, setTheme] = useState<Theme>(() => {
    const kept = localStorage.getItem("flare.theme");
    return kept === "light" || kept === "dark" ? kept : "auto";
  });
  useEffect(() => {
    if (theme === "auto") delete document.documentElement.dataset["theme"];
    else document.documentElement.dataset["theme"] = theme;
  }, [theme]);
  const next = () => {
    const order: Theme[] = ["auto", "light", "dark"];
    const chosen = order[(order.indexOf(theme) + 1) % order.length] ?? "auto";
    localStorage.setItem("flare.theme", chosen);
    setTheme(chosen);
  };
  return [theme, next];
}
