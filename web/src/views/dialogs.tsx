// What is asked for in a window of its own: whom to chat with, a new group, a group's details.
import type { FlareClient } from "flare-im-client";
import type { ComponentChildren } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { titleOf } from "../format";
import { useOnline } from "../hooks";
import { Avatar } from "./avatar";
import { CloseIcon } from "./icons";

function Dialog({
  title,
  children,
  onClose,
}: {
  title: string;
  children: ComponentChildren;
  onClose(): void;
}) {
  const element = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    element.current?.showModal();
  }, []);
  return (
    <dialog
      ref={element}
      class="dialog"
      aria-label={title}
      onClose={onClose}
      onMouseDown={(event) => {
        // A click on the backdrop is a click on the dialog element itself.
        if (event.target === element.current) onClose();
      }}
      data-testid="dialog"
    >
      <div class="dialog-body">
        <header>
          <h2>{title}</h2>
          <button class="icon" type="button" aria-label="Close" onClick={onClose}>
            <CloseIcon />
          </button>
        </header>
        {children}
      </div>
    </dialog>
  );
}

function Problem({ text }: { text: string }) {
  if (text === "") return null;
  return (
    <p class="problem" role="alert" data-testid="dialog-problem">
      {text}
    </p>
  );
}

/** Runs a request and keeps what it says when it fails. */
function useRequest(): [boolean, string, (request: () => Promise<unknown>) => Promise<void>] {
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState("");
  const run = async (request: () => Promise<unknown>) => {
    setBusy(true);
    setProblem("");
    try {
      await request();
    } catch (error) {
      setProblem(error instanceof Error ? error.message : String(error));
    } finally {
      setBusy(false);
    }
  };
  return [busy, problem, run];
}

export function NewChat({
  me,
  onChoose,
  onClose,
}: {
  me: string;
  onChoose(userId: string): void;
  onClose(): void;
}) {
  const [user, setUser] = useState("");
  const name = user.trim();
  const submit = (event: Event) => {
    event.preventDefault();
    if (name !== "" && name !== me) onChoose(name);
  };
  return (
    <Dialog title="New chat" onClose={onClose}>
      <form onSubmit={submit}>
        <label class="field">
          User name
          <input
            value={user}
            placeholder="bob"
            autocapitalize="none"
            autocomplete="off"
            spellcheck={false}
            maxLength={64}
            autofocus
            onInput={(event) => setUser(event.currentTarget.value)}
            data-testid="new-chat-user"
          />
        </label>
        <Problem text={name !== "" && name === me ? "That is you." : ""} />
        <button
          class="primary"
          type="submit"
          disabled={name === "" || name === me}
          data-testid="new-chat-submit"
        >
          Open chat
        </button>
      </form>
    </Dialog>
  );
}

interface NewGroupProps {
  client: FlareClient;
  me: string;
  known: readonly string[];
  onCreated(conversationId: string): void;
  onClose(): void;
}

export function NewGroup({ client, me, known, onCreated, onClose }: NewGroupProps) {
  const [title, setTitle] = useState("");
  const [members, setMembers] = useState<string[]>([]);
  const [typed, setTyped] = useState("");
  const [busy, problem, run] = useRequest();
  // What is still in the field counts too: nobody expects that a name must be confirmed first.
  const all = withNames(members, typed, me);
  const submit = (event: Event) => {
    event.preventDefault();
    if (all.length === 0 || title.trim() === "") return;
    void run(async () =>
      onCreated(await client.createConversation({ title: title.trim(), memberIds: all })),
    );
  };
  const add = () => {
    setMembers(all);
    setTyped("");
  };
  return (
    <Dialog title="New group" onClose={onClose}>
      <form onSubmit={submit}>
        <label class="field">
          Title
          <input
            value={title}
            placeholder="Weekend"
            maxLength={100}
            autofocus
            onInput={(event) => setTitle(event.currentTarget.value)}
            data-testid="new-group-title"
          />
        </label>
        <label class="field">
          Members
          <input
            value={typed}
            placeholder="Names, separated by commas"
            autocapitalize="none"
            autocomplete="off"
            spellcheck={false}
            onInput={(event) => setTyped(event.currentTarget.value)}
            onKeyDown={(event) => {
              if (event.key !== "Enter" && event.key !== ",") return;
              if (event.key === "Enter" && typed.trim() === "") return;
              event.preventDefault();
              add();
            }}
            data-testid="new-group-members"
          />
        </label>
        {members.length > 0 && (
          <ul class="chips" aria-label="Chosen members">
            {members.map((member) => (
              <li key={member}>
                <button
                  type="button"
                  class="chip"
                  aria-label={`Remove ${member}`}
                  onClick={() => setMembers(members.filter((other) => other !== member))}
                >
                  <Avatar name={member} size={22} />
                  {member} <span aria-hidden="true">×</span>
                </button>
              </li>
            ))}
          </ul>
        )}
        {known.some((user) => !members.includes(user)) && (
          <div class="suggestions">
            <span>Suggested</span>
            {known
              .filter((user) => !members.includes(user))
              .slice(0, 8)
              .map((user) => (
                <button
                  key={user}
                  type="button"
                  class="chip"
                  onClick={() => setMembers([...members, user])}
                >
                  <Avatar name={user} size={22} />
                  {user} <span aria-hidden="true">+</span>
                </button>
              ))}
          </div>
        )}
        <Problem text={problem} />
        <button
          class="primary"
          type="submit"
          disabled={busy || all.length === 0 || title.trim() === ""}
          data-testid="new-group-submit"
        >
          Create group
        </button>
      </form>
    </Dialog>
  );
}

function withNames(members: readonly string[], typed: string, me: string): string[] {
  const names = typed.split(/[\s,;]+/).filter((name) => name !== "" && name !== me);
  return [...new Set([...members, ...names])];
}

interface GroupDetailsProps {
  client: FlareClient;
  me: string;
  conversationId: string;
  onClose(): void;
}

export function GroupDetails({ client, me, conversationId, onClose }: GroupDetailsProps) {
  const conversation = client.conversation(conversationId);
  const members = client.members(conversationId) ?? [];
  const online = useOnline(client, members.map((member) => member.userId).sort());
  const [title, setTitle] = useState(conversation ? titleOf(conversation) : "");
  const [typed, setTyped] = useState("");
  const [busy, problem, run] = useRequest();
  const own = members.find((member) => member.userId === me);
  const mayManage = own?.role === "owner" || own?.role === "admin";
  const named = title.trim();
  const added = withNames([], typed, me);
  return (
    <Dialog title="Group details" onClose={onClose}>
      <form
        class="line"
        onSubmit={(event) => {
          event.preventDefault();
          void run(() => client.rename(conversationId, named));
        }}
      >
        <label class="field">
          Title
          <input
            value={title}
            maxLength={100}
            onInput={(event) => setTitle(event.currentTarget.value)}
            data-testid="group-title"
          />
        </label>
        <button
          class="secondary"
          type="submit"
          disabled={busy || named === "" || named === conversation?.title}
          data-testid="group-rename"
        >
          Rename
        </button>
      </form>
      <form
        class="line"
        onSubmit={(event) => {
          event.preventDefault();
          void run(() => client.addMembers(conversationId, added)).then(() => setTyped(""));
        }}
      >
        <label class="field">
          Add members
          <input
            value={typed}
            placeholder="Names, separated by commas"
            autocapitalize="none"
            autocomplete="off"
            spellcheck={false}
            onInput={(event) => setTyped(event.currentTarget.value)}
            data-testid="group-add-name"
          />
        </label>
        <button
          class="secondary"
          type="submit"
          disabled={busy || added.length === 0}
          data-testid="group-add"
        >
          Add
        </button>
      </form>
      <Problem text={problem} />
      <h3>{members.length} members</h3>
      <ul class="members" data-testid="members">
        {members.map(({ userId, role }) => (
          <li key={userId} data-testid="member" data-user={userId}>
            <Avatar name={userId} size={34} online={online.has(userId)} />
            <span class="member-name">{userId === me ? `${userId} (you)` : userId}</span>
            {(role === "owner" || role === "admin") && <span class="role">{role}</span>}
            {mayManage && userId !== me && role !== "owner" && (
              <button
                class="plain"
                type="button"
                aria-label={`Remove ${userId}`}
                disabled={busy}
                onClick={() => void run(() => client.removeMembers(conversationId, [userId]))}
              >
                Remove
              </button>
            )}
          </li>
        ))}
      </ul>
      {conversation && !conversation.left && (
        <button
          class="danger"
          type="button"
          disabled={busy}
          onClick={() =>
            void run(async () => (await client.removeMembers(conversationId, [me]), onClose()))
          }
          data-testid="group-leave"
        >
          Leave group
        </button>
      )}
    </Dialog>
  );
}
