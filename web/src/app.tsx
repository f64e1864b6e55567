// Either the login or the chat. Owns the one client of this tab.
import { FlareClient } from "flare-im-client";
import { useEffect, useState } from "preact/hooks";
import {
  forget,
  loadConfig,
  remember,
  rememberedIdentity,
  tokenSource,
  type Identity,
  type ServerConfig,
} from "./login";
import { Chat } from "./views/chat";
import { Login } from "./views/login";

export function App() {
  const [config, setConfig] = useState<ServerConfig>();
  const [identity, setIdentity] = useState(rememberedIdentity);
  const [client, setClient] = useState<FlareClient>();
  const [problem, setProblem] = useState("");

  useEffect(() => {
    if (config) return;
    let current = true;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const load = () =>
      loadConfig().then(
        (loaded) => {
          if (!current) return;
          setConfig(loaded);
          setProblem("");
        },
        () => {
          if (!current) return;
          setProblem("The server does not answer. Trying again …");
          timer = setTimeout(load, 2_000);
        },
      );
    void load();
    return () => {
      current = false;
      clearTimeout(timer);
    };
  }, [config]);

  useEffect(() => {
    if (!config || !identity) return;
    const created = new FlareClient({
      url: config.websocketUrl,
      token: tokenSource(identity),
      client: "flare-im-web/0.1.0",
    });
    const leave = (reason: string) => {
      forget();
      setIdentity(undefined);
      setProblem(reason);
    };
    const offKicked = created.on("kicked", ({ reason, mayReconnect }) => {
      if (!mayReconnect) leave(`You were logged out: ${reason}.`);
    });
    created.connect().catch((error: Error & { code?: string }) => {
      if (error.code === "CANCELLED") return;
      leave(`The login did not work: ${error.message}`);
    });
    const changed = () => created.networkChanged();
    const shown = () => document.visibilityState === "visible" && changed();
    for (const name of ["online", "offline"]) window.addEventListener(name, changed);
    document.addEventListener("visibilitychange", shown);
    setClient(created);
    return () => {
      offKicked();
      for (const name of ["online", "offline"]) window.removeEventListener(name, changed);
      document.removeEventListener("visibilitychange", shown);
      created.close();
      setClient(undefined);
    };
  }, [config, identity]);

  const login = (chosen: Identity) => {
    remember(chosen);
    setProblem("");
    setIdentity(chosen);
  };
  const logout = () => {
    void client?.logout();
    forget();
    setIdentity(undefined);
  };

  if (!identity || !client) {
    const waiting = identity !== undefined;
    return (
      <Login
        demo={config?.demoLogin ?? true}
        ready={config !== undefined && !waiting}
        problem={problem}
        onLogin={login}
      />
    );
  }
  return <Chat client={client} onLogout={logout} />;
}
